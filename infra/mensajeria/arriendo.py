"""El arriendo: quién hace ahora un trabajo que solo puede hacer uno.

No es un candado de sesión: un titular congelado (SIGSTOP) lo retendría. Caduca solo, y cada titular nuevo sube la
valla; quien despierta tarde ya no puede mover la marca porque su valla no es la vigente.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import arriendos
from infra.almacen.insertar import insertar_si_falta


@dataclass(frozen=True, slots=True)
class Arriendo:
    """Pretende un trabajo (``nombre``) para un ``titular`` por un ``plazo``."""

    nombre: str
    titular: str
    plazo: timedelta

    def preparar(self, conexion: Connection, ahora: datetime) -> None:
        """Crea la fila si no está."""
        fila = {"nombre": self.nombre, "titular": "", "valla": 0, "vence": ahora}
        insertar_si_falta(conexion, arriendos, [fila])

    def tomar(self, conexion: Connection, ahora: datetime) -> int | None:
        """Toma o renueva; devuelve la valla, o None si otro es titular."""
        fila = conexion.execute(sa.select(arriendos).where(arriendos.c.nombre == self.nombre).with_for_update()).one()
        propio = fila.titular == self.titular
        if not propio and fila.vence > ahora:
            return None
        valla = int(fila.valla) if propio and fila.vence > ahora else int(fila.valla) + 1
        conexion.execute(
            sa.update(arriendos)
            .where(arriendos.c.nombre == self.nombre)
            .values(titular=self.titular, valla=valla, vence=ahora + self.plazo)
        )
        return valla

    def vigente(self, conexion: Connection, valla: int) -> bool:
        """Si la valla sigue siendo la última; mientras dura la transacción nadie puede subirla."""
        actual = conexion.scalar(
            sa.select(arriendos.c.valla).where(arriendos.c.nombre == self.nombre).with_for_update()
        )
        return actual == valla
