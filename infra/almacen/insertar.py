"""Insertar sin pisar: el INSERT … ON CONFLICT DO NOTHING que SQLite y PostgreSQL escriben igual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect, Insert, Table, TextClause, Update
from sqlalchemy.sql.schema import ScalarElementColumnDefault


def anadir(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade filas. Todas llevan las mismas columnas. Errores: los de la base."""
    if not filas:
        return
    if conexion.dialect.name == "postgresql":
        _anadir_a_mano(conexion, tabla, filas, si_falta=False)
    else:
        conexion.execute(_insert(tabla), filas)


def anadir_y_mover(
    conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]], mover: Update, hasta: Mapping[str, Any]
) -> None:  # fmt: skip
    """Añade filas y ejecuta ``mover`` con ``hasta``; en PostgreSQL, de un solo viaje. Errores: los de la base.

    ``mover``: una sentencia constante; sus parámetros no se llaman como ninguna columna de ``tabla``.
    """
    if conexion.dialect.name == "postgresql":
        _anadir_a_mano(conexion, tabla, filas, si_falta=False, antes=_en_texto(mover, conexion.dialect), con=hasta)
    else:
        anadir(conexion, tabla, filas)
        conexion.execute(mover, hasta)


def insertar_si_falta(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade las filas cuya clave no está; las que están quedan como estaban. Todas llevan las mismas columnas."""
    if not filas:
        return
    if conexion.dialect.name == "postgresql":
        _anadir_a_mano(conexion, tabla, filas, si_falta=True)
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


def _anadir_a_mano(
    conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]], *, si_falta: bool, antes: str = "",
    con: Mapping[str, Any] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Una sola sentencia, sin pasar por SQLAlchemy, que por fila cuesta más que la base. psycopg ya sabe los tipos."""
    columnas = tuple(filas[0])
    por_defecto = _por_defecto(tabla, columnas)
    sentencia = _a_mano(tabla, columnas + tuple(por_defecto), conexion.dialect, sola=len(filas) == 1, si_falta=si_falta)
    if antes:
        sentencia = f"WITH antes AS ({antes}) {sentencia}"
    if len(filas) == 1:
        conexion.exec_driver_sql(sentencia, {**por_defecto, **filas[0], **con})
        return
    valores = {nombre: [fila[nombre] for fila in filas] for nombre in columnas}
    valores |= {nombre: [v] * len(filas) for nombre, v in por_defecto.items()}
    conexion.exec_driver_sql(sentencia, {**valores, **con})


@cache
def _a_mano(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect, *, sola: bool, si_falta: bool) -> str:
    nombres = ", ".join(f'"{n}"' for n in columnas)
    if sola:
        huecos = ", ".join(f"%({n})b" for n in columnas)
        orden = f'INSERT INTO "{tabla.name}" ({nombres}) VALUES ({huecos})'  # noqa: S608
    else:
        orden = f'INSERT INTO "{tabla.name}" ({nombres}) SELECT {_listas(tabla, columnas, dialecto)}'
    return f"{orden} ON CONFLICT DO NOTHING" if si_falta else orden


def _listas(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect) -> str:
    # %b: en texto, psycopg escaparía cada byte de cada lista.
    return ", ".join(f"unnest(%({n})b::{tabla.c[n].type.compile(dialecto)}[])" for n in columnas)


@cache
def _en_texto(sentencia: Update, dialecto: Dialect) -> str:
    return str(sentencia.compile(dialect=dialecto))


@cache
def _insert(tabla: Table) -> Insert:
    return sa.insert(tabla)


@cache
def _por_defecto(tabla: Table, columnas: tuple[str, ...]) -> Mapping[str, Any]:
    """Lo que vale cada columna que no se da, si tiene un valor por defecto."""
    valores = {c.name: c.default.arg for c in tabla.columns if isinstance(c.default, ScalarElementColumnDefault)}
    return {nombre: valor for nombre, valor in valores.items() if nombre not in columnas}


@cache
def _por_columnas(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect) -> str:
    nombres = ", ".join(f'"{n}"' for n in columnas)
    destino = f'INSERT INTO "{tabla.name}" ({nombres})'
    if dialecto.name != "postgresql":
        return f"{destino} VALUES ({', '.join('?' * len(columnas))})"
    return f"{destino} SELECT {_listas(tabla, columnas, dialecto)}"


@cache
def _sentencia(tabla: Table, columnas: tuple[str, ...]) -> tuple[TextClause, dict[str, Any]]:
    """La sentencia y los valores por defecto de lo que falte.

    Es texto porque SQLAlchemy no guarda compilado un INSERT con ON CONFLICT: compilarlo cuesta más que ejecutarlo.
    """
    fijos = dict(_por_defecto(tabla, columnas))
    nombres = [*columnas, *fijos]
    lista, huecos = ", ".join(f'"{n}"' for n in nombres), ", ".join(f":{n}" for n in nombres)
    texto = sa.text(f'INSERT INTO "{tabla.name}" ({lista}) VALUES ({huecos}) ON CONFLICT DO NOTHING')  # noqa: S608
    return texto.bindparams(*(sa.bindparam(n, type_=tabla.c[n].type) for n in nombres)), fijos
