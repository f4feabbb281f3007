"""Hechos de repatriación: retorno seguro y voluntario, o permanencia (directriz OEA 37).

El país de destino y quien recibe van sellados: casi siempre equivalen a la nacionalidad.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from eventos.base import UNSET, HechoDeRuta, Sellado, hecho
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoDesistimiento
from eventos.tipos import Cantidad, CodigoInstitucion, Idioma, NivelRiesgo, Pais, Relato, SiNo, Territorio, dice


class Sentido(StrEnum):
    """Hacia dónde es el retorno, visto desde este despliegue (S001 C2)."""

    HACIA_SU_PAIS = "extranjera-hacia-su-pais"
    DESDE_EL_EXTERIOR = "nacional-desde-el-exterior"


class Iniciativa(StrEnum):
    """De quién parte la solicitud de retorno."""

    PERSONA = "persona"
    FAMILIA = "familia"
    CONSULADO = "consulado"
    INSTITUCION = "institucion"
    OTRO_PAIS = "otro-pais"


class FactorRetorno(StrEnum):
    """Qué hace peligroso el retorno. Solo viaja sellado."""

    TRATANTES_EN_DESTINO = "tratantes-en-destino"
    FAMILIA_IMPLICADA = "familia-implicada"
    REPRESALIAS = "represalias"
    ESTIGMA = "estigma"
    SIN_APOYO = "sin-apoyo-en-destino"
    PERSECUCION = "persecucion"
    SALUD = "salud"
    RETRATA = "volver-a-ser-tratada"
    OTRO = "otro"


class ResultadoInteresSuperior(StrEnum):
    """Qué conviene más a la niña, niño o adolescente (directriz OEA 38)."""

    RETORNO = "retorno"
    PERMANENCIA = "permanencia"
    TERCER_PAIS = "tercer-pais"
    APLAZAR = "aplazar"


class Decision(StrEnum):
    """Lo que decide la persona, informada de los riesgos (directriz OEA 37)."""

    ACEPTA = "acepta"
    RECHAZA = "rechaza"
    APLAZA = "aplaza"


class Documento(StrEnum):
    """Documento emitido para viajar o identificarse."""

    PASAPORTE = "pasaporte"
    SALVOCONDUCTO = "salvoconducto"
    DOCUMENTO_VIAJE = "documento-de-viaje"
    PARTIDA_NACIMIENTO = "partida-de-nacimiento"
    DOCUMENTO_IDENTIDAD = "documento-de-identidad"
    AUTORIZACION_SALIDA = "autorizacion-de-salida"


class Acompanante(StrEnum):
    """Quién acompaña el traslado."""

    CONSULADO = "consulado"
    PROCURADURIA_NINEZ = "procuraduria-de-ninez"
    TRABAJO_SOCIAL = "trabajo-social"
    PSICOLOGIA = "psicologia"
    SEGURIDAD = "seguridad"
    ORGANISMO_INTERNACIONAL = "organismo-internacional"
    FAMILIAR = "familiar"
    SIN_ACOMPANANTE = "sin-acompanante"


class MedioTraslado(StrEnum):
    """En qué se viaja. Solo viaja sellado."""

    AEREO = "aereo"
    TERRESTRE = "terrestre"
    MARITIMO = "maritimo"


class Receptora(StrEnum):
    """Qué clase de entidad recibe a la persona."""

    GOBIERNO = "gobierno"
    NINEZ = "autoridad-de-ninez"
    ONG = "ong"
    CONSULADO = "consulado"
    FAMILIA = "familia"
    ORGANISMO_INTERNACIONAL = "organismo-internacional"


class Situacion(StrEnum):
    """Cómo está la persona al hacerle seguimiento."""

    SEGURA = "segura"
    EN_RIESGO = "en-riesgo"
    EXPLOTADA_DE_NUEVO = "explotada-de-nuevo"
    SIN_CONTACTO = "sin-contacto"


class Permanencia(StrEnum):
    """Con qué título permanece la persona."""

    TEMPORAL = "residencia-temporal"
    HUMANITARIA = "razones-humanitarias"
    REFUGIO = "refugio-o-proteccion"
    DEFINITIVA = "residencia-definitiva"
    REFLEXION = "periodo-de-reflexion"


Factores = Annotated[tuple[FactorRetorno, ...], Meta(max_length=9, description="Qué hace peligroso el retorno")]
PaisDestino = Annotated[Pais, dice("País al que iría: ISO 3166-1 alfa-3; ZZZ si no consta")]
Escolta = Annotated[CodigoInstitucion | None, dice("Institución que acompaña; nula si no es una institución")]


@hecho("repatriacion-solicitada")
class RepatriacionSolicitada(HechoDeRuta, frozen=True, kw_only=True):
    """Se pide el retorno de la persona; todavía no se ha decidido nada (S001 C2)."""

    sentido: Sentido
    iniciativa: Iniciativa
    pais_destino: Sellado[PaisDestino] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("riesgo-retorno-evaluado")
class RiesgoRetornoEvaluado(HechoDeRuta, frozen=True, kw_only=True):
    """Riesgo de volver, con caducidad: sin evaluación vigente no hay traslado (directriz OEA 37, regla 1)."""

    nivel: NivelRiesgo
    medidas: Annotated[bool, dice("Hay medidas acordadas que reducen el riesgo")]
    vigente_hasta: Annotated[date, dice("Último día en que vale la evaluación")]
    factores: Sellado[Factores] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("interes-superior-determinado")
class InteresSuperiorDeterminado(HechoDeRuta, frozen=True, kw_only=True):
    """La autoridad de niñez determina qué conviene más a la persona, a la que se oye (directriz OEA 38, regla 1)."""

    resultado: ResultadoInteresSuperior
    persona_oida: Annotated[bool, dice("Se oyó a la niña, niño o adolescente (regla 2)")]
    detalle: Sellado[Relato] = UNSET


@hecho("decision-informada-registrada")
class DecisionInformadaRegistrada(HechoDeRuta, frozen=True, kw_only=True):
    """La persona decide sobre su retorno, conocidos los riesgos y en su idioma (directriz OEA 37, regla 1)."""

    decision: Decision
    por: QuienConsiente
    idioma: Annotated[Idioma, dice("Idioma en que se le informó, ISO 639-3")]
    riesgos_explicados: Annotated[bool, dice("Se le explicó la evaluación de riesgo")]
    persona_oida: Annotated[bool, dice("Si decide su representación, se oyó a la persona (regla 2)")]
    detalle: Sellado[Relato] = UNSET


@hecho("documentos-emitidos")
class DocumentosEmitidos(HechoDeRuta, frozen=True, kw_only=True):
    """La persona tiene documentos para viajar o identificarse. Los números no viajan: están en la bóveda."""

    documentos: Annotated[tuple[Documento, ...], Meta(max_length=6, description="Qué se emitió")]
    vencen: Annotated[date | None, dice("Cuándo vence el primero; nulo si no vencen")] = None


@hecho("acompanante-designado")
class AcompananteDesignado(HechoDeRuta, frozen=True, kw_only=True):
    """Se designa quién acompañará el traslado."""

    acompanante: Acompanante
    institucion_acompanante: Escolta = None


@hecho("traslado-programado")
class TrasladoProgramado(HechoDeRuta, frozen=True, kw_only=True):
    """El traslado tiene fecha. Solo con decisión informada y riesgo vigente; si es NNA, interés superior (regla 1)."""

    fecha: Annotated[date, dice("Día previsto del traslado")]
    acompanante: Acompanante
    medio: Sellado[MedioTraslado] = UNSET
    destino: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("traslado-realizado")
class TrasladoRealizado(HechoDeRuta, frozen=True, kw_only=True):
    """La persona viajó."""

    fecha: Annotated[date, dice("Día del traslado")]
    incidencias: Annotated[bool, dice("Hubo incidencias")] = False
    detalle: Sellado[Relato] = UNSET


@hecho("recepcion-confirmada")
class RecepcionConfirmada(HechoDeRuta, frozen=True, kw_only=True):
    """Quien debía recibir a la persona confirma que llegó y que está con ella."""

    receptora: Receptora
    conforme: Annotated[bool, dice("Llegó en las condiciones acordadas")]
    pais: Sellado[PaisDestino] = UNSET
    entidad: Sellado[CodigoInstitucion] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("seguimiento-realizado")
class SeguimientoRealizado(HechoDeRuta, frozen=True, kw_only=True):
    """Se comprobó cómo está la persona después del retorno o de la permanencia."""

    numero: Annotated[Cantidad, dice("Qué seguimiento es, desde 1")]
    situacion: Situacion
    proximo: Annotated[date | None, dice("Cuándo toca el siguiente; nulo si es el último")] = None
    detalle: Sellado[Relato] = UNSET


@hecho("permanencia-concedida")
class PermanenciaConcedida(HechoDeRuta, frozen=True, kw_only=True):
    """La persona puede quedarse, coopere o no con la autoridad (directrices OEA 35 y 36, regla 6)."""

    permanencia: Permanencia
    coopera: Annotated[SiNo, dice("Si cooperaba con la autoridad; consta para probar que no se exige")]
    vence: Annotated[date | None, dice("Hasta cuándo; nula si no vence")] = None


@hecho("repatriacion-desistida")
class RepatriacionDesistida(HechoDeRuta, frozen=True, kw_only=True):
    """Se deja sin efecto la repatriación."""

    motivo: MotivoDesistimiento
    detalle: Sellado[Relato] = UNSET


@hecho("riesgo-retorno-vencido")
class RiesgoRetornoVencido(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: la evaluación del riesgo de volver ya no vale y el retorno sigue en estudio (regla 1)."""

    nivel: NivelRiesgo
    vence: Annotated[date, dice("Último día en que valió")]


@hecho("seguimiento-por-vencer")
class SeguimientoPorVencer(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: se acerca el día previsto para comprobar cómo está la persona."""

    seguimiento: Annotated[Cantidad, dice("Qué seguimiento toca, desde 1")]
    vence: Annotated[date, dice("Día previsto")]


@hecho("seguimiento-vencido")
class SeguimientoVencido(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: pasó el día previsto y nadie contó cómo está la persona."""

    seguimiento: Annotated[Cantidad, dice("Qué seguimiento falta, desde 1")]
    vence: Annotated[date, dice("Día previsto")]


@hecho("permanencia-por-vencer")
class PermanenciaPorVencer(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: a la persona se le acaba pronto el permiso con que se queda."""

    permanencia: Permanencia
    vence: Annotated[date, dice("Último día que cubre")]


@hecho("permanencia-vencida")
class PermanenciaVencida(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: se acabó el permiso con que la persona se quedaba, y no consta otro."""

    permanencia: Permanencia
    vence: Annotated[date, dice("Último día que cubrió")]
