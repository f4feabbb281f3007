"""Qué se puede pedir a atención. Los ids de consentimiento, estancia, plan y meta los decide el servicio."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from contratos.base import Mandato, Peticion, PeticionDeRuta, peticion
from contratos.rectificacion import QUIEN_RECTIFICA, Rectificacion
from eventos.atencion import (
    Alcances,
    ClaseAlojamiento,
    Destinatarias,
    Factores,
    IdAlojamiento,
    IdConsentimiento,
    IdMeta,
    IdPlan,
    Necesidades,
    Nucleo,
    Prestaciones,
    Puntaje,
    ResolucionDeAutoridad,
    ResultadoPlan,
)
from eventos.base import Sellado
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoFinAlojamiento, MotivoRevision
from eventos.plazas import Cupos, Plaza, Titularidad
from eventos.tipos import (
    CodigoInstitucion,
    Evidencias,
    IdDerivacion,
    Idioma,
    NivelRiesgo,
    Relato,
    SiNo,
    Territorio,
    dice,
)

_ATIENDEN = (Mandato.ATENCION, Mandato.ALBERGUE, Mandato.SALUD, Mandato.PROTECCION_NNA)
_PRESTAN = (
    *_ATIENDEN,
    Mandato.ASISTENCIA_LEGAL,
    Mandato.EDUCACION,
    Mandato.TRABAJO,
    Mandato.CONSULAR,
    Mandato.MIGRACION,
    Mandato.DOCUMENTACION,
    Mandato.SEGURIDAD,
)


class MetaPedida(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Una meta que se propone; sin id es nueva, con id es una del plan que se conserva."""

    meta: Annotated[IdMeta | None, dice("Meta del plan que se conserva; nula si es nueva")] = None
    derecho: Annotated[Derecho, dice("Derecho que restituye")]
    servicio: Annotated[ServicioPedido, dice("Servicio con que se logra")]
    vence: Annotated[date | None, dice("Fecha prevista; nula si no se fijó")] = None


MetasPedidas = Annotated[
    tuple[MetaPedida, ...], Meta(min_length=1, max_length=60, description="Metas acordadas con la persona")
]


@peticion("otorgar-consentimiento", *_PRESTAN, Mandato.DETECCION, Mandato.IDENTIFICACION)
class OtorgarConsentimiento(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra el consentimiento; si es NNA lo da su representación legal y se la oye (regla 2)."""

    alcances: Alcances
    por: QuienConsiente
    persona_oida: Annotated[bool, dice("Si consiente su representación, se oyó a la persona")]
    idioma: Annotated[Idioma, dice("Idioma en que se le explicó, ISO 639-3")]
    destinatarias: Destinatarias = ()
    vence: Annotated[date | None, dice("Último día en que vale; nula si no caduca")] = None


@peticion("revocar-consentimiento", *_PRESTAN, Mandato.DETECCION, Mandato.IDENTIFICACION)
class RevocarConsentimiento(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la revocación de un consentimiento (regla 7)."""

    consentimiento: IdConsentimiento
    por: QuienConsiente
    presion: Annotated[SiNo, dice("Hay indicios de que se la forzó a revocar")]
    detalle: Sellado[Relato] = UNSET


@peticion("evaluar-necesidades", *_ATIENDEN)
class EvaluarNecesidades(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra qué servicios necesita la persona (S003 OE3)."""

    necesidades: Necesidades
    detalle: Sellado[Relato] = UNSET


@peticion("evaluar-riesgo", *_ATIENDEN, Mandato.SEGURIDAD, Mandato.PERSECUCION_PENAL)
class EvaluarRiesgo(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra el riesgo de la persona donde está y hasta cuándo vale."""

    nivel: NivelRiesgo
    vigente_hasta: Annotated[date, dice("Último día en que vale la evaluación")]
    factores: Sellado[Factores] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("brindar-atencion-inmediata", *_PRESTAN, Mandato.DETECCION, Mandato.IDENTIFICACION)
class BrindarAtencionInmediata(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la atención inmediata, que no espera a la identificación."""

    prestaciones: Prestaciones
    detalle: Sellado[Relato] = UNSET


@peticion("asignar-alojamiento", Mandato.ALBERGUE, Mandato.ATENCION, Mandato.PROTECCION_NNA)
class AsignarAlojamiento(PeticionDeRuta, frozen=True, kw_only=True):
    """Aloja a la persona en una plaza adecuada a su sexo y edad (directriz OEA 29).

    ``plaza``: cuál ocupa; hace falta si el albergue tiene varias clases de plaza para su edad.
    """

    albergue: Annotated[CodigoInstitucion, dice("Albergue o institución que aloja")]
    clase: ClaseAlojamiento
    urgente: Annotated[bool, dice("Ingreso de urgencia: deja pendiente la autorización si la ley la pide")]
    plaza: Sellado[Plaza] = UNSET
    resolucion: ResolucionDeAutoridad = UNSET


@peticion("finalizar-alojamiento", Mandato.ALBERGUE, Mandato.ATENCION, Mandato.PROTECCION_NNA)
class FinalizarAlojamiento(PeticionDeRuta, frozen=True, kw_only=True):
    """Termina una estancia, con motivo."""

    alojamiento: IdAlojamiento
    motivo: MotivoFinAlojamiento
    detalle: Sellado[Relato] = UNSET


@peticion("inscribir-albergue", Mandato.ALBERGUE, Mandato.RECTORIA, participa=False)
class InscribirAlbergue(Peticion, frozen=True, kw_only=True):
    """Da de alta un albergue en la oferta (S001 B2)."""

    codigo: CodigoInstitucion
    titular: Annotated[CodigoInstitucion, dice("Institución responsable")]
    titularidad: Titularidad
    especializado: Annotated[bool, dice("Solo para víctimas de trata")]
    territorio: Annotated[Territorio, dice("Departamento, sin municipio, en que funciona")]
    cupos: Cupos


@peticion("actualizar-cupos", Mandato.ALBERGUE, Mandato.RECTORIA, participa=False)
class ActualizarCupos(Peticion, frozen=True, kw_only=True):
    """Declara las plazas de un albergue; sustituyen a las anteriores por completo."""

    codigo: CodigoInstitucion
    cupos: Cupos


@peticion("acordar-plan", *_ATIENDEN)
class AcordarPlan(PeticionDeRuta, frozen=True, kw_only=True):
    """Acuerda con la persona su plan de reintegración (S003 OE3)."""

    metas: MetasPedidas
    por: QuienConsiente
    persona_oida: Annotated[bool, dice("Se oyó a la persona")]
    revisar_el: Annotated[date, dice("Cuándo toca revisarlo")]
    detalle: Sellado[Relato] = UNSET


@peticion("revisar-plan", *_ATIENDEN)
class RevisarPlan(PeticionDeRuta, frozen=True, kw_only=True):
    """Cambia las metas del plan; las que no se repiten dejan de estar."""

    plan: IdPlan
    metas: MetasPedidas
    motivo: MotivoRevision
    revisar_el: Annotated[date, dice("Cuándo toca revisarlo otra vez")]
    detalle: Sellado[Relato] = UNSET


@peticion("concluir-plan", *_ATIENDEN)
class ConcluirPlan(PeticionDeRuta, frozen=True, kw_only=True):
    """Da el plan por terminado."""

    plan: IdPlan
    resultado: ResultadoPlan
    detalle: Sellado[Relato] = UNSET


@peticion("prestar-servicio", *_PRESTAN)
class PrestarServicio(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra un servicio dado a la persona o a su familia (S001 B3)."""

    servicio_prestado: ServicioPedido
    resultado: ResultadoAtencion
    derivacion: Annotated[IdDerivacion | None, dice("Derivación a la que responde; nula si ninguna")] = None
    meta: Annotated[IdMeta | None, dice("Meta del plan a la que sirve; nula si ninguna")] = None
    detalle: Sellado[Relato] = UNSET


@peticion("cumplir-meta", *_PRESTAN)
class CumplirMeta(PeticionDeRuta, frozen=True, kw_only=True):
    """Da una meta por lograda, con los eventos que lo prueban (regla 9)."""

    plan: IdPlan
    meta: IdMeta
    evidencias: Evidencias


@peticion("registrar-satisfaccion", *_PRESTAN)
class RegistrarSatisfaccion(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra qué le pareció un servicio a la persona (S003 D2)."""

    servicio_valorado: ServicioPedido
    puntaje: Puntaje
    comentario: Sellado[Relato] = UNSET


@peticion("lograr-reintegracion-familiar", Mandato.ATENCION, Mandato.PROTECCION_NNA, Mandato.JUDICATURA)
class LograrReintegracionFamiliar(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra que la persona vive con su familia o con una sustituta (S003 D3)."""

    nucleo: Nucleo
    evaluado: Annotated[bool, dice("Se evaluó antes que la familia es segura")]
    persona_oida: Annotated[bool, dice("Se oyó a la persona")]
    resolucion: ResolucionDeAutoridad = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("rectificar-hecho", *QUIEN_RECTIFICA)
class RectificarHecho(Rectificacion, frozen=True, kw_only=True):
    """Corrige un hecho de atención con otro hecho; nada se edita (regla 8)."""
