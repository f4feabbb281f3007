"""La cuenta de lo que no se atendió: lo que no era de nadie y lo que pasó de su cupo, por día (UTC) y código."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import devueltas
from infra.almacen.insertar import insertar_si_falta

_SUMAR = (
    sa.update(devueltas)
    .where(devueltas.c.dia == sa.bindparam("de_dia"), devueltas.c.codigo == sa.bindparam("de_codigo"))
    .values(cuantas=devueltas.c.cuantas + sa.bindparam("mas"))
)
_POR_CODIGO = sa.select(devueltas.c.codigo, sa.func.sum(devueltas.c.cuantas)).group_by(devueltas.c.codigo)


def contar_devuelta(conexion: Connection, ahora: datetime, codigo: str, mas: int = 1) -> None:
    """Una más (o ``mas``), dentro de la transacción en que se responden."""
    dia = ahora.astimezone(UTC).date()
    if not conexion.execute(_SUMAR, {"de_dia": dia, "de_codigo": codigo, "mas": mas}).rowcount:
        insertar_si_falta(conexion, devueltas, [{"dia": dia, "codigo": codigo, "cuantas": 0}])
        conexion.execute(_SUMAR, {"de_dia": dia, "de_codigo": codigo, "mas": mas})


def contar_devueltas(conexion: Connection) -> dict[str, int]:
    """Las que van desde que existe el servicio, por código."""
    return {codigo: int(cuantas) for codigo, cuantas in conexion.execute(_POR_CODIGO)}


__all__ = ["contar_devuelta", "contar_devueltas"]
