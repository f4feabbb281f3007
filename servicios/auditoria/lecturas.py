"""Dónde está cada sujeto en el libro: para contar una ruta sin recorrerlo entero. Se rehace leyendo el libro."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table, Text

from eventos.sobre import SobreInvalido, abrir_sobre
from infra.almacen.esquema import Entero
from infra.almacen.insertar import Altas
from servicios.auditoria.libro import libro

TABLAS = MetaData()

sujetos = Table(
    "sujetos",
    TABLAS,
    Column("sujeto", Text, primary_key=True),
    Column("indice", Entero, primary_key=True, autoincrement=False),
)


def indizar(altas: Altas, desde: int, cuerpos: Sequence[bytes]) -> None:
    """Apunta de quién habla cada entrada, desde un índice del libro. Lo que no es un sobre no habla de nadie."""
    quienes, indices = [], []
    for indice, cuerpo in enumerate(cuerpos, desde):
        try:
            sujeto = abrir_sobre(cuerpo).subject
        except SobreInvalido:
            continue
        # La base no guarda un NUL en un texto, y por uno el libro no ha de pararse.
        if "\x00" not in sujeto:
            quienes.append(sujeto)
            indices.append(indice)
    if quienes:
        altas.por_columnas(sujetos, {"sujeto": quienes, "indice": indices})


def cuerpos_de(conexion: Connection, sujeto: str) -> list[bytes]:
    """Los sobres del libro que hablan de un sujeto, en el orden del libro."""
    consulta = (
        sa.select(libro.c.cuerpo)
        .join(sujetos, libro.c.indice == sujetos.c.indice)
        .where(sujetos.c.sujeto == sujeto)
        .order_by(libro.c.indice)
    )
    return list(conexion.scalars(consulta))
