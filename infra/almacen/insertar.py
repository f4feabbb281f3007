"""Insertar sin pisar: el INSERT … ON CONFLICT DO NOTHING que SQLite y PostgreSQL escriben igual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table, TextClause
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
