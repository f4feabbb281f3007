"""Hechos de coordinación: la ruta, sus derivaciones, sus derechos y el directorio de instituciones."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from eventos.base import UNSET, HechoDeInstitucion, HechoDeRuta, Sellado, hecho
from eventos.listas import Derecho, ResultadoAtencion, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoDerivacion,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRechazo,
    MotivoRetiro,
    MotivoSuspension,
)
from eventos.tipos import (
    Clave,
    ClaveFirma,
    CodigoInstitucion,
    Evidencias,
    IdDerivacion,
    IdHecho,
    Idioma,
    Instante,
    NivelRiesgo,
    PaisProtocolo,
    Relato,
    SiNo,
    Territorio,
    Urgencia,
    Version,
    dice,
)


class Etapa(StrEnum):
    """Qué plazo de la derivación se incumplió."""

    ACUSE = "acuse"
    ATENCION = "atencion"


class ClaseAcuerdo(StrEnum):
    """A qué se compromete una institución en una mesa de coordinación."""

    ATENDER = "atender-derivacion"
    PRESTAR_SERVICIO = "prestar-servicio"
    EVALUAR = "evaluar"
    INFORMAR = "informar-a-la-mesa"
    PROTEGER = "proteger"
    VOLVER_A_REUNIRSE = "volver-a-reunirse"


class Acuerdo(Struct, frozen=True, kw_only=True):
    """Un compromiso de la mesa: quién, qué y para cuándo."""

    clase: ClaseAcuerdo
    responsable: CodigoInstitucion
    servicio: ServicioPedido | None = None
    vence: Annotated[date | None, dice("Fecha límite acordada, en el calendario del país; nula si no se fijó")] = None


@hecho("ruta-abierta")
class RutaAbierta(HechoDeRuta, frozen=True, kw_only=True):
    """Coordinación abre la ruta de una persona a partir de su detección y fija el protocolo que la rige (S004 41)."""

    nna: Annotated[bool, dice("Se la trata como niña, niño o adolescente, según la regla de edad del protocolo")]
    edad_supuesta: Annotated[bool, dice("La edad no consta: la regla del protocolo decidió `nna` (regla 10)")]
    extranjera: Annotated[SiNo, dice("Si es extranjera en el país de detección")]
    pais: PaisProtocolo
    protocolo: Annotated[Clave, dice("Paquete de protocolo que rige la ruta")]
    version_protocolo: Version
    idioma: Idioma
    riesgo: Annotated[NivelRiesgo, dice("Riesgo al detectarla")]
    derechos: Annotated[tuple[Derecho, ...], Meta(max_length=17, description="Derechos de la matriz aplicables")]


@hecho("derivacion-emitida")
class DerivacionEmitida(HechoDeRuta, frozen=True, kw_only=True):
    """Encargo de una institución a otra, con servicio, urgencia y plazos: contrato entre dos partes (S003 OE3)."""

    derivacion: IdDerivacion
    de: Annotated[CodigoInstitucion, dice("Institución que encarga")]
    a: Annotated[CodigoInstitucion, dice("Institución encargada")]
    servicio: ServicioPedido
    urgencia: Urgencia
    vence_acuse: Annotated[Instante | None, dice("Hasta cuándo acusar, en UTC; nulo si el protocolo no lo fija")]
    vence_atencion: Annotated[Instante | None, dice("Hasta cuándo atender, en UTC; nulo si el protocolo no lo fija")]
    regla: Annotated[Clave, dice("Regla del protocolo que la manda")]
    plazo_legal: Annotated[bool, dice("El plazo tiene norma; si no, es del proyecto: escala, no acusa (regla 10)")]
    motivo: MotivoDerivacion


@hecho("derivacion-recibida")
class DerivacionRecibida(HechoDeRuta, frozen=True, kw_only=True):
    """Acuse humano: un agente de la institución encargada la leyó. Una entrega técnica no basta."""

    derivacion: IdDerivacion


@hecho("derivacion-aceptada")
class DerivacionAceptada(HechoDeRuta, frozen=True, kw_only=True):
    """La institución encargada asume el encargo y participa en la ruta."""

    derivacion: IdDerivacion


@hecho("derivacion-rechazada")
class DerivacionRechazada(HechoDeRuta, frozen=True, kw_only=True):
    """La institución encargada no asume el encargo; hay que reasignarlo."""

    derivacion: IdDerivacion
    motivo: MotivoRechazo
    detalle: Sellado[Relato] = UNSET


@hecho("derivacion-reasignada")
class DerivacionReasignada(HechoDeRuta, frozen=True, kw_only=True):
    """El encargo pasa a otra institución mediante una derivación nueva."""

    derivacion: IdDerivacion
    nueva: Annotated[IdDerivacion, dice("Derivación que la sustituye")]
    a: Annotated[CodigoInstitucion, dice("Nueva institución encargada")]


@hecho("derivacion-atendida")
class DerivacionAtendida(HechoDeRuta, frozen=True, kw_only=True):
    """El encargo se atendió; las evidencias son eventos de la misma ruta (regla 9)."""

    derivacion: IdDerivacion
    resultado: ResultadoAtencion
    evidencias: Evidencias
    detalle: Sellado[Relato] = UNSET


@hecho("derivacion-vencida")
class DerivacionVencida(HechoDeRuta, frozen=True, kw_only=True):
    """Pasó un plazo sin respuesta: el silencio también es un hecho (regla 5)."""

    derivacion: IdDerivacion
    etapa: Etapa
    plazo_legal: Annotated[bool, dice("Si el plazo tiene norma; si no, no cuenta como incumplimiento (regla 10)")]


@hecho("derivacion-escalada")
class DerivacionEscalada(HechoDeRuta, frozen=True, kw_only=True):
    """Una derivación vencida se pone en conocimiento de quien puede resolverla (regla 5)."""

    derivacion: IdDerivacion
    a: Annotated[CodigoInstitucion, dice("Institución a la que se escala")]


@hecho("derivacion-retirada")
class DerivacionRetirada(HechoDeRuta, frozen=True, kw_only=True):
    """Quien la emitió la deja sin efecto antes de atenderse."""

    derivacion: IdDerivacion
    motivo: MotivoRetiro
    detalle: Sellado[Relato] = UNSET


@hecho("derecho-en-restitucion")
class DerechoEnRestitucion(HechoDeRuta, frozen=True, kw_only=True):
    """Una evidencia puso un derecho en restitución; se deduce por la matriz del protocolo."""

    derecho: Derecho
    evidencia: Annotated[IdHecho, dice("Evento que lo pone en restitución")]


@hecho("derecho-restituido")
class DerechoRestituido(HechoDeRuta, frozen=True, kw_only=True):
    """Las evidencias bastan para dar un derecho por restituido (regla 9)."""

    derecho: Derecho
    evidencias: Evidencias


@hecho("derecho-vulnerado-de-nuevo")
class DerechoVulneradoDeNuevo(HechoDeRuta, frozen=True, kw_only=True):
    """Un derecho que estaba en restitución o restituido deja de estarlo."""

    derecho: Derecho
    evidencia: Annotated[IdHecho, dice("Evento que lo contradice")]


@hecho("derecho-no-aplicable")
class DerechoNoAplicable(HechoDeRuta, frozen=True, kw_only=True):
    """Una institución con mandato decide que un derecho no aplica; quién lo decide va en el sobre."""

    derecho: Derecho
    motivo: MotivoNoAplicable
    detalle: Sellado[Relato] = UNSET


@hecho("caso-coordinado")
class CasoCoordinado(HechoDeRuta, frozen=True, kw_only=True):
    """Mesa interinstitucional sobre un caso: quiénes estuvieron y a qué se comprometieron (S003 OE3)."""

    instituciones: Annotated[tuple[CodigoInstitucion, ...], Meta(max_length=50, description="Quiénes estuvieron")]
    acuerdos: Annotated[tuple[Acuerdo, ...], Meta(max_length=50, description="Compromisos adoptados")]
    acta: Sellado[Relato] = UNSET


@hecho("ruta-cerrada")
class RutaCerrada(HechoDeRuta, frozen=True, kw_only=True):
    """La ruta deja de seguirse. La restitución plena solo cabe con cada derecho evidenciado (regla 3)."""

    motivo: MotivoCierre
    detalle: Sellado[Relato] = UNSET


@hecho("ruta-reabierta")
class RutaReabierta(HechoDeRuta, frozen=True, kw_only=True):
    """Una ruta cerrada vuelve a seguirse."""

    motivo: MotivoReapertura
    detalle: Sellado[Relato] = UNSET


@hecho("institucion-inscrita")
class InstitucionInscrita(HechoDeInstitucion, frozen=True, kw_only=True):
    """Entra una institución en el directorio, con lo que puede pedir, lo que presta y dónde (S001 B1)."""

    pais: PaisProtocolo
    mandatos: Annotated[tuple[Clave, ...], Meta(max_length=32, description="Para qué está facultada")]
    servicios: Annotated[tuple[ServicioPedido, ...], Meta(max_length=64, description="Qué presta")]
    cobertura: Annotated[tuple[Territorio, ...], Meta(max_length=400, description="Dónde lo presta")]
    clave_firma: ClaveFirma


@hecho("institucion-actualizada")
class InstitucionActualizada(HechoDeInstitucion, frozen=True, kw_only=True):
    """Cambian los datos de una institución; estos sustituyen a los anteriores por completo."""

    pais: PaisProtocolo
    mandatos: Annotated[tuple[Clave, ...], Meta(max_length=32, description="Para qué está facultada")]
    servicios: Annotated[tuple[ServicioPedido, ...], Meta(max_length=64, description="Qué presta")]
    cobertura: Annotated[tuple[Territorio, ...], Meta(max_length=400, description="Dónde lo presta")]
    clave_firma: ClaveFirma


@hecho("institucion-suspendida")
class InstitucionSuspendida(HechoDeInstitucion, frozen=True, kw_only=True):
    """La institución deja de poder pedir y de recibir derivaciones."""

    motivo: MotivoSuspension


@hecho("institucion-silenciosa")
class InstitucionSilenciosa(HechoDeInstitucion, frozen=True, kw_only=True):
    """La institución no da señales en su plazo; su silencio se ve (regla 5)."""

    desde: Annotated[Instante, dice("Última señal que se tuvo de ella, en UTC")]
