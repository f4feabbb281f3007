"""Qué se puede pedir a justicia. Los ids de proceso, medida, reparación y cooperación los decide el servicio."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta

from contratos.base import Mandato, PeticionDeRuta, peticion
from contratos.rectificacion import QUIEN_RECTIFICA, Rectificacion
from eventos.base import Sellado
from eventos.justicia import (
    Autorizacion,
    Calidad,
    ClaseCooperacion,
    ClaseReparacion,
    Expediente,
    Fallo,
    FormaDeclaracion,
    IdCooperacion,
    IdMedida,
    IdProceso,
    IdReparacion,
    Monto,
    NoCriminalizacion,
    QuienDenuncia,
    Resolucion,
    ResultadoCooperacion,
    Sindicados,
)
from eventos.listas import Medida
from eventos.motivos import MotivoArchivo, MotivoDenegacion, MotivoLevantamiento, MotivoReaperturaProceso
from eventos.tipos import Cantidad, CodigoInstitucion, Pais, Relato, Urgencia, dice

_FISCALIA = (Mandato.PERSECUCION_PENAL,)
_TRIBUNAL = (Mandato.JUDICATURA,)
_REPRESENTAN = (Mandato.ASISTENCIA_LEGAL, Mandato.PROTECCION_NNA)


@peticion("presentar-denuncia", *_FISCALIA, *_REPRESENTAN, Mandato.SEGURIDAD, Mandato.RECTORIA)
class PresentarDenuncia(PeticionDeRuta, frozen=True, kw_only=True):
    """Denuncia el delito; el servicio abre el proceso (S001 A1 y C4)."""

    denunciante: QuienDenuncia
    expediente: Sellado[Expediente] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("iniciar-investigacion", *_FISCALIA)
class IniciarInvestigacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Inicia la investigación de una denuncia o, sin ella, de oficio (S001 A1)."""

    proceso: Annotated[IdProceso | None, dice("Proceso abierto por la denuncia; nulo si es de oficio")] = None
    expediente: Sellado[Expediente] = UNSET


@peticion("solicitar-medida-proteccion", *_FISCALIA, *_REPRESENTAN, Mandato.SEGURIDAD, Mandato.ALBERGUE)
class SolicitarMedidaProteccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide proteger a la persona o a su familia, haya o no denuncia (directriz OEA 33)."""

    clase: Medida
    urgencia: Urgencia
    detalle: Sellado[Relato] = UNSET


@peticion("otorgar-medida-proteccion", *_TRIBUNAL, *_FISCALIA, Mandato.PROTECCION_NNA)
class OtorgarMedidaProteccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Otorga una medida, pedida o de oficio (S001 C1, directriz OEA 33)."""

    medida: Annotated[IdMedida | None, dice("Medida que se había pedido; nula si se otorga de oficio")] = None
    clase: Medida
    vence: Annotated[date | None, dice("Último día en que rige; nula si no se fijó")] = None
    detalle: Sellado[Relato] = UNSET


@peticion("denegar-medida-proteccion", *_TRIBUNAL, *_FISCALIA, Mandato.PROTECCION_NNA)
class DenegarMedidaProteccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Deniega una medida que se había pedido, con motivo."""

    medida: IdMedida
    motivo: MotivoDenegacion
    detalle: Sellado[Relato] = UNSET


@peticion("levantar-medida-proteccion", *_TRIBUNAL, *_FISCALIA, Mandato.PROTECCION_NNA)
class LevantarMedidaProteccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Deja sin efecto una medida otorgada, con motivo."""

    medida: IdMedida
    motivo: MotivoLevantamiento
    detalle: Sellado[Relato] = UNSET


@peticion("autorizar-proteccion", *_TRIBUNAL)
class AutorizarProteccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Autoriza o deniega lo que la ley reserva a un juez (orden de abrigo)."""

    autorizacion: Autorizacion
    resolucion: Resolucion
    vence: Annotated[date | None, dice("Último día en que rige; nula si no se fijó")] = None
    expediente: Sellado[Expediente] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("asignar-asistencia-juridica", *_REPRESENTAN, *_TRIBUNAL, *_FISCALIA)
class AsignarAsistenciaJuridica(PeticionDeRuta, frozen=True, kw_only=True):
    """Asigna quien asesore y represente a la persona (directriz OEA 32)."""

    entidad: Annotated[CodigoInstitucion, dice("Institución que asiste")]
    gratuita: Annotated[bool, dice("Sin costo para la persona")]


@peticion("constituir-querellante", *_REPRESENTAN, *_TRIBUNAL)
class ConstituirQuerellante(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra que la víctima interviene en el proceso (S001 C7)."""

    proceso: IdProceso
    calidad: Calidad


@peticion("tomar-declaracion-anticipada", *_TRIBUNAL, *_FISCALIA)
class TomarDeclaracionAnticipada(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la declaración como prueba anticipada (directrices OEA 17 y 31)."""

    proceso: IdProceso
    forma: FormaDeclaracion
    acompanada: Annotated[bool, dice("Estuvo presente apoyo psicológico o social")]
    interprete: Annotated[bool, dice("Hubo intérprete")] = False


@peticion("formular-acusacion", *_FISCALIA)
class FormularAcusacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Acusa a una o más personas (S001 C3)."""

    proceso: IdProceso
    sindicados: Annotated[Cantidad, dice("Cuántas personas se acusa")]
    perfiles: Sellado[Sindicados] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("dictar-sentencia", *_TRIBUNAL)
class DictarSentencia(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la sentencia (S001 C4)."""

    proceso: IdProceso
    fallo: Fallo
    firme: Annotated[bool, dice("Ya no admite recurso")]
    condenados: Annotated[Cantidad, dice("Cuántas personas se condena")] = 0
    detalle: Sellado[Relato] = UNSET


@peticion("ordenar-reparacion", *_TRIBUNAL)
class OrdenarReparacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Ordena reparar a la víctima (S001 C6)."""

    proceso: IdProceso
    clases: Annotated[
        tuple[ClaseReparacion, ...], Meta(min_length=1, max_length=6, description="Qué se ordena reparar")
    ]
    vence: Annotated[date | None, dice("Hasta cuándo cumplir; nula si no se fijó")] = None
    monto: Sellado[Monto] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("cumplir-reparacion", *_TRIBUNAL, *_FISCALIA, *_REPRESENTAN)
class CumplirReparacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra que lo ordenado se cumplió, del todo o en parte (S001 C6)."""

    reparacion: IdReparacion
    clases: Annotated[tuple[ClaseReparacion, ...], Meta(min_length=1, max_length=6, description="Qué se cumplió")]
    total: Annotated[bool, dice("No queda nada por cumplir")]
    detalle: Sellado[Relato] = UNSET


@peticion("solicitar-cooperacion", *_FISCALIA, *_TRIBUNAL, Mandato.SEGURIDAD, Mandato.CONSULAR)
class SolicitarCooperacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide cooperación a otro Estado (S001 C5, directrices OEA 11 y 19)."""

    proceso: Annotated[IdProceso | None, dice("Proceso al que sirve; nulo si no hay")] = None
    clase: ClaseCooperacion
    pais: Sellado[Pais] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("responder-cooperacion", *_FISCALIA, *_TRIBUNAL, Mandato.SEGURIDAD, Mandato.CONSULAR)
class ResponderCooperacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la respuesta del otro Estado (S001 C5)."""

    cooperacion: IdCooperacion
    resultado: ResultadoCooperacion
    detalle: Sellado[Relato] = UNSET


@peticion("invocar-no-criminalizacion", *_REPRESENTAN, *_FISCALIA, *_TRIBUNAL)
class InvocarNoCriminalizacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Invoca, o resuelve, que no se sancione a la persona por lo que fue forzada a hacer (directriz OEA 40)."""

    situacion: NoCriminalizacion
    detalle: Sellado[Relato] = UNSET


@peticion("archivar-proceso", *_FISCALIA, *_TRIBUNAL)
class ArchivarProceso(PeticionDeRuta, frozen=True, kw_only=True):
    """Termina el proceso sin sentencia, con motivo."""

    proceso: IdProceso
    motivo: MotivoArchivo
    detalle: Sellado[Relato] = UNSET


@peticion("reabrir-proceso", *_FISCALIA, *_TRIBUNAL)
class ReabrirProceso(PeticionDeRuta, frozen=True, kw_only=True):
    """Sigue un proceso que se archivó, con motivo."""

    proceso: IdProceso
    motivo: MotivoReaperturaProceso
    detalle: Sellado[Relato] = UNSET


@peticion("rectificar-hecho", *QUIEN_RECTIFICA)
class RectificarHecho(Rectificacion, frozen=True, kw_only=True):
    """Corrige un hecho de justicia con otro hecho; nada se edita (regla 8)."""
