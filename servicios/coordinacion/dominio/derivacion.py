"""La derivación: emitida → recibida → aceptada → atendida, o rechazada, reasignada o retirada. El silencio la vence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from eventos.base import Hecho
from eventos.coordinacion import (
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEscalada,
    DerivacionRechazada,
    DerivacionRecibida,
    DerivacionRetirada,
    DerivacionVencida,
    Etapa,
)
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoDerivacion, MotivoRechazo, MotivoRetiro
from eventos.tipos import Urgencia
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.dominio.suceso import Evidencia


class Estado(StrEnum):
    """En qué está un encargo."""

    EMITIDA = "emitida"
    RECIBIDA = "recibida"
    ACEPTADA = "aceptada"
    ATENDIDA = "atendida"
    RECHAZADA = "rechazada"
    REASIGNADA = "reasignada"
    RETIRADA = "retirada"


PENDIENTES = frozenset({Estado.EMITIDA, Estado.RECIBIDA, Estado.ACEPTADA})
SIN_ACEPTAR = frozenset({Estado.EMITIDA, Estado.RECIBIDA})


class Derivacion(Struct, frozen=True, kw_only=True):
    """Un encargo. ``anteriores``: instituciones que ya lo tuvieron; ``vencidas``: etapas cuyo plazo ya venció."""

    id: UUID
    ruta: UUID
    de: str
    a: str
    servicio: ServicioPedido
    urgencia: Urgencia
    regla: str
    motivo: MotivoDerivacion
    plazo_legal: bool
    vence_acuse: datetime | None
    vence_atencion: datetime | None
    estado: Estado = Estado.EMITIDA
    resultado: ResultadoAtencion | None = None
    vencidas: frozenset[Etapa] = frozenset()
    anteriores: tuple[str, ...] = ()

    @property
    def pendiente(self) -> bool:
        """Si alguien debe todavía responder de ella."""
        return self.estado in PENDIENTES

    @property
    def ya_pasaron(self) -> tuple[str, ...]:
        """Las que la tuvieron, con la de ahora."""
        return (*self.anteriores, self.a)


def recibir(d: Derivacion, institucion: str) -> DerivacionRecibida:
    """Acuse de un agente de la institución encargada. Una entrega técnica no llega aquí (regla 5)."""
    _exigir_destinataria(d, institucion)
    _exigir_pendiente(d)
    if d.estado is not Estado.EMITIDA:
        raise rechazos.DerivacionYaRecibida
    return DerivacionRecibida(ruta=d.ruta, derivacion=d.id)


def aceptar(d: Derivacion, institucion: str) -> list[Hecho]:
    """Asume el encargo. Quien acepta sin acusar antes, acusa al aceptar."""
    previo = _acuse_implicito(d, institucion)
    return [*previo, DerivacionAceptada(ruta=d.ruta, derivacion=d.id)]


def rechazar(d: Derivacion, institucion: str, motivo: MotivoRechazo, detalle: str | UnsetType = UNSET) -> list[Hecho]:
    """Declina el encargo. Quien decide reasignarlo es la ruta: nunca queda sin dueño."""
    previo = _acuse_implicito(d, institucion)
    return [*previo, DerivacionRechazada(ruta=d.ruta, derivacion=d.id, motivo=motivo, detalle=detalle)]


def atender(
    d: Derivacion,
    institucion: str,
    resultado: ResultadoAtencion,
    evidencias: Sequence[Evidencia],
    detalle: str | UnsetType = UNSET,
) -> DerivacionAtendida:
    """Da el encargo por atendido. ``evidencias`` ya son de esta ruta; aquí se exige que valgan (regla 9).

    Solo «no localizada» y «declinada por la persona» caben sin prueba: no hubo nada que prestar.
    """
    exigir_atendible(d, institucion)
    if not evidencias and resultado in {ResultadoAtencion.COMPLETA, ResultadoAtencion.PARCIAL}:
        raise rechazos.FaltaEvidencia
    if any(e.contradicha_por is not None for e in evidencias):
        raise rechazos.EvidenciaContradicha
    if not all(e.con_mandato for e in evidencias):
        raise rechazos.EvidenciaSinMandato
    ids = tuple(dict.fromkeys(e.id for e in evidencias))
    return DerivacionAtendida(ruta=d.ruta, derivacion=d.id, resultado=resultado, evidencias=ids, detalle=detalle)


def exigir_atendible(d: Derivacion, institucion: str) -> None:
    """La atiende quien la tiene, la aceptó y aún responde de ella."""
    _exigir_destinataria(d, institucion)
    _exigir_pendiente(d)
    if d.estado is not Estado.ACEPTADA:
        raise rechazos.DerivacionSinAceptar


def retirar(
    d: Derivacion, quien: str, rectora: str, motivo: MotivoRetiro, *, nna: bool, detalle: str | UnsetType = UNSET
) -> DerivacionRetirada:
    """La deja sin efecto quien la emitió o la rectora. La de niñez no se retira mientras sea NNA (regla 2)."""
    if quien not in {d.de, rectora}:
        raise rechazos.NoEsSuya
    _exigir_pendiente(d)
    if nna and d.servicio is ServicioPedido.PROTECCION_NNA:
        raise rechazos.ObligatoriaDeNinez
    return DerivacionRetirada(ruta=d.ruta, derivacion=d.id, motivo=motivo, detalle=detalle)


def exigir_reasignable(d: Derivacion, quien: str, rectora: str, a: str) -> None:
    """La reasigna quien la emitió, quien la tiene o la rectora, y a otra institución."""
    if quien not in {d.de, d.a, rectora}:
        raise rechazos.NoEsSuya
    _exigir_pendiente(d)
    if a == d.a:
        raise rechazos.DerivacionRepetida


def vencida(d: Derivacion, etapa: Etapa, ahora: datetime) -> bool:
    """Si esa etapa está vencida y nadie lo ha contado todavía."""
    plazo = d.vence_acuse if etapa is Etapa.ACUSE else d.vence_atencion
    a_tiempo_aun = d.estado is Estado.EMITIDA if etapa is Etapa.ACUSE else d.pendiente
    return a_tiempo_aun and plazo is not None and plazo <= ahora and etapa not in d.vencidas


def vencer(d: Derivacion, etapa: Etapa, ahora: datetime, a_quien: str) -> list[Hecho]:
    """El silencio es un hecho (regla 5): vence y se escala, una sola vez por etapa. Si no procede, nada.

    Las normas fijan cuándo atender, nunca cuándo acusar: un acuse vencido escala, pero no acusa (regla 10).
    """
    if not vencida(d, etapa, ahora):
        return []
    legal = d.plazo_legal and etapa is Etapa.ATENCION
    return [
        DerivacionVencida(ruta=d.ruta, derivacion=d.id, etapa=etapa, plazo_legal=legal),
        DerivacionEscalada(ruta=d.ruta, derivacion=d.id, a=a_quien),
    ]


def _acuse_implicito(d: Derivacion, institucion: str) -> list[Hecho]:
    _exigir_destinataria(d, institucion)
    _exigir_pendiente(d)
    if d.estado not in SIN_ACEPTAR:
        raise rechazos.DerivacionYaAceptada
    return [recibir(d, institucion)] if d.estado is Estado.EMITIDA else []


def _exigir_destinataria(d: Derivacion, institucion: str) -> None:
    if institucion != d.a:
        raise rechazos.NoEsLaDestinataria


def _exigir_pendiente(d: Derivacion) -> None:
    if not d.pendiente:
        raise rechazos.DerivacionTerminada
