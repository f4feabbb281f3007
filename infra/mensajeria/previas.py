"""Lo ya respondido a unas solicitudes, buscado por institución e id.

PostgreSQL lo busca par a par, y no con dos IN: el plan que guarda se elige con la tabla aún vacía, y entonces prefiere
recorrer todas las de la institución y descartar las demás; hasta el primer ANALYZE, cada tanda las leía todas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.postgresql import ARRAY

from contratos.acuse import Resultado
from infra.almacen.esquema import solicitudes
from infra.mensajeria.acuses import AcuseFirmado

#: Institución e id: lo que identifica una solicitud.
Clave = tuple[str, str]


class Previa(NamedTuple):
    """Lo ya respondido con un id: a qué bytes, con qué firma venían y qué se dijo."""

    huella: str
    firma: str
    acuse: AcuseFirmado


_COLUMNAS = [solicitudes.c[n] for n in ("institucion", "id", "huella", "firma", "resultado", "acuse", "firma_acuse")]
_LISTA = ARRAY(sa.Text)
_PARES = (
    sa.func.unnest(sa.bindparam("quienes", type_=_LISTA), sa.bindparam("ids", type_=_LISTA))
    .table_valued("institucion", "id")
    .render_derived("pares")
)
_DE_UN_PAR = (
    sa.select(*_COLUMNAS)
    .where(solicitudes.c.institucion == _PARES.c.institucion, solicitudes.c.id == _PARES.c.id)
    .limit(sa.literal_column("1"))  # sin él se desharía la búsqueda par a par
    .lateral("previa")
)
_PAR_A_PAR = sa.select(_DE_UN_PAR).select_from(_PARES.join(_DE_UN_PAR, sa.true()))
_DE_TODAS = sa.select(*_COLUMNAS).where(
    sa.tuple_(solicitudes.c.institucion, solicitudes.c.id).in_(sa.bindparam("claves", expanding=True))
)


def buscar(conexion: Connection, claves: Collection[Clave]) -> Iterator[tuple[Clave, Previa]]:
    """Las que ya se respondieron."""
    if conexion.dialect.name == "postgresql":
        quienes, ids = ([clave[n] for clave in claves] for n in (0, 1))
        filas = conexion.exec_driver_sql(_en_texto(conexion.dialect), {"quienes": quienes, "ids": ids})
    else:
        filas = conexion.execute(_DE_TODAS, {"claves": list(claves)})
    for f in filas:
        acuse = AcuseFirmado(Resultado(f.resultado), f.acuse, f.firma_acuse)
        yield (f.institucion, f.id), Previa(f.huella, f.firma, acuse)


@cache
def _en_texto(dialecto: Dialect) -> str:
    """Se busca en cada tanda: pasar por SQLAlchemy costaría tanto como la búsqueda."""
    return str(_PAR_A_PAR.compile(dialect=dialecto))


__all__ = ["Clave", "Previa", "buscar"]
