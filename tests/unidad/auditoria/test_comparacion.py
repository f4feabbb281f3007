"""Comparar lecturas: cada diferencia con su tabla, su clave y su columna; ningún valor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from infra.almacen.lecturas import APARTE
from infra.almacen.motor import abrir_motor
from servicios.auditoria.comparacion import Contraste, Que

TABLAS = sa.MetaData()
fichas = sa.Table(
    "fichas",
    TABLAS,
    sa.Column("ruta", sa.Uuid, primary_key=True),
    sa.Column("via", sa.Text, primary_key=True),
    sa.Column("nombre", sa.Text),
    sa.Column("cuando", sa.DateTime(timezone=True)),
    sa.Column("toca", sa.Integer, info={APARTE: "la mueve el reloj"}),
)
copias = sa.Table("copias", TABLAS, sa.Column("numero", sa.Integer, primary_key=True), info={APARTE: "es una copia"})

BASE = {"ruta": UUID(int=1), "via": "a", "nombre": "MARIA", "cuando": datetime(2026, 5, 4, tzinfo=UTC), "toca": 1}


@contextmanager
def con(*filas: Mapping[str, Any]) -> Iterator[sa.Connection]:
    motor = abrir_motor("sqlite://")
    with motor.connect() as conexion:
        TABLAS.create_all(conexion)
        for fila in filas:
            conexion.execute(sa.insert(fichas), dict(fila))
        conexion.execute(sa.insert(copias), {"numero": len(filas)})
        yield conexion
    motor.dispose()


def contrastar(
    vivas: Sequence[Mapping[str, Any]], rehechas: Sequence[Mapping[str, Any]], maximo: int = 100
) -> Contraste:
    contraste = Contraste(maximo=maximo)
    with ExitStack() as pila:
        una, otra = (pila.enter_context(con(*filas)) for filas in (vivas, rehechas))
        contraste.comparar(una, otra, TABLAS.sorted_tables)
    return contraste


def test_iguales_y_lo_aparte_se_declara():
    contraste = contrastar([BASE], [{**BASE, "toca": 9}])
    assert contraste.diferencias == []
    assert contraste.tablas == {"fichas": 1}
    assert contraste.aparte == {"fichas.toca": "la mueve el reloj", "copias": "es una copia"}


def test_cada_columna_que_no_casa_y_ningun_valor():
    contraste = contrastar([{**BASE, "nombre": "OTRA", "cuando": None}], [BASE])
    assert [(d.que, d.columna) for d in contraste.diferencias] == [(Que.DIFIERE, "nombre"), (Que.DIFIERE, "cuando")]
    assert contraste.diferencias[0].clave == {"ruta": str(UUID(int=1)), "via": "a"}
    assert "OTRA" not in repr(contraste.diferencias)
    assert "MARIA" not in repr(contraste.diferencias)


@pytest.mark.parametrize("via", ["Z", "b", "ñ", "é-z", ""])
def test_la_que_falta_y_la_que_sobra_dondequiera_que_caigan(via):
    otra = {**BASE, "via": via}
    siguiente = {**BASE, "ruta": UUID(int=2)}
    de_mas = contrastar([BASE, otra, siguiente], [BASE, siguiente])
    assert [(d.que, d.clave["via"], d.columna) for d in de_mas.diferencias] == [(Que.SOBRA, via, None)]
    de_menos = contrastar([BASE, siguiente], [BASE, otra, siguiente])
    assert [(d.que, d.clave["via"]) for d in de_menos.diferencias] == [(Que.FALTA, via)]


def test_las_que_no_caben_se_cuentan():
    contraste = contrastar([{**BASE, "via": str(n)} for n in range(9)], [], maximo=4)
    assert (len(contraste.diferencias), contraste.omitidas) == (4, 5)
