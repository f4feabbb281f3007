"""Insertar sin pisar: el INSERT … ON CONFLICT DO NOTHING que SQLite y PostgreSQL escriben igual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insertar_si_falta(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade las filas cuya clave no está; las que están quedan como estaban."""
    if not filas:
        return
    if conexion.dialect.name == "postgresql":
        conexion.execute(postgresql.insert(tabla).on_conflict_do_nothing(), filas)
    else:
        conexion.execute(sqlite.insert(tabla).on_conflict_do_nothing(), filas)
