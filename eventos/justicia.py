"""Hechos de justicia: denuncia, proceso, protección y reparación. Nada de esto condiciona la atención (regla 6)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from eventos.base import UNSET, HechoDeRuta, Sellado, hecho
from eventos.listas import Medida
from eventos.motivos import MotivoArchivo, MotivoDenegacion, MotivoLevantamiento, MotivoReaperturaProceso
from eventos.perfil import Genero, GrupoEtario
from eventos.tipos import Cantidad, CodigoInstitucion, Pais, Relato, Urgencia, dice

IdProceso = Annotated[UUID, dice("Id del proceso en Senda; el número de expediente viaja sellado")]
IdMedida = Annotated[UUID, dice("Id de la medida de protección")]
IdReparacion = Annotated[UUID, dice("Id de la reparación ordenada")]
IdCooperacion = Annotated[UUID, dice("Id de la solicitud de cooperación")]
Expediente = Annotated[str, Meta(max_length=64, description="Número de expediente de la institución; solo sellado")]


class QuienDenuncia(StrEnum):
    """De quién parte la denuncia."""

    PERSONA = "persona"
    FAMILIA = "familia"
    INSTITUCION = "institucion"
    TERCERO = "tercero"
    ANONIMA = "anonima"


class Resolucion(StrEnum):
    """Qué responde la autoridad a lo que se le pide."""

    CONCEDIDA = "concedida"
    DENEGADA = "denegada"


class Autorizacion(StrEnum):
    """Qué autoriza la autoridad judicial."""

    ABRIGO = "abrigo"
    PRORROGA_ABRIGO = "prorroga-de-abrigo"
    FAMILIA_SUSTITUTA = "familia-sustituta"
    EGRESO = "egreso"


class Calidad(StrEnum):
    """En qué calidad interviene la víctima en el proceso (S001 C7)."""

    QUERELLANTE_ADHESIVO = "querellante-adhesivo"
    ACTOR_CIVIL = "actor-civil"


class FormaDeclaracion(StrEnum):
    """Cómo se tomó la declaración anticipada, sin revictimizar (directrices OEA 17 y 31)."""

    CAMARA_GESELL = "camara-gesell"
    VIDEOCONFERENCIA = "videoconferencia"
    BIOMBO = "biombo"
    SALA_AMIGABLE = "sala-amigable"


class Fallo(StrEnum):
    """Sentido de la sentencia (S001 C4)."""

    CONDENATORIA = "condenatoria"
    ABSOLUTORIA = "absolutoria"
    MIXTA = "mixta"


class ClaseReparacion(StrEnum):
    """Qué se ordena reparar (S001 C6)."""

    PECUNIARIA = "pecuniaria"
    PSICOLOGICA = "psicologica"
    MEDICA = "medica"
    EDUCATIVA = "educativa"
    SIMBOLICA = "simbolica"
    NO_REPETICION = "garantias-de-no-repeticion"


class ClaseCooperacion(StrEnum):
    """Qué se pide a otro Estado (S001 C5, directrices OEA 11 y 19)."""

    ASISTENCIA_JURIDICA = "asistencia-juridica"
    EXTRADICION = "extradicion"
    POLICIAL = "policial"
    INFORMACION = "informacion"
    PROTECCION = "proteccion"


class ResultadoCooperacion(StrEnum):
    """Qué respondió el otro Estado."""

    CUMPLIDA = "cumplida"
    PARCIAL = "cumplida-en-parte"
    NEGADA = "negada"


class NoCriminalizacion(StrEnum):
    """En qué está la no criminalización de la persona (directriz OEA 40)."""

    INVOCADA = "invocada"
    CONCEDIDA = "concedida"
    DENEGADA = "denegada"


class PerfilSindicado(Struct, frozen=True, kw_only=True):
    """Edad y género de una persona sindicada (S001 C3). Solo viaja sellado."""

    grupo_etario: GrupoEtario = "no-consta"
    genero: Genero = Genero.NO_CONSTA


class Monto(Struct, frozen=True, kw_only=True):
    """Cuánto se ordena pagar. Solo viaja sellado."""

    centimos: Annotated[int, Meta(ge=0, le=10**15, description="Cantidad en centésimas de la moneda")]
    moneda: Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$", description="ISO 4217")]


Sindicados = Annotated[tuple[PerfilSindicado, ...], Meta(max_length=100, description="Uno por persona sindicada")]


@hecho("denuncia-presentada")
class DenunciaPresentada(HechoDeRuta, frozen=True, kw_only=True):
    """Se denuncia el delito; abre un proceso (S001 A1 y C4)."""

    proceso: IdProceso
    denunciante: QuienDenuncia
    expediente: Sellado[Expediente] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("investigacion-iniciada")
class InvestigacionIniciada(HechoDeRuta, frozen=True, kw_only=True):
    """La fiscalía investiga, con denuncia o de oficio (S001 A1)."""

    proceso: IdProceso
    de_oficio: Annotated[bool, dice("Sin denuncia previa")]
    expediente: Sellado[Expediente] = UNSET


@hecho("medida-proteccion-solicitada")
class MedidaProteccionSolicitada(HechoDeRuta, frozen=True, kw_only=True):
    """Se pide proteger a la persona o a su familia (directriz OEA 33)."""

    medida: IdMedida
    clase: Medida
    urgencia: Urgencia
    detalle: Sellado[Relato] = UNSET


@hecho("medida-proteccion-otorgada")
class MedidaProteccionOtorgada(HechoDeRuta, frozen=True, kw_only=True):
    """La autoridad otorga una medida de protección (S001 C1, directriz OEA 33)."""

    medida: IdMedida
    clase: Medida
    vence: Annotated[date | None, dice("Último día en que rige; nula si no se fijó")] = None
    detalle: Sellado[Relato] = UNSET


@hecho("medida-proteccion-denegada")
class MedidaProteccionDenegada(HechoDeRuta, frozen=True, kw_only=True):
    """La autoridad no otorga una medida que se le pidió."""

    medida: IdMedida
    motivo: MotivoDenegacion
    detalle: Sellado[Relato] = UNSET


@hecho("medida-proteccion-levantada")
class MedidaProteccionLevantada(HechoDeRuta, frozen=True, kw_only=True):
    """Una medida de protección deja de regir."""

    medida: IdMedida
    motivo: MotivoLevantamiento
    detalle: Sellado[Relato] = UNSET


@hecho("medida-por-vencer")
class MedidaPorVencer(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: una medida que rige vence pronto. Quien la otorgó puede otorgar otra antes (directriz OEA 33)."""

    medida: IdMedida
    clase: Medida
    vence: Annotated[date, dice("Último día en que rige")]


@hecho("medida-vencida")
class MedidaVencida(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: una medida dejó de regir sin que nadie la renovara ni la levantara."""

    medida: IdMedida
    clase: Medida
    vence: Annotated[date, dice("Último día en que rigió")]


@hecho("autorizacion-de-proteccion")
class AutorizacionDeProteccion(HechoDeRuta, frozen=True, kw_only=True):
    """Resuelve quien la ley exige (orden de abrigo). El ingreso de urgencia la deja pendiente, no la espera."""

    autorizacion: Autorizacion
    resolucion: Resolucion
    vence: Annotated[date | None, dice("Último día en que rige; nula si no se fijó")] = None
    expediente: Sellado[Expediente] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("asistencia-juridica-asignada")
class AsistenciaJuridicaAsignada(HechoDeRuta, frozen=True, kw_only=True):
    """La persona tiene quien la asesore y represente (S001 C3, directriz OEA 32)."""

    entidad: Annotated[CodigoInstitucion, dice("Institución que asiste")]
    gratuita: Annotated[bool, dice("Sin costo para la persona")]


@hecho("querellante-adhesivo-constituido")
class QuerellanteAdhesivoConstituido(HechoDeRuta, frozen=True, kw_only=True):
    """La víctima, o quien la representa, interviene en el proceso (S001 C7)."""

    proceso: IdProceso
    calidad: Calidad


@hecho("declaracion-anticipada-tomada")
class DeclaracionAnticipadaTomada(HechoDeRuta, frozen=True, kw_only=True):
    """Se tomó la declaración una sola vez, como prueba anticipada (directrices OEA 17 y 31)."""

    proceso: IdProceso
    forma: FormaDeclaracion
    acompanada: Annotated[bool, dice("Estuvo presente apoyo psicológico o social")]
    interprete: Annotated[bool, dice("Hubo intérprete")] = False


@hecho("acusacion-formulada")
class AcusacionFormulada(HechoDeRuta, frozen=True, kw_only=True):
    """La fiscalía acusa (S001 C3: sindicados en proceso)."""

    proceso: IdProceso
    sindicados: Annotated[Cantidad, dice("Cuántas personas se acusa")]
    perfiles: Sellado[Sindicados] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("sentencia-dictada")
class SentenciaDictada(HechoDeRuta, frozen=True, kw_only=True):
    """El tribunal sentencia (S001 C4)."""

    proceso: IdProceso
    fallo: Fallo
    firme: Annotated[bool, dice("Ya no admite recurso")]
    condenados: Annotated[Cantidad, dice("Cuántas personas se condena")] = 0
    detalle: Sellado[Relato] = UNSET


@hecho("reparacion-ordenada")
class ReparacionOrdenada(HechoDeRuta, frozen=True, kw_only=True):
    """Se ordena reparar a la víctima (S001 C6)."""

    reparacion: IdReparacion
    proceso: IdProceso
    clases: Annotated[tuple[ClaseReparacion, ...], Meta(max_length=6, description="Qué se ordena reparar")]
    vence: Annotated[date | None, dice("Hasta cuándo cumplir; nula si no se fijó")] = None
    monto: Sellado[Monto] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("reparacion-cumplida")
class ReparacionCumplida(HechoDeRuta, frozen=True, kw_only=True):
    """Lo ordenado se cumplió, del todo o en parte (S001 C6)."""

    reparacion: IdReparacion
    clases: Annotated[tuple[ClaseReparacion, ...], Meta(max_length=6, description="Qué se cumplió")]
    total: Annotated[bool, dice("No queda nada por cumplir")]
    detalle: Sellado[Relato] = UNSET


@hecho("cooperacion-internacional-solicitada")
class CooperacionInternacionalSolicitada(HechoDeRuta, frozen=True, kw_only=True):
    """Se pide cooperación a otro Estado (S001 C5, directrices OEA 11 y 19)."""

    cooperacion: IdCooperacion
    proceso: Annotated[IdProceso | None, dice("Proceso al que sirve; nulo si no hay")] = None
    clase: ClaseCooperacion
    pais: Sellado[Pais] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("cooperacion-internacional-respondida")
class CooperacionInternacionalRespondida(HechoDeRuta, frozen=True, kw_only=True):
    """El otro Estado responde (S001 C5)."""

    cooperacion: IdCooperacion
    resultado: ResultadoCooperacion
    detalle: Sellado[Relato] = UNSET


@hecho("no-criminalizacion-invocada")
class NoCriminalizacionInvocada(HechoDeRuta, frozen=True, kw_only=True):
    """Se invoca, o se resuelve, que no se la sancione por lo que fue forzada a hacer (directriz OEA 40)."""

    situacion: NoCriminalizacion
    detalle: Sellado[Relato] = UNSET


@hecho("proceso-archivado")
class ProcesoArchivado(HechoDeRuta, frozen=True, kw_only=True):
    """El proceso termina sin sentencia."""

    proceso: IdProceso
    motivo: MotivoArchivo
    detalle: Sellado[Relato] = UNSET


@hecho("proceso-reabierto")
class ProcesoReabierto(HechoDeRuta, frozen=True, kw_only=True):
    """Un proceso archivado sigue su curso."""

    proceso: IdProceso
    motivo: MotivoReaperturaProceso
    detalle: Sellado[Relato] = UNSET
