"""Hechos de atención: consentimiento, evaluación, alojamiento, plan y servicios.

Nada aquí depende de denunciar, declarar ni cooperar (directriz OEA 36, regla 6).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, UnsetType

from eventos.base import UNSET, HechoDeInstitucion, HechoDeRuta, Sellado, hecho
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoFinAlojamiento, MotivoRevision
from eventos.plazas import Cupos, Plaza, Titularidad
from eventos.tipos import (
    CodigoInstitucion,
    Evidencias,
    Huella,
    IdDerivacion,
    Idioma,
    NivelRiesgo,
    Relato,
    SiNo,
    Territorio,
    Urgencia,
    dice,
)

IdConsentimiento = Annotated[UUID, dice("Id del consentimiento")]
IdAlojamiento = Annotated[UUID, dice("Id de la estancia")]
IdPlan = Annotated[UUID, dice("Id del plan de reintegración")]
IdMeta = Annotated[UUID, dice("Id de la meta dentro del plan")]


class Alcance(StrEnum):
    """Para qué consiente la persona. Cada alcance se revoca por separado."""

    ATENCION = "recibir-atencion"
    COMPARTIR = "compartir-datos-con-instituciones"
    EVALUACION = "evaluacion-psicosocial"
    EXAMEN_MEDICO = "examen-medico"
    CONTACTO_FAMILIAR = "contactar-a-la-familia"
    CONTACTO_CONSULAR = "contactar-al-consulado"
    ESTADISTICA = "uso-estadistico"


class FactorRiesgo(StrEnum):
    """Qué pone en riesgo a la persona, en los tres planos de HTCDS 2.0. Solo viaja sellado."""

    AMENAZAS = "amenazas"
    CONTACTO_TRATANTE = "contacto-con-el-tratante"
    SALUD = "salud"
    SALUD_MENTAL = "salud-mental"
    CONSUMO = "consumo-de-sustancias"
    HOGAR = "violencia-en-el-hogar"
    VIVIENDA = "sin-vivienda"
    POBREZA = "pobreza"
    COMUNIDAD = "violencia-en-la-comunidad"
    DISCRIMINACION = "discriminacion"
    MIGRACION = "condicion-migratoria"
    OTRO = "otro"


class Prestacion(StrEnum):
    """Qué se da en la atención inmediata."""

    ALIMENTACION = "alimentacion"
    ROPA_HIGIENE = "ropa-e-higiene"
    PRIMEROS_AUXILIOS = "primeros-auxilios-psicologicos"
    SALUD_URGENTE = "salud-urgente"
    TRANSPORTE = "transporte-seguro"
    RESGUARDO = "resguardo-seguro"
    INTERPRETACION = "interpretacion"
    COMUNICACION = "comunicacion-con-la-familia"


class ClaseAlojamiento(StrEnum):
    """Dónde se aloja a la persona (directriz OEA 29)."""

    ALBERGUE_ESPECIALIZADO = "albergue-especializado"
    ALBERGUE_GENERAL = "albergue-general"
    FAMILIA_SUSTITUTA = "familia-sustituta"
    VIVIENDA_APOYADA = "vivienda-apoyada"
    ALOJAMIENTO_TEMPORAL = "alojamiento-temporal"


class Nucleo(StrEnum):
    """Con quién se reintegra la persona (S003 OE3)."""

    PROPIO = "familia-propia"
    AMPLIADA = "familia-ampliada"
    SUSTITUTA = "familia-sustituta"


class ResultadoPlan(StrEnum):
    """En qué terminó un plan de reintegración."""

    CUMPLIDO = "cumplido"
    CUMPLIDO_EN_PARTE = "cumplido-en-parte"
    INTERRUMPIDO_PERSONA = "interrumpido-por-la-persona"
    INTERRUMPIDO_TRASLADO = "interrumpido-por-traslado"
    SIN_CONTACTO = "sin-contacto"


class Necesidad(Struct, frozen=True, kw_only=True):
    """Un servicio que la persona necesita y con qué prisa."""

    servicio: ServicioPedido
    urgencia: Urgencia


class MetaDelPlan(Struct, frozen=True, kw_only=True):
    """Una meta acordada con la persona."""

    meta: IdMeta
    derecho: Annotated[Derecho, dice("Derecho que restituye")]
    servicio: Annotated[ServicioPedido, dice("Servicio con que se logra")]
    vence: Annotated[date | None, dice("Fecha prevista; nula si no se fijó")] = None


Necesidades = Annotated[tuple[Necesidad, ...], Meta(max_length=40, description="Qué necesita")]
Factores = Annotated[tuple[FactorRiesgo, ...], Meta(max_length=12, description="Qué la pone en riesgo")]
Metas = Annotated[tuple[MetaDelPlan, ...], Meta(max_length=60, description="Metas acordadas con la persona")]
Alcances = Annotated[tuple[Alcance, ...], Meta(max_length=7, description="Para qué")]
Prestaciones = Annotated[tuple[Prestacion, ...], Meta(max_length=8, description="Qué se le dio")]
Destinatarias = Annotated[
    tuple[CodigoInstitucion, ...], Meta(max_length=60, description="A quiénes alcanza; vacía: a quien participe")
]
ResolucionDeAutoridad = Annotated[
    Huella | UnsetType, dice("SHA-256 de la resolución que confía a la NNA a una familia sustituta")
]
Puntaje = Annotated[int, Meta(ge=1, le=5, description="De 1, nada satisfecha, a 5, muy satisfecha")]


@hecho("consentimiento-otorgado")
class ConsentimientoOtorgado(HechoDeRuta, frozen=True, kw_only=True):
    """La persona consiente; si es NNA, su representación legal, y se la oye (regla 2)."""

    consentimiento: IdConsentimiento
    alcances: Alcances
    por: QuienConsiente
    persona_oida: Annotated[bool, dice("Si consiente su representación, se oyó a la persona")]
    idioma: Annotated[Idioma, dice("Idioma en que se le explicó, ISO 639-3")]
    destinatarias: Destinatarias = ()
    vence: Annotated[date | None, dice("Último día en que vale; nula si no caduca")] = None


@hecho("consentimiento-revocado")
class ConsentimientoRevocado(HechoDeRuta, frozen=True, kw_only=True):
    """Se revoca un consentimiento: corta el acceso que se apoyaba en él y nada más (regla 7)."""

    consentimiento: IdConsentimiento
    por: QuienConsiente
    presion: Annotated[SiNo, dice("Hay indicios de que se la forzó a revocar")]
    detalle: Sellado[Relato] = UNSET


@hecho("necesidades-evaluadas")
class NecesidadesEvaluadas(HechoDeRuta, frozen=True, kw_only=True):
    """Qué servicios necesita la persona (S003 OE3)."""

    necesidades: Necesidades
    detalle: Sellado[Relato] = UNSET


@hecho("riesgo-evaluado")
class RiesgoEvaluado(HechoDeRuta, frozen=True, kw_only=True):
    """Riesgo de la persona donde está, con caducidad."""

    nivel: NivelRiesgo
    vigente_hasta: Annotated[date, dice("Último día en que vale la evaluación")]
    factores: Sellado[Factores] = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("atencion-inmediata-brindada")
class AtencionInmediataBrindada(HechoDeRuta, frozen=True, kw_only=True):
    """Lo primero que la persona necesita, desde la presunción."""

    prestaciones: Prestaciones
    detalle: Sellado[Relato] = UNSET


@hecho("alojamiento-asignado")
class AlojamientoAsignado(HechoDeRuta, frozen=True, kw_only=True):
    """La persona tiene dónde estar a salvo (S001 B2, directriz OEA 29)."""

    alojamiento: IdAlojamiento
    albergue: Annotated[CodigoInstitucion, dice("Albergue o institución que aloja")]
    clase: ClaseAlojamiento
    urgente: Annotated[bool, dice("Ingreso de urgencia: deja pendiente la autorización si la ley la pide")]
    plaza: Sellado[Plaza] = UNSET
    resolucion: ResolucionDeAutoridad = UNSET


@hecho("alojamiento-finalizado")
class AlojamientoFinalizado(HechoDeRuta, frozen=True, kw_only=True):
    """Termina la estancia y se libera la plaza."""

    alojamiento: IdAlojamiento
    motivo: MotivoFinAlojamiento
    detalle: Sellado[Relato] = UNSET


@hecho("albergue-inscrito")
class AlbergueInscrito(HechoDeInstitucion, frozen=True, kw_only=True):
    """Entra un albergue en la oferta (S001 B2, S003 OE3). Su dirección nunca se escribe aquí."""

    titular: Annotated[CodigoInstitucion, dice("Institución responsable")]
    titularidad: Titularidad
    especializado: Annotated[bool, dice("Solo para víctimas de trata")]
    territorio: Annotated[Territorio, dice("Departamento, sin municipio, en que funciona")]
    cupos: Cupos


@hecho("cupos-actualizados")
class CuposActualizados(HechoDeInstitucion, frozen=True, kw_only=True):
    """Cuántas plazas tiene y cuántas quedan; sustituyen a las anteriores por completo."""

    cupos: Cupos


@hecho("plan-acordado")
class PlanAcordado(HechoDeRuta, frozen=True, kw_only=True):
    """Plan individual de reintegración, acordado con la persona (S003 OE3, D1)."""

    plan: IdPlan
    metas: Metas
    por: QuienConsiente
    persona_oida: Annotated[bool, dice("Se oyó a la persona")]
    revisar_el: Annotated[date, dice("Cuándo toca revisarlo")]
    detalle: Sellado[Relato] = UNSET


@hecho("plan-revisado")
class PlanRevisado(HechoDeRuta, frozen=True, kw_only=True):
    """El plan cambia; sus metas sustituyen a las anteriores por completo."""

    plan: IdPlan
    metas: Metas
    motivo: MotivoRevision
    revisar_el: Annotated[date, dice("Cuándo toca revisarlo otra vez")]
    detalle: Sellado[Relato] = UNSET


@hecho("plan-concluido")
class PlanConcluido(HechoDeRuta, frozen=True, kw_only=True):
    """El plan termina (S003 D1)."""

    plan: IdPlan
    resultado: ResultadoPlan
    detalle: Sellado[Relato] = UNSET


@hecho("servicio-prestado")
class ServicioPrestado(HechoDeRuta, frozen=True, kw_only=True):
    """La persona, o su familia, recibió un servicio (S001 B3, S003 D2)."""

    servicio: ServicioPedido
    resultado: ResultadoAtencion
    derivacion: Annotated[IdDerivacion | None, dice("Derivación a la que responde; nula si ninguna")] = None
    meta: Annotated[IdMeta | None, dice("Meta del plan a la que sirve; nula si ninguna")] = None
    detalle: Sellado[Relato] = UNSET


@hecho("meta-cumplida")
class MetaCumplida(HechoDeRuta, frozen=True, kw_only=True):
    """Se logró una meta del plan, con evidencias (S003 OE3)."""

    plan: IdPlan
    meta: IdMeta
    evidencias: Evidencias


@hecho("satisfaccion-registrada")
class SatisfaccionRegistrada(HechoDeRuta, frozen=True, kw_only=True):
    """Qué le pareció el servicio a la persona (S003 D2)."""

    servicio: ServicioPedido
    puntaje: Puntaje
    comentario: Sellado[Relato] = UNSET


@hecho("reintegracion-familiar-lograda")
class ReintegracionFamiliarLograda(HechoDeRuta, frozen=True, kw_only=True):
    """La persona vive con su familia o con una sustituta, evaluada antes (S003 D3)."""

    nucleo: Nucleo
    evaluado: Annotated[bool, dice("Se evaluó antes que la familia es segura")]
    persona_oida: Annotated[bool, dice("Se oyó a la persona")]
    resolucion: ResolucionDeAutoridad = UNSET
    detalle: Sellado[Relato] = UNSET


@hecho("riesgo-vencido")
class RiesgoVencido(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: la evaluación de riesgo ya no vale y la ruta sigue abierta."""

    nivel: NivelRiesgo
    vence: Annotated[date, dice("Último día en que valió")]


@hecho("meta-vencida")
class MetaVencida(HechoDeRuta, frozen=True, kw_only=True):
    """El reloj avisa: pasó la fecha prevista de una meta del plan y no consta cumplida."""

    plan: IdPlan
    meta: IdMeta
    servicio: Annotated[ServicioPedido, dice("Servicio con que se logra")]
    vence: Annotated[date, dice("Fecha prevista")]
