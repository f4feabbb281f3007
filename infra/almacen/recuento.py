"""Contar sin barrer: hasta un tope, que para saber que hay demasiado no hace falta saber cuánto."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection, Select

TOPE: Final = 10_000


def hasta_tope(conexion: Connection, filas: Select[Any], parametros: Mapping[str, Any] | None = None) -> int:
    """Cuántas filas da la consulta; a partir de `TOPE`, `TOPE`."""
    return conexion.scalar(sa.select(sa.func.count()).select_from(filas.limit(TOPE).subquery()), parametros) or 0


__all__ = ["TOPE", "hasta_tope"]
