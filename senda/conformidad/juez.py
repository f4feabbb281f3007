"""Qué consta de la institución en los servicios: no lo que su programa dice que hizo, sino lo que quedó."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from eventos.coordinacion import DerivacionRecibida
from infra.almacen.esquema import bandeja, solicitudes
from infra.almacen.motor import leyendo
from senda.arena import Arena
from servicios.coordinacion.tablas import derivaciones

_CADA: Final = 0.2
_RECIBIDA: Final = DerivacionRecibida.tipo


@dataclass
class Juez:
    """Mira las bases de los servicios; no las toca."""

    arena: Arena
    _espera: Event = field(default_factory=Event)

    def encargos(self) -> dict[UUID, str]:
        """El estado de cada encargo suyo."""
        consulta = sa.select(derivaciones.c.derivacion, derivaciones.c.estado).where(derivaciones.c.a == self._codigo)
        with leyendo(self.arena.sistema.estaciones["coordinacion"].almacen.motor) as conexion:
            return dict(conexion.execute(consulta).tuples().all())

    def recibidos(self) -> set[UUID]:
        """Los encargos de los que dijo que alguien los leyó (regla 5), con todas las letras: aceptar no basta."""
        hechos = [msgspec.json.decode(acuse).get("eventos", []) for acuse in self._acuses("aceptada")]
        # Quien acepta sin acusar antes acusa al aceptar: ese acuse trae los dos hechos.
        return {UUID(h[0]["datos"]["derivacion"]) for h in hechos if [x["tipo"] for x in h] == [_RECIBIDA]}

    def respondidas(self, resultado: str) -> int:
        """Cuántas solicitudes distintas suyas se han aceptado o rechazado, en todos los servicios."""
        return len(self._acuses(resultado))

    def rechazos(self) -> Counter[str]:
        """Cuántas veces se le ha rechazado algo, por código."""
        return Counter(msgspec.json.decode(acuse)["codigo"] for acuse in self._acuses("rechazada"))

    def en_curso(self) -> int:
        """Solicitudes recibidas y aún sin responder."""
        total = 0
        for estacion in self.arena.sistema.estaciones.values():
            with leyendo(estacion.almacen.motor) as conexion:
                total += conexion.scalar(sa.select(sa.func.count()).select_from(bandeja)) or 0
        return total

    def pendientes(self) -> set[UUID]:
        """Los encargos que no ha atendido."""
        return {id for id, estado in self.encargos().items() if estado != "atendida"}

    def esperar(self, condicion: Callable[[], bool], plazo: float) -> bool:
        """Si la condición se cumplió antes de ``plazo`` segundos."""
        reloj = self.arena.sistema.montaje.reloj
        limite = reloj.monotono() + plazo
        while not condicion():
            if reloj.monotono() >= limite:
                return False
            self._espera.wait(_CADA)
        return True

    def _acuses(self, resultado: str) -> list[bytes]:
        consulta = sa.select(solicitudes.c.acuse).where(
            solicitudes.c.institucion == self._codigo, solicitudes.c.resultado == resultado
        )
        acuses: list[bytes] = []
        for estacion in self.arena.sistema.estaciones.values():
            with leyendo(estacion.almacen.motor) as conexion:
                acuses += conexion.scalars(consulta)
        return acuses

    @property
    def _codigo(self) -> str:
        return self.arena.propia.codigo


__all__ = ["Juez"]
