"""Insertar sin pisar: el INSERT … ON CONFLICT DO NOTHING que SQLite y PostgreSQL escriben igual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect, Table, TextClause
from sqlalchemy.sql.schema import ScalarElementColumnDefault


def insertar_si_falta(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade las filas cuya clave no está; las que están quedan como estaban. Todas llevan las mismas columnas."""
    if not filas:
        return
    sentencia, fijos = _sentencia(tabla, tuple(filas[0]))
    conexion.execute(sentencia, [{**fijos, **fila} for fila in filas] if fijos else list(filas))


class Altas:
    """Añade las filas cuya clave no está; las que están quedan como estaban. Todas, con las mismas columnas."""

    def __init__(self, conexion: Connection) -> None:
        self._conexion = conexion
        self._filas: dict[Table, list[Mapping[str, Any]]] = {}

    def agregar(self, tabla: Table, **fila: Any) -> None:
        """Una fila más; si su clave ya está, quedará como estaba."""
        self._filas.setdefault(tabla, []).append(fila)

    def escribir(self) -> None:
        """Escribe lo acumulado. Hay que llamarla antes de tocar esas tablas de otro modo, y al final."""
        for tabla, filas in self._filas.items():
            insertar_si_falta(self._conexion, tabla, filas)
        self._filas.clear()


def anadir_por_columnas(conexion: Connection, tabla: Table, columnas: Mapping[str, Sequence[Any]]) -> None:
    """Añade muchas filas de una vez. ``columnas``: los valores de cada una, todas igual de largas y al menos una fila.

    Los valores van al adaptador tal cual (enteros, textos, bytes): no sirve para tipos que los conviertan. En
    PostgreSQL es una sola sentencia, en binario: un tercio de lo que cuesta ir fila a fila. Errores: los de la base.
    """
    sentencia = _por_columnas(tabla, tuple(columnas), conexion.dialect)
    if conexion.dialect.name == "postgresql":
        conexion.exec_driver_sql(sentencia, {nombre: list(suyos) for nombre, suyos in columnas.items()})
    else:
        conexion.exec_driver_sql(sentencia, list(zip(*columnas.values(), strict=True)))


@cache
def _por_columnas(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect) -> str:
    nombres = ", ".join(f'"{n}"' for n in columnas)
    destino = f'INSERT INTO "{tabla.name}" ({nombres})'
    if dialecto.name != "postgresql":
        return f"{destino} VALUES ({', '.join('?' * len(columnas))})"
    # %b: en texto, psycopg escaparía cada byte de cada lista.
    listas = (f"unnest(%({n})b::{tabla.c[n].type.compile(dialecto)}[])" for n in columnas)
    return f"{destino} SELECT {', '.join(listas)}"


@cache
def _sentencia(tabla: Table, columnas: tuple[str, ...]) -> tuple[TextClause, dict[str, Any]]:
    """La sentencia y los valores por defecto de lo que falte.

    Es texto porque SQLAlchemy no guarda compilado un INSERT con ON CONFLICT: compilarlo cuesta más que ejecutarlo.
    """
    por_defecto = {c.name: c.default.arg for c in tabla.columns if isinstance(c.default, ScalarElementColumnDefault)}
    fijos = {nombre: valor for nombre, valor in por_defecto.items() if nombre not in columnas}
    nombres = [*columnas, *fijos]
    lista, huecos = ", ".join(f'"{n}"' for n in nombres), ", ".join(f":{n}" for n in nombres)
    texto = sa.text(f'INSERT INTO "{tabla.name}" ({lista}) VALUES ({huecos}) ON CONFLICT DO NOTHING')  # noqa: S608
    return texto.bindparams(*(sa.bindparam(n, type_=tabla.c[n].type) for n in nombres)), fijos
