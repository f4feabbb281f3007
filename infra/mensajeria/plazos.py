"""El reloj de los plazos: atiende los que vencen, una sola vez; su estado está en la base y sobrevive a un reinicio.

Vencen por lotes en una transacción; si el lote falla, se repite de uno en uno y solo el culpable se deja para luego.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import structlog

from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.puertos import Servicio

registro = structlog.get_logger(__name__)


class _Aparte(NamedTuple):
    fallos: int
    hasta: datetime


class _Visto(NamedTuple):
    """Cuándo vence el primero, si hay alguno (UTC)."""

    cuando: datetime | None


@dataclass
class Plazos:
    """El paso que vence plazos. Los que fallan esperan en memoria: tras un reinicio se intentan otra vez."""

    almacen: Almacen
    servicio: Servicio
    ajustes: Ajustes = field(default_factory=Ajustes)
    _aparte: dict[Hashable, _Aparte] = field(default_factory=dict, init=False)
    #: Lo que vio un paso que no venció nada: lo que cambie desde entonces vuelve a darlo.
    _visto: _Visto | None = field(default=None, init=False)

    def paso(self) -> bool:
        """Vence un lote de plazos. Dice si venció alguno, o si apartó al que lo impedía."""
        ahora = self.almacen.reloj.ahora()
        proximo = self._primero()
        if proximo is None or proximo > ahora:
            self._olvidar(ahora)
            self._visto = _Visto(proximo)
            return False
        # Los que ya fallaron, a solas: en el lote lo tumbarían otra vez.
        vuelven = [plazo for plazo, aparte in self._aparte.items() if self.ajustes.toca(aparte.hasta, ahora)]
        vencio = [self._atender_solo(plazo) for plazo in vuelven[: self.ajustes.lote_plazos]]
        return self._atender_lote() or any(vencio)

    def proximo(self) -> datetime | None:
        """Cuándo vence el siguiente (UTC), o se vuelve a intentar el que falló."""
        visto, self._visto = self._visto, None
        primero = self._primero() if visto is None else visto.cuando
        if primero is None or not self._aparte or primero > self.almacen.reloj.ahora():
            return primero
        # El más viejo es uno apartado, y tapa al que vence después: se mira cuando ese vuelve.
        return min(aparte.hasta for aparte in self._aparte.values())

    @property
    def con_fallo(self) -> int:
        """Plazos vencidos que fallan cada vez que se atienden."""
        return len(self._aparte)

    def _olvidar(self, ahora: datetime) -> None:
        """Los que fallaban, debían volver y ya no vencen: los venció otra réplica, o un hecho los cumplió."""
        self._aparte = {p: a for p, a in self._aparte.items() if not self.ajustes.toca(a.hasta, ahora)}

    def _primero(self) -> datetime | None:
        with self.almacen.consulta() as tanda:
            return self.servicio.proximo_vencimiento(tanda)

    def _atender_lote(self) -> bool:
        vistos: list[Hashable] = []

        def dejar(plazo: Hashable) -> datetime | None:
            if plazo in self._aparte:
                return self._aparte[plazo].hasta
            vistos.append(plazo)
            return None

        try:
            with self.almacen.tanda() as tanda:
                return self.servicio.vencer(tanda, self._cuantos(), dejar) > 0
        except Exception as error:
            # Sin saber cuáles eran (falló al leerlos) no hay a quién dejar fuera.
            if base_caida(error) or not vistos:
                raise
        for plazo in vistos:
            self._atender_solo(plazo)
        return True

    def _atender_solo(self, este: Hashable) -> bool:
        """Si lo venció. Los demás del lote se quedan como estaban: vencidos."""
        try:
            with self.almacen.tanda() as tanda:
                ahora = tanda.ahora
                vencio = self.servicio.vencer(tanda, self._cuantos(), lambda p: None if p == este else ahora) > 0
        except Exception as error:
            if base_caida(error):
                raise
            fallos = self._aparte[este].fallos + 1 if este in self._aparte else 1
            registro.error(
                "plazo-con-fallo", servicio=self.servicio.nombre, asunto=type(este).__name__,
                clase=type(error).__name__, lugar=lugar(error), fallos=fallos,
            )  # fmt: skip
            self._aparte[este] = _Aparte(fallos, self.almacen.reloj.ahora() + self.ajustes.retroceso(fallos))
            return False
        # También si otra réplica lo venció antes.
        self._aparte.pop(este, None)
        return vencio

    def _cuantos(self) -> int:
        """Los apartados siguen vencidos y son los más viejos: no han de llenar el lote."""
        return self.ajustes.lote_plazos + len(self._aparte)
