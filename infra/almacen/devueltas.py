"""La cuenta de lo devuelto: cuántas solicitudes no se pudieron atribuir a nadie, por día (UTC) y código."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import devueltas
from infra.almacen.insertar import insertar_si_falta

_UNA_MAS = (
    sa.update(devueltas)
    .where(devueltas.c.dia == sa.bindparam("de_dia"), devueltas.c.codigo == sa.bindparam("de_codigo"))
    .values(cuantas=devueltas.c.cuantas + 1)
)
_TODAS = sa.select(sa.func.coalesce(sa.func.sum(devueltas.c.cuantas), 0))


def contar_devuelta(conexion: Connection, ahora: datetime, codigo: str) -> None:
    """Una más, dentro de la transacción que la responde."""
    dia = ahora.astimezone(UTC).date()
    if not conexion.execute(_UNA_MAS, {"de_dia": dia, "de_codigo": codigo}).rowcount:
        insertar_si_falta(conexion, devueltas, [{"dia": dia, "codigo": codigo, "cuantas": 0}])
        conexion.execute(_UNA_MAS, {"de_dia": dia, "de_codigo": codigo})


def contar_devueltas(conexion: Connection) -> int:
    """Las que van desde que existe el servicio."""
    return int(conexion.scalar(_TODAS) or 0)


__all__ = ["contar_devuelta", "contar_devueltas"]
