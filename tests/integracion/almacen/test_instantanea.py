"""Leer de un solo momento: nada de lo que pase mientras se ve, nada se puede escribir y nadie la echa por lenta."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from infra.almacen.esquema import cabecera, eventos
from infra.almacen.motor import leyendo
from tests.integracion.almacen.relatos import AUTORIA, LECTURAS, deteccion
from tests.integracion.pilas import Pila


def test_lo_que_pasa_mientras_no_se_ve_y_no_se_escribe(pila: Pila):
    almacen = pila.almacen("deteccion", LECTURAS)
    with leyendo(almacen.motor, instantanea=True) as conexion:
        assert conexion.scalar(sa.select(cabecera.c.posicion)) == 0
        with almacen.tanda() as tanda:
            tanda.anotar([deteccion(uuid4())], AUTORIA)
        assert conexion.scalar(sa.select(sa.func.count()).select_from(eventos)) == 0
        if pila.real:
            assert conexion.scalar(sa.text("SHOW idle_in_transaction_session_timeout")) == "0"
    with (
        pytest.raises(sa.exc.DBAPIError),
        leyendo(almacen.motor, instantanea=True) as conexion,
        conexion.begin_nested(),
    ):
        conexion.execute(sa.update(cabecera).values(posicion=9))


def test_la_conexion_vuelve_a_poder_escribir(pila: Pila):
    almacen = pila.almacen("deteccion", LECTURAS)
    with leyendo(almacen.motor, instantanea=True) as conexion:
        conexion.scalar(sa.select(cabecera.c.posicion))
    for _ in range(2):
        with almacen.tanda() as tanda:
            tanda.anotar([deteccion(uuid4())], AUTORIA)
    with leyendo(almacen.motor) as conexion:
        assert conexion.scalar(sa.select(cabecera.c.posicion)) == 2
