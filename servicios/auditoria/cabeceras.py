"""Las cabeceras que cada origen firmó: «hasta aquí he contado, y con esta hoja». Se conservan los bytes firmados.

Son la promesa contra la que se mide si falta algo: quien reescriba o recorte su historia se contradice con una.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, LargeBinary, Row, Table, Text

from infra.almacen.esquema import Entero, Instante
from infra.almacen.insertar import insertar_si_falta
from infra.mensajeria.puertos import HechoCrudo, Latido
from infra.seguridad.cadena import CERO
from servicios.auditoria.libro import TABLAS

#: Dos hojas para la misma posición de un origen son la prueba de que se contradijo: se guardan las dos.
cabeceras = Table(
    "cabeceras",
    TABLAS,
    Column("origen", Text, primary_key=True),
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("hoja", LargeBinary(32), primary_key=True),
    Column("instante", Instante, primary_key=True),
    Column("cuerpo", LargeBinary, nullable=False),
)

_MAYOR = (
    sa.select(cabeceras.c.posicion, cabeceras.c.hoja, cabeceras.c.instante)
    .where(cabeceras.c.origen == sa.bindparam("de"))
    .order_by(cabeceras.c.posicion.desc())
    .limit(1)
)
_EN_ESA = sa.select(cabeceras.c.hoja, cabeceras.c.instante).where(
    cabeceras.c.origen == sa.bindparam("de"), cabeceras.c.posicion == sa.bindparam("posicion")
)


def conservar(conexion: Connection, latido: Latido) -> tuple[HechoCrudo, bytes] | None:
    """Guarda una cabecera ya comprobada. Si el origen dice ahora llegar menos lejos que antes, la contradicción.

    Esa contradicción es lo que antes dijo tener (su posición y su hoja) contra una hoja de 32 ceros: ya no la tiene.
    """
    mayor = conexion.execute(_MAYOR, {"de": latido.origen}).first()
    en_esa = conexion.execute(_EN_ESA, {"de": latido.origen, "posicion": latido.posicion}).all()
    # En reposo un origen repite la misma cabecera cada pocos segundos: basta una.
    desde = None if mayor is None or not _retrocede(latido, mayor) else mayor.instante
    if not any(f.hoja == latido.hoja and (desde is None or f.instante > desde) for f in en_esa):
        insertar_si_falta(conexion, cabeceras, [{c.name: getattr(latido, c.name) for c in cabeceras.columns}])
    if mayor is None or desde is None:
        return None
    return HechoCrudo(latido.origen, mayor.posicion, b"", CERO, b""), mayor.hoja


def _retrocede(latido: Latido, mayor: Row[Any]) -> bool:
    return bool(latido.posicion < mayor.posicion and latido.instante > mayor.instante)


def en_flujo(conexion: Connection) -> Iterator[Row[Any]]:
    """Todas, por origen y posición."""
    consulta = sa.select(cabeceras).order_by(cabeceras.c.origen, cabeceras.c.posicion, cabeceras.c.instante)
    yield from conexion.execute(consulta.execution_options(yield_per=1000))
