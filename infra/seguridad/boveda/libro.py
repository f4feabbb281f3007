"""Lo que la bóveda debe al libro: se guarda en la transacción del acto y se apunta cuando ya consta. Sin identidad."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from eventos.base import CATALOGO, HechoDeRuta
from infra.seguridad.boveda.caja import Caja
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.tablas import por_contar


class PorContar(NamedTuple):
    """Un hecho que la bóveda debe al libro, con quien lo causó. No lleva identidad."""

    numero: int
    hecho: HechoDeRuta
    quien: Quien
    instante: datetime


def contar(caja: Caja, hecho: HechoDeRuta, quien: Quien) -> None:
    """Deja un hecho por contar al libro, en la misma transacción que lo que cuenta."""
    caja.conexion.execute(
        sa.insert(por_contar).values(
            tipo=hecho.tipo, datos=msgspec.json.encode(hecho), institucion=quien.institucion, agente=quien.agente,
            instante=caja.ahora,
        )
    )  # fmt: skip


def pendientes(conexion: Connection) -> list[PorContar]:
    """Los hechos que faltan por contar, en orden."""
    filas = conexion.execute(
        sa.select(por_contar).where(por_contar.c.contado.is_(None)).order_by(por_contar.c.numero)
    ).all()
    return [PorContar(f.numero, _hecho(f.tipo, f.datos), Quien(f.institucion, f.agente), f.instante) for f in filas]


def contado(conexion: Connection, numero: int, ahora: datetime) -> None:
    """Ese hecho ya está en el libro."""
    conexion.execute(sa.update(por_contar).where(por_contar.c.numero == numero).values(contado=ahora))


def deber_otra_vez(conexion: Connection) -> None:
    """Todo lo contado, otra vez por contar: quien lo recibe no repite lo que ya conste."""
    conexion.execute(sa.update(por_contar).values(contado=None))


def _hecho(tipo: str, datos: bytes) -> HechoDeRuta:
    hecho = msgspec.json.decode(datos, type=CATALOGO[tipo])
    if not isinstance(hecho, HechoDeRuta):
        raise TypeError("la bóveda solo cuenta hechos de una ruta")
    return hecho


__all__ = ["PorContar", "contado", "contar", "deber_otra_vez", "pendientes"]
