"""Que la propia base impida tocar lo ya escrito: los disparadores de una tabla a la que solo se añade.

Son funciones puras: devuelven las sentencias y quien migra las ejecuta. No defienden de quien puede quitar los
disparadores (el dueño de la base); de eso se da cuenta el libro. Quitar permisos es cosa del aprovisionamiento.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

_IDENTIFICADOR: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_TABLA: Final = re.compile(rf"({_IDENTIFICADOR.pattern}\.)?{_IDENTIFICADOR.pattern}")


def solo_anexar(tabla: str, dialecto: str, claves: Sequence[Sequence[str]] = ()) -> list[str]:
    """Las sentencias que hacen a ``tabla`` de solo añadir; ejecutarlas dos veces da lo mismo que una.

    ``tabla`` puede llevar esquema (``esquema.tabla``). ``dialecto``: ``sqlite`` o ``postgresql``. ``claves``: las
    columnas de cada clave única, primaria incluida (`claves_de`); solo las usa SQLite, y ahí son obligatorias.
    Un intento de tocar lo escrito es una violación de restricción (``IntegrityError``) en ambas bases.
    Errores: `ValueError` si algo no es un identificador llano, falta una clave o el dialecto es otro.
    """
    if not _TABLA.fullmatch(tabla):
        raise ValueError("el nombre de la tabla no es un identificador llano")
    if dialecto == "sqlite":
        return _sqlite(tabla, claves)
    if dialecto == "postgresql":
        return _postgresql(tabla)
    raise ValueError("solo hay disparadores para sqlite y postgresql")


def claves_de(tabla: Table) -> list[tuple[str, ...]]:
    """Las columnas de cada clave única declarada en una tabla, primaria incluida."""
    restricciones = sorted(
        tuple(c.name for c in r.columns)
        for r in tabla.constraints
        if isinstance(r, PrimaryKeyConstraint | UniqueConstraint)
    )
    indices = sorted(tuple(c.name for c in i.columns) for i in tabla.indexes if i.unique)
    return [*restricciones, *indices]


def _sqlite(tabla: str, claves: Sequence[Sequence[str]]) -> list[str]:
    if not claves or any(not clave for clave in claves):
        raise ValueError("en SQLite hay que nombrar las claves: sin ellas REPLACE podría pisar una fila")
    if any(not _IDENTIFICADOR.fullmatch(columna) for clave in claves for columna in clave):
        raise ValueError("una columna no es un identificador llano")
    esquema, _, nombre = tabla.rpartition(".")
    prefijo = f"{esquema}." if esquema else ""
    nuevo = f"CREATE TRIGGER IF NOT EXISTS {prefijo}{nombre}_sin_"
    abortar = f"BEGIN SELECT RAISE(ABORT, '{nombre} solo admite filas nuevas'); END"
    # REPLACE borra la fila vieja sin despertar al disparador de DELETE salvo con recursive_triggers, que es de cada
    # conexión: no se puede contar con él. Se para antes: no se inserta donde alguna clave (o el rowid) ya está.
    condiciones = [" AND ".join(f"{c} = NEW.{c}" for c in clave) for clave in claves]
    ocupada = " OR ".join(
        f"EXISTS (SELECT 1 FROM {nombre} WHERE {condicion})"  # noqa: S608 - identificadores ya comprobados
        for condicion in [*condiciones, "rowid = NEW.rowid"]
    )
    return [
        f"{nuevo}update BEFORE UPDATE ON {nombre} {abortar}",
        f"{nuevo}delete BEFORE DELETE ON {nombre} {abortar}",
        f"{nuevo}replace BEFORE INSERT ON {nombre} WHEN {ocupada} {abortar}",
    ]


def _postgresql(tabla: str) -> list[str]:
    esquema, _, nombre = tabla.rpartition(".")
    funcion = f"{esquema}.solo_anexar" if esquema else "solo_anexar"
    crear = (
        f"CREATE OR REPLACE FUNCTION {funcion}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
        "MESSAGE = TG_TABLE_NAME || ' solo admite filas nuevas'; END $$"
    )
    sentencias = [crear]
    for orden, alcance in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        disparador = f"{nombre}_sin_{orden.lower()}"
        cuando = f"BEFORE {orden} ON {tabla} FOR EACH {alcance}"
        sentencias.append(f"CREATE OR REPLACE TRIGGER {disparador} {cuando} EXECUTE FUNCTION {funcion}()")
        # ALWAYS: también cuando alguien pone session_replication_role en «replica».
        sentencias.append(f"ALTER TABLE {tabla} ENABLE ALWAYS TRIGGER {disparador}")
    return sentencias


__all__ = ["claves_de", "solo_anexar"]
