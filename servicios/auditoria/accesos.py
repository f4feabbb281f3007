"""El registro de accesos: quién leyó qué ruta y para qué (regla 4). Va aparte del libro, con su propia cadena.

No entra en el conjunto que se reproduce: si lo hiciera, cada lectura crearía un hecho más que leer.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Connection, LargeBinary, Table, Text

from infra.almacen.esquema import Entero, Instante
from servicios.auditoria.libro import TABLAS

_CERO = bytes(32)

TODAS: Final = "todas"

accesos = Table(
    "accesos",
    TABLAS,
    Column("numero", Entero, primary_key=True, autoincrement=False),
    Column("institucion", Text, nullable=False),
    Column("ruta", Text, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
)


class MotivoAcceso(StrEnum):
    """Para qué se lee una ruta."""

    ATENCION = "atencion"
    SUPERVISION = "supervision"
    OPERACION = "operacion"
    PETICION_DE_LA_PERSONA = "peticion-de-la-persona"
    MANDATO_JUDICIAL = "mandato-judicial"
    ESTADISTICA = "estadistica"


class Acceso(NamedTuple):
    """Una lectura. ``instante`` en UTC."""

    institucion: str
    ruta: str
    motivo: MotivoAcceso
    instante: datetime


def registrar(conexion: Connection, acceso: Acceso) -> int:
    """Anota un acceso, encadenado al anterior; devuelve su número (desde 1)."""
    ultimo = conexion.execute(
        sa.select(accesos.c.numero, accesos.c.hoja).order_by(accesos.c.numero.desc()).limit(1)
    ).first()
    numero, anterior = (ultimo.numero + 1, ultimo.hoja) if ultimo else (1, _CERO)
    conexion.execute(
        sa.insert(accesos).values(
            numero=numero,
            institucion=acceso.institucion,
            ruta=acceso.ruta,
            motivo=acceso.motivo.value,
            instante=acceso.instante,
            hoja=_hoja(anterior, numero, acceso),
        )
    )
    return int(numero)


def comprobar(conexion: Connection) -> int | None:
    """El número del primer acceso cuya cadena no casa, o None si casa entera."""
    anterior, esperado = _CERO, 1
    for fila in conexion.execute(sa.select(accesos).order_by(accesos.c.numero)):
        acceso = Acceso(fila.institucion, fila.ruta, MotivoAcceso(fila.motivo), fila.instante)
        if fila.numero != esperado or fila.hoja != _hoja(anterior, esperado, acceso):
            return esperado
        anterior, esperado = fila.hoja, esperado + 1
    return None


def _hoja(anterior: bytes, numero: int, acceso: Acceso) -> bytes:
    campos = (anterior.hex(), str(numero), *acceso[:2], acceso.motivo.value, acceso.instante.isoformat())
    return sha256("\n".join(campos).encode()).digest()
