"""Las teselas del libro leídas de su base: las hojas de `libro` y los nodos de `nodos`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from servicios.auditoria.libro import libro, nodos

_HOJAS = (
    sa.select(libro.c.hoja)
    .where(libro.c.indice >= sa.bindparam("desde"), libro.c.indice < sa.bindparam("hasta"))
    .order_by(libro.c.indice)
)
_NODOS = (
    sa.select(nodos.c.hash)
    .where(
        nodos.c.nivel == sa.bindparam("nivel"),
        nodos.c.indice >= sa.bindparam("desde"),
        nodos.c.indice < sa.bindparam("hasta"),
    )
    .order_by(nodos.c.indice)
)


@dataclass(frozen=True)
class TeselasDelLibro:
    """Cumple `arbol.Teselas` sobre una conexión abierta."""

    conexion: Connection

    def nodos(self, nivel: int, desde: int, hasta: int) -> Sequence[bytes]:
        """Los de un nivel, de un índice a otro (sin incluir)."""
        tramo = {"desde": desde, "hasta": hasta}
        filas = (
            self.conexion.execute(_NODOS, tramo | {"nivel": nivel}) if nivel else self.conexion.execute(_HOJAS, tramo)
        )
        return list(filas.scalars())
