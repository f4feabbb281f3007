"""Escribir con una fila tomada: la transacción empieza por esperarla, y en PostgreSQL eso y abrirla son un viaje."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine


class Candado(NamedTuple):
    """La fila que se toma y lo que se lee con ella tomada: SQL sin parámetros, y nada que venga de fuera.

    Van en dos sentencias: lo que la segunda lee es de después de la espera.
    """

    tomar: str
    mirar: str


@contextmanager
def con_candado(motor: Engine, candado: Candado) -> Iterator[tuple[Connection, tuple[Any, ...]]]:
    """Una transacción con la fila tomada hasta el final, y lo que se vio al tomarla. En SQLite escribe uno a la vez."""
    if motor.dialect.name != "postgresql":
        with motor.begin() as conexion:
            yield conexion, tuple(conexion.exec_driver_sql(candado.mirar).one())
        return
    # AUTOCOMMIT, para que psycopg no abra la transacción por su cuenta. El BEGIN va detrás porque SQLAlchemy cierra lo
    # que empieza sin filas; lo anterior del mismo mensaje queda dentro (PostgreSQL, «Multiple Statements in a Simple
    # Query»).
    with motor.connect().execution_options(isolation_level="AUTOCOMMIT") as conexion, conexion.begin():
        cursor: Any = conexion.exec_driver_sql(f"{candado.tomar}; BEGIN; {candado.mirar}").cursor
        cursor.nextset()
        cursor.nextset()
        yield conexion, cursor.fetchone()


__all__ = ["Candado", "con_candado"]
