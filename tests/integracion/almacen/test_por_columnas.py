"""Añadir muchas filas por columnas, en las dos bases: las mismas filas, y los mismos errores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text
from sqlalchemy.exc import IntegrityError, StatementError

from infra.almacen.esquema import Entero
from infra.almacen.insertar import Altas
from infra.almacen.motor import abrir_motor

TABLA = Table(
    f"t_{uuid4().hex[:12]}",
    MetaData(),
    Column("n", Entero, primary_key=True, autoincrement=False),
    Column("texto", Text, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)
FILAS = [(1, "á\\{}\",'%(n)s", b"\x00\xff\\"), (2, "", b""), (2**53, "NULL", b"NULL")]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def conexion(request, tmp_path: Path) -> Iterator[Connection]:
    es_sqlite = request.param == "sqlite"
    motor = abrir_motor(f"sqlite:///{tmp_path / 'base.db'}" if es_sqlite else request.getfixturevalue("url_base"))
    with motor.connect() as abierta:
        TABLA.create(abierta)
        abierta.commit()
        yield abierta
        abierta.rollback()
        TABLA.drop(abierta)
        abierta.commit()
    motor.dispose()


def por_columnas(conexion: Connection, columnas: Mapping[str, Sequence[Any]]) -> None:
    altas = Altas(conexion)
    altas.por_columnas(TABLA, columnas)
    altas.escribir()


def anadir(conexion: Connection, filas) -> None:
    por_columnas(conexion, dict(zip(("n", "texto", "bytes"), zip(*filas, strict=True), strict=True)))


def test_guarda_las_filas_tal_cual(conexion) -> None:
    anadir(conexion, FILAS)
    assert [tuple(f) for f in conexion.execute(sa.select(TABLA).order_by(TABLA.c.n))] == FILAS


def test_una_clave_repetida_es_la_violacion_de_siempre_y_no_deja_ninguna(conexion) -> None:
    with pytest.raises(IntegrityError):
        anadir(conexion, [*FILAS, (1, "otra", b"")])
    conexion.rollback()
    assert conexion.scalar(sa.select(sa.func.count()).select_from(TABLA)) == 0


def test_unas_columnas_desiguales_no_se_rellenan(conexion) -> None:
    with pytest.raises((ValueError, StatementError)):
        por_columnas(conexion, {"n": [1, 2], "texto": ["a"], "bytes": [b"", b""]})
