"""Qué consta de la institución en los servicios: no lo que su programa dice que hizo, sino lo que quedó."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final

import sqlalchemy as sa

from infra.almacen.esquema import bandeja, solicitudes
from infra.almacen.motor import leyendo
from senda.arena import Arena
from servicios.coordinacion.tablas import derivaciones

_CADA: Final = 0.2


@dataclass
class Juez:
    """Mira las bases de los servicios; no las toca."""

    arena: Arena
    _espera: Event = field(default_factory=Event)

    def encargos(self) -> Counter[str]:
        """Cuántos encargos suyos hay en cada estado."""
        consulta = sa.select(derivaciones.c.estado, sa.func.count()).where(derivaciones.c.a == self._codigo)
        with leyendo(self.arena.sistema.estaciones["coordinacion"].almacen.motor) as conexion:
            return Counter(dict(conexion.execute(consulta.group_by(derivaciones.c.estado)).tuples().all()))

    def sin_acusar_recibo(self) -> int:
        """Encargos atendidos de los que nunca dijo que alguien los leyó (regla 5)."""
        consulta = sa.select(sa.func.count()).where(
            derivaciones.c.a == self._codigo, derivaciones.c.atendida.is_not(None), derivaciones.c.recibida.is_(None)
        )
        with leyendo(self.arena.sistema.estaciones["coordinacion"].almacen.motor) as conexion:
            return conexion.scalar(consulta) or 0

    def respondidas(self, resultado: str) -> int:
        """Cuántas solicitudes distintas suyas se han aceptado o rechazado, en todos los servicios."""
        consulta = sa.select(sa.func.count()).where(
            solicitudes.c.institucion == self._codigo, solicitudes.c.resultado == resultado
        )
        total = 0
        for estacion in self.arena.sistema.estaciones.values():
            with leyendo(estacion.almacen.motor) as conexion:
                total += conexion.scalar(consulta) or 0
        return total

    def en_curso(self) -> int:
        """Solicitudes recibidas y aún sin responder."""
        total = 0
        for estacion in self.arena.sistema.estaciones.values():
            with leyendo(estacion.almacen.motor) as conexion:
                total += conexion.scalar(sa.select(sa.func.count()).select_from(bandeja)) or 0
        return total

    def todo_atendido(self) -> bool:
        """Si no le queda ningún encargo por atender ni nada en el aire."""
        return not (self.encargos().keys() - {"atendida"}) and not self.en_curso()

    def esperar(self, condicion: Callable[[], bool], plazo: float) -> bool:
        """Si la condición se cumplió antes de ``plazo`` segundos."""
        reloj = self.arena.sistema.montaje.reloj
        limite = reloj.monotono() + plazo
        while not condicion():
            if reloj.monotono() >= limite:
                return False
            self._espera.wait(_CADA)
        return True

    @property
    def _codigo(self) -> str:
        return self.arena.propia.codigo


__all__ = ["Juez"]
