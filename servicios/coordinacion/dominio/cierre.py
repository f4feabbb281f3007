"""Cerrar y reabrir: la restitución plena se comprueba; los demás motivos piden el hecho que los prueba (regla 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import UNSET, UnsetType

from eventos.base import Hecho
from eventos.coordinacion import DerechoNoAplicable, DerivacionRetirada, RutaCerrada, RutaReabierta
from eventos.listas import Derecho, ResultadoAtencion
from eventos.motivos import (
    MotivoCierre,
    MotivoDerivacion,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRetiro,
)
from eventos.tipos import SiNo
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.dominio.derechos import Estado
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Condicion, Evidencia, Perfil, Suceso

#: Lo que no se reabre porque aparezca un hecho nuevo: solo si el cierre fue un error.
_DEFINITIVOS = frozenset({MotivoCierre.FALLECIMIENTO, MotivoCierre.MISMA_PERSONA})


class ReglaDeCierre(Protocol):
    """Qué hechos prueban un motivo (basta uno); sin ninguno, el motivo no pide prueba."""

    @property
    def motivo(self) -> MotivoCierre: ...

    @property
    def exige(self) -> Sequence[Condicion]: ...


class ReglaDeReapertura(Protocol):
    """Qué hecho nuevo reabre por sí solo una ruta cerrada, y con qué motivo."""

    @property
    def motivo(self) -> MotivoReapertura: ...

    @property
    def cuando(self) -> Sequence[Condicion]: ...


class ReglaDeExclusion(Protocol):
    """Qué derechos puede dejar fuera un motivo y qué hecho lo prueba, si pide alguno."""

    @property
    def motivo(self) -> MotivoNoAplicable: ...

    @property
    def derechos(self) -> Collection[Derecho]: ...

    @property
    def exige(self) -> Sequence[Condicion]: ...


def pendientes_de_restituir(ruta: Ruta, exigibles: Iterable[Derecho]) -> list[Derecho]:
    """Los derechos que aún impiden la restitución plena. ``exigibles``: los del perfil de hoy, más los ya abiertos."""
    todos = dict.fromkeys((*ruta.derechos, *exigibles))
    libres = {Estado.RESTITUIDO, Estado.NO_APLICABLE}
    return [d for d in todos if d not in ruta.derechos or ruta.derechos[d].estado not in libres]


def cerrar(
    ruta: Ruta,
    motivo: MotivoCierre,
    *,
    reglas: Iterable[ReglaDeCierre],
    exigibles: Iterable[Derecho],
    evidencias: Sequence[Evidencia],
    nna: bool,
    autoridad_ninez: bool,
    detalle: str | UnsetType = UNSET,
) -> list[Hecho]:
    """Cierra la ruta y retira lo que quede pendiente.

    ``autoridad_ninez``: quien pide puede decidir por una NNA.
    """
    ruta.exigir_abierta()
    if motivo is MotivoCierre.RESTITUCION_PLENA:
        _exigir_restitucion_plena(ruta, exigibles)
    if motivo is MotivoCierre.DECISION_PERSONA and nna and not autoridad_ninez:
        raise rechazos.NoDecideSola
    if not probado(ruta, motivo, reglas, evidencias):
        raise rechazos.CierreSinPrueba
    descartada = motivo is MotivoCierre.PRESUNCION_DESCARTADA
    retiro = MotivoRetiro.PRESUNCION_DESCARTADA if descartada else MotivoRetiro.RUTA_CERRADA
    return [
        *(DerivacionRetirada(ruta=ruta.id, derivacion=d.id, motivo=retiro) for d in ruta.pendientes),
        RutaCerrada(ruta=ruta.id, motivo=motivo, detalle=detalle),
    ]


def probado(ruta: Ruta, motivo: MotivoCierre, reglas: Iterable[ReglaDeCierre], evidencias: Iterable[Evidencia]) -> bool:
    """Si lo que se sabe hoy respalda ese motivo de cierre."""
    exigidas = [c for regla in reglas if regla.motivo is motivo for c in regla.exige]
    if not exigidas:
        return True
    sin_localizar = any(d.resultado is ResultadoAtencion.NO_LOCALIZADA for d in ruta.derivaciones.values())
    return (motivo is MotivoCierre.PERDIDA_CONTACTO and sin_localizar) or any(
        e.vale and e.cumple_alguna(exigidas) for e in evidencias
    )


def reabrir(ruta: Ruta, motivo: MotivoReapertura, detalle: str | UnsetType = UNSET) -> RutaReabierta:
    """Vuelve a seguir una ruta cerrada."""
    if ruta.apertura is None:
        raise rechazos.RutaSinAbrir
    if ruta.abierta:
        raise rechazos.RutaNoCerrada
    if ruta.cierre in _DEFINITIVOS and motivo is not MotivoReapertura.CIERRE_ERRONEO:
        raise rechazos.ReaperturaImposible
    return RutaReabierta(ruta=ruta.id, motivo=motivo, detalle=detalle)


def motivo_para_reabrir(
    ruta: Ruta, suceso: Suceso, registrado: datetime, reglas: Iterable[ReglaDeReapertura]
) -> MotivoReapertura | None:
    """Si un hecho obliga a reabrir. Uno anterior al cierre que llega tarde no dice nada nuevo y no reabre."""
    if ruta.abierta or ruta.cerrada_en is None or registrado <= ruta.cerrada_en or ruta.cierre in _DEFINITIVOS:
        return None
    return next((regla.motivo for regla in reglas if suceso.cumple_alguna(regla.cuando)), None)


def no_aplica(
    ruta: Ruta,
    derecho: Derecho,
    motivo: MotivoNoAplicable,
    *,
    perfil: Perfil,
    exigibles: Iterable[Derecho],
    reglas: Iterable[ReglaDeExclusion],
    evidencias: Sequence[Evidencia],
    autoridad_ninez: bool,
    detalle: str | UnsetType = UNSET,
) -> DerechoNoAplicable:
    """Excluye un derecho de la matriz de esta ruta. Sin esto, declararlo sería atajo para saltarse la regla 3."""
    ruta.exigir_abierta()
    if derecho not in pendientes_de_restituir(ruta, exigibles):
        raise rechazos.DerechoAjeno
    regla = next((r for r in reglas if r.motivo is motivo and derecho in r.derechos), None)
    if regla is None:
        raise rechazos.DerechoIrrenunciable
    if motivo is MotivoNoAplicable.DECISION_PERSONA and perfil.nna and not autoridad_ninez:
        raise rechazos.NoDecideSola
    niega = (motivo is MotivoNoAplicable.NACIONAL and perfil.extranjera is not SiNo.NO) or (
        motivo is MotivoNoAplicable.EDAD and perfil.nna
    )
    if niega or (regla.exige and not any(e.vale and e.cumple_alguna(regla.exige) for e in evidencias)):
        raise rechazos.MotivoNoConsta
    return DerechoNoAplicable(ruta=ruta.id, derecho=derecho, motivo=motivo, detalle=detalle)


def _exigir_restitucion_plena(ruta: Ruta, exigibles: Iterable[Derecho]) -> None:
    if pendientes_de_restituir(ruta, exigibles):
        raise rechazos.DerechosPendientes
    if any(d.motivo is MotivoDerivacion.OBLIGACION_LEGAL for d in ruta.pendientes):
        raise rechazos.ObligacionPendiente
