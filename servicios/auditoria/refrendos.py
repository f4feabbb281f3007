"""Los refrendos que los testigos dieron a cada punto de control: líneas de firma que se añaden al suyo."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Table, Text

from infra.almacen.esquema import Entero, Instante
from infra.almacen.insertar import insertar_si_falta
from servicios.auditoria.libro import TABLAS, puntos

refrendos = Table(
    "refrendos",
    TABLAS,
    Column("tamano", Entero, primary_key=True, autoincrement=False),
    Column("testigo", Text, primary_key=True),
    Column("linea", Text, nullable=False),
    Column("instante", Instante, nullable=False),
)


def anotar_refrendo(conexion: Connection, tamano: int, testigo: str, linea: str, ahora: datetime) -> None:
    """Guarda la línea (con su salto final) que un testigo devolvió, ya comprobada. ``ahora`` en UTC."""
    consta = sa.select(refrendos.c.tamano).where(refrendos.c.tamano == tamano, refrendos.c.testigo == testigo)
    if conexion.scalar(consta) is None:
        fila = {"tamano": tamano, "testigo": testigo, "linea": linea, "instante": ahora}
        insertar_si_falta(conexion, refrendos, [fila])


def ultimo_refrendado(conexion: Connection, testigo: str) -> int:
    """El tamaño del último punto que ese testigo refrendó, o 0."""
    return conexion.scalar(sa.select(sa.func.max(refrendos.c.tamano)).where(refrendos.c.testigo == testigo)) or 0


def punto_refrendado(conexion: Connection, tamano: int | None = None) -> str | None:
    """El texto del punto de ese tamaño (por omisión el último) con las líneas de sus testigos; None si no lo hay."""
    consulta = sa.select(puntos.c.tamano, puntos.c.texto).order_by(puntos.c.tamano.desc()).limit(1)
    if tamano is not None:
        consulta = consulta.where(puntos.c.tamano == tamano)
    fila = conexion.execute(consulta).first()
    if fila is None:
        return None
    lineas = sa.select(refrendos.c.linea).where(refrendos.c.tamano == fila.tamano).order_by(refrendos.c.testigo)
    return str(fila.texto) + "".join(conexion.scalars(lineas))
