"""Saber si un sistema en procesos aparte terminó: nada por atender, por publicar ni por aplicar."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from infra.almacen.esquema import avances, bandeja, cabecera, marcas, salida
from infra.almacen.motor import abrir_motor, leyendo
from infra.mensajeria.relevo import DESTINO_HECHOS
from senda.composicion import CONTEXTOS
from senda.despliegue import Despliegue

_PENDIENTES = sa.select(
    sa.select(sa.func.count()).select_from(bandeja).scalar_subquery()
    + sa.select(sa.func.count()).select_from(salida).scalar_subquery()
)


class Reposo:
    """Mira las bases de todos los servicios. Que lo haya ahora no dice nada de lo que llegue después."""

    def __init__(self, despliegue: Despliegue) -> None:
        self._origenes = despliegue.origenes
        self._pila = ExitStack()
        self._motores = {n: abrir_motor(b.url, b.esquema) for n, b in despliegue.bases.items() if n in CONTEXTOS}
        for motor in self._motores.values():
            self._pila.callback(motor.dispose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, clase: type[BaseException] | None, error: BaseException | None, traza: TracebackType | None
    ) -> None:
        self._pila.close()

    def hay(self) -> bool:
        """Si nadie tiene nada pendiente y todos aplicaron hasta la última posición de cada origen que siguen."""
        posiciones = {n: self._valor(n, sa.select(cabecera.c.posicion)) for n in self._motores}
        return all(
            self._valor(nombre, _PENDIENTES) == 0
            and self._valor(nombre, sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS)) == posicion
            and all(self._aplicada(nombre, origen) == posiciones[origen] for origen in CONTEXTOS[nombre].sigue)
            for nombre, posicion in posiciones.items()
        )

    def _aplicada(self, nombre: str, origen: str) -> int:
        return self._valor(nombre, sa.select(avances.c.aplicada).where(avances.c.origen == self._origenes[origen]))

    def _valor(self, nombre: str, consulta: sa.Select[tuple[int]]) -> int:
        with leyendo(self._motores[nombre]) as conexion:
            return conexion.scalar(consulta) or 0


__all__ = ["Reposo"]
