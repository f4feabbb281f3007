"""Leer hechos propios con lo sellado abierto: solo para decidir, y solo mientras exista la clave de cada persona.

Todo lo demás lee sin clave (decisión 002). Lo que sale de aquí no se guarda: ni en un estado, ni en una lectura
(decisión 024).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from eventos.base import Hecho
from eventos.sobre import Anotado, decodificar
from infra.almacen.esquema import eventos
from infra.seguridad.llavero import Llavero
from infra.seguridad.sello import SelloRoto, abrir

_DE_CLASE = (
    sa.select(eventos.c.agregado, eventos.c.cuerpo)
    .where(eventos.c.agregado.in_(sa.bindparam("de", expanding=True)), eventos.c.tipo.like(sa.bindparam("tipo")))
    .order_by(eventos.c.agregado, eventos.c.version)
)


def abrir_hechos(conexion: Connection, llavero: Llavero, clase: type[Hecho], rutas: Collection[UUID]) -> list[Anotado]:
    """Los hechos guardados de una clase de esas rutas. Una lectura del almacén y una del llavero, sean cuantas sean.

    De quien ya no tiene clave, o si un sello no se deja abrir, lo sellado queda en ``UNSET``: lo que pasó con una
    persona no impide decidir sobre otra. Errores: `ClaveIlegible`.
    """
    if not rutas:
        return []
    # Sin la versión: lo que se guardó con una anterior también es de esa clase, y al leerlo se sube.
    familia = f"{clase.tipo.rpartition('.v')[0]}.v%"
    filas = conexion.execute(_DE_CLASE, {"de": sorted(rutas), "tipo": familia}).all()
    claves = llavero.presentes({fila.agregado for fila in filas})
    return [_abierto(fila.cuerpo, claves.get(fila.agregado)) for fila in filas]


def _abierto(cuerpo: bytes, clave: bytes | None) -> Anotado:
    if clave is not None:
        try:
            return decodificar(cuerpo, partial(abrir, clave))
        except SelloRoto:
            # Que alguien lo tocara lo dice la auditoría; aquí solo significa que ya no se sabe.
            pass
    return decodificar(cuerpo)


__all__ = ["abrir_hechos"]
