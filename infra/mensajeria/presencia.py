"""Qué procesos de un servicio están en marcha: cada uno lo dice en la base mientras anda.

El arriendo del relevo no basta: solo se renueva cuando hay algo que publicar, y un servicio ocioso no tendría ninguno.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import arriendos
from infra.almacen.insertar import insertar_si_falta
from infra.mensajeria.ajustes import Ajustes

_PROCESO: Final = "proceso:"
_DE_PROCESO = arriendos.c.nombre.startswith(_PROCESO, autoescape=True)
_SUYA = arriendos.c.nombre == sa.bindparam("cual")
_RENOVAR = sa.update(arriendos).where(_SUYA)
_QUITAR = sa.delete(arriendos).where(_SUYA)
_VIVAS = sa.select(arriendos.c.titular).where(_DE_PROCESO, arriendos.c.vence > sa.bindparam("ahora"))
_QUITAR_MUERTAS = sa.delete(arriendos).where(_DE_PROCESO, arriendos.c.vence <= sa.bindparam("ahora"))


def en_marcha(conexion: Connection, ahora: datetime) -> list[str]:
    """Los procesos (titulares) que dijeron hace poco que andan. Uno muerto de golpe sigue aquí hasta que vence."""
    return sorted(conexion.scalars(_VIVAS, {"ahora": ahora}))


@dataclass
class Presencia:
    """El paso que dice «sigo aquí». ``titular``: este proceso."""

    almacen: Almacen
    titular: str
    ajustes: Ajustes
    _renovada: datetime | None = None

    def paso(self) -> bool:
        """Lo renueva cuando lleva un tercio de su plazo. Nunca cuenta como trabajo."""
        ahora = self.almacen.reloj.ahora()
        if self._renovada is not None and self._renovada <= ahora < self._renovada + self.ajustes.presencia / 3:
            return False
        vence = ahora + self.ajustes.presencia
        fila = {"nombre": self._nombre, "titular": self.titular, "valla": 0, "vence": vence}
        with self.almacen.motor.begin() as conexion:
            if self._renovada is None:
                conexion.execute(_QUITAR_MUERTAS, {"ahora": ahora})
            if not conexion.execute(_RENOVAR.values(vence=vence), {"cual": self._nombre}).rowcount:
                insertar_si_falta(conexion, arriendos, [fila])
        self._renovada = ahora
        return False

    def despedir(self) -> None:
        """Este proceso ya no anda."""
        with self.almacen.motor.begin() as conexion:
            conexion.execute(_QUITAR, {"cual": self._nombre})

    @property
    def _nombre(self) -> str:
        return f"{_PROCESO}{self.titular}"


__all__ = ["Presencia", "en_marcha"]
