"""Hechos de detección: de la noticia inicial a la identificación formal."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from eventos.base import UNSET, HechoDeRuta, Sellado, hecho
from eventos.listas import CanalAlerta, Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.motivos import MotivoDescarte
from eventos.perfil import PerfilDesagregado
from eventos.tipos import (
    Cantidad,
    Clave,
    Idioma,
    NivelRiesgo,
    Pais,
    PaisProtocolo,
    Relato,
    Ruta,
    SiNo,
    Territorio,
    Urgencia,
    Version,
    dice,
)

Modalidades = Annotated[tuple[Modalidad, ...], Meta(max_length=13, description="Fines de la explotación")]
Medios = Annotated[tuple[MedioControl, ...], Meta(max_length=20, description="Medios de control usados")]
Captaciones = Annotated[tuple[Captacion, ...], Meta(max_length=7, description="Relación de quienes captaron")]
PaisExplotacion = Annotated[Pais, dice("Dónde se la explotó: ISO 3166-1 alfa-3; ZZZ si no consta")]
Indicadores = Annotated[tuple[Clave, ...], Meta(max_length=200, description="Indicadores positivos del instrumento")]


class Aplicador(StrEnum):
    """Desde qué función se aplica un instrumento (S000: cada sector tiene el suyo)."""

    POLICIA = "policia"
    MIGRACION = "migracion"
    FISCALIA = "fiscalia"
    JUDICATURA = "judicatura"
    SALUD = "salud"
    EDUCACION = "educacion"
    CONSULADO = "consulado"
    INSPECCION_LABORAL = "inspeccion-laboral"
    TRABAJO_SOCIAL = "trabajo-social"
    PSICOLOGIA = "psicologia"
    ONG = "ong"
    LINEA_DE_AYUDA = "linea-de-ayuda"
    COMUNIDAD = "comunidad"


class ResultadoEvaluacion(StrEnum):
    """Qué concluye un instrumento. Un indicador abre una pregunta; no decide (UNODC)."""

    INDICIOS = "con-indicios"
    SIN_INDICIOS = "sin-indicios"
    NO_CONCLUYENTE = "no-concluyente"


class Peligro(StrEnum):
    """Qué amenaza a la persona ahora mismo. Solo viaja sellado."""

    TRATANTE_CERCA = "tratante-cerca"
    AMENAZA_ACTUAL = "amenaza-actual"
    ENCIERRO = "encierro"
    RIESGO_DE_VIDA = "riesgo-de-vida"
    AUTOLESION = "autolesion"
    SALUD_URGENTE = "salud-urgente"
    FAMILIA_EN_PELIGRO = "familia-en-peligro"
    DETENCION = "detencion-o-deportacion"
    OTRO = "otro"


class Fundamento(StrEnum):
    """En qué se apoya decir que dos rutas son de la misma persona."""

    HUELLA = "huella-de-identidad"
    DOCUMENTO = "documento"
    RECONOCIMIENTO = "reconocimiento-de-la-persona"


class MotivoVinculo(StrEnum):
    """Por qué se dice que dos rutas no son de la misma persona."""

    HOMONIMIA = "homonimia"
    DOCUMENTO_AJENO = "documento-de-otra-persona"
    ERROR_DE_REGISTRO = "error-de-registro"
    LA_PERSONA_LO_NIEGA = "la-persona-lo-niega"


class Tema(StrEnum):
    """De qué se informa a la persona (directrices OEA 26, 27 y 32)."""

    DERECHOS = "derechos"
    SERVICIOS = "servicios-disponibles"
    SERVICIO_CONSULAR = "servicio-consular"
    ASISTENCIA_LEGAL = "asistencia-legal-gratuita"
    PROTECCION = "medidas-de-proteccion"
    PERMANENCIA = "permanencia-y-regularizacion"
    RETORNO = "retorno-y-sus-riesgos"
    REPARACION = "reparacion"
    PROCESO_PENAL = "proceso-penal"
    DATOS_PERSONALES = "uso-de-sus-datos"


@hecho("alerta-recibida")
class AlertaRecibida(HechoDeRuta, frozen=True, kw_only=True):
    """La noticia inicial de un posible caso; su ruta es el seudónimo que abre la alerta (S001 A1, directriz OEA 5)."""

    canal: CanalAlerta
    urgencia: Urgencia
    territorio: Sellado[Territorio] = UNSET
    relato: Sellado[Relato] = UNSET


@hecho("presunta-victima-detectada")
class PresuntaVictimaDetectada(HechoDeRuta, frozen=True, kw_only=True):
    """Quien la ve primero presume que una persona es víctima: desde aquí se la atiende (S000, directriz OEA 28)."""

    nna: Annotated[SiNo, dice("Si es niña, niño o adolescente, como lo sabe quien detecta")]
    extranjera: Annotated[SiNo, dice("Si es extranjera en el país de detección")]
    idioma: Annotated[Idioma, dice("En qué idioma hablarle: ISO 639-3; und si no consta")]
    riesgo: NivelRiesgo
    pais_deteccion: PaisProtocolo
    alerta: Annotated[Ruta | None, dice("Seudónimo de la alerta de la que viene, si viene de una")] = None
    perfil: Sellado[PerfilDesagregado] = UNSET
    territorio: Sellado[Territorio] = UNSET
    modalidades: Sellado[Modalidades] = UNSET
    medios: Sellado[Medios] = UNSET
    captacion: Sellado[Captaciones] = UNSET
    duracion: Sellado[DuracionExplotacion] = UNSET
    pais_explotacion: Sellado[PaisExplotacion] = UNSET
    relato: Sellado[Relato] = UNSET


@hecho("evaluacion-aplicada")
class EvaluacionAplicada(HechoDeRuta, frozen=True, kw_only=True):
    """Se aplicó un instrumento versionado de indicadores de detección, por el perfil de quien lo aplica (S000)."""

    instrumento: Annotated[Clave, dice("Código del instrumento")]
    version_instrumento: Version
    perfil_aplicador: Aplicador
    positivos: Annotated[Cantidad, dice("Cuántos indicadores dieron positivo")]
    resultado: ResultadoEvaluacion
    indicadores: Sellado[Indicadores] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("riesgo-inmediato-senalado")
class RiesgoInmediatoSenalado(HechoDeRuta, frozen=True, kw_only=True):
    """Hay peligro ahora: quien lo ve lo dice y la protección no espera (directriz OEA 33)."""

    urgencia: Urgencia
    peligros: Sellado[Annotated[tuple[Peligro, ...], Meta(max_length=9, description="Qué la amenaza")]] = UNSET
    territorio: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("victima-identificada")
class VictimaIdentificada(HechoDeRuta, frozen=True, kw_only=True):
    """Identificación formal por quien tiene mandato. No condiciona la atención, que empezó antes (S000)."""

    nna: Annotated[SiNo, dice("Si es niña, niño o adolescente, como resultó de la identificación")]
    extranjera: Annotated[SiNo, dice("Si es extranjera en el país de detección")]
    perfil: Sellado[PerfilDesagregado] = UNSET
    modalidades: Sellado[Modalidades] = UNSET
    medios: Sellado[Medios] = UNSET
    captacion: Sellado[Captaciones] = UNSET
    duracion: Sellado[DuracionExplotacion] = UNSET
    pais_explotacion: Sellado[PaisExplotacion] = UNSET
    territorio: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("presuncion-descartada")
class PresuncionDescartada(HechoDeRuta, frozen=True, kw_only=True):
    """Quien tiene mandato concluye que no hubo trata."""

    motivo: MotivoDescarte
    detalle: Sellado[Relato] = UNSET


@hecho("vinculo-propuesto")
class VinculoPropuesto(HechoDeRuta, frozen=True, kw_only=True):
    """El registro único halló que dos rutas parecen de la misma persona; lo confirma o lo rechaza una persona."""

    otra: Annotated[Ruta, dice("La otra ruta")]


@hecho("vinculo-rechazado")
class VinculoRechazado(HechoDeRuta, frozen=True, kw_only=True):
    """Quien puede identificar comprobó que dos rutas propuestas no son de la misma persona."""

    otra: Annotated[Ruta, dice("La otra ruta")]
    motivo: MotivoVinculo


@hecho("identidad-vinculada")
class IdentidadVinculada(HechoDeRuta, frozen=True, kw_only=True):
    """Dos rutas resultan ser la misma persona: se cuenta una sola vez (registro único, S003 D6)."""

    otra: Annotated[Ruta, dice("La otra ruta de la misma persona")]
    fundamento: Fundamento = Fundamento.HUELLA


@hecho("informacion-entregada")
class InformacionEntregada(HechoDeRuta, frozen=True, kw_only=True):
    """Se informó a la persona de sus derechos y servicios en un idioma que comprende (directrices OEA 26 y 27)."""

    idioma: Annotated[Idioma, dice("Idioma en que se informó, ISO 639-3")]
    comprendida: Annotated[bool, dice("La persona confirmó que comprendió")]
    temas: Annotated[tuple[Tema, ...], Meta(max_length=10, description="De qué se informó")]
    interprete: Annotated[bool, dice("Hubo intérprete")] = False
