"""Escribir con una fila tomada: quien llega después ve lo que dejó el anterior, y lo que falla no deja rastro."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.candado import Candado, con_candado
from infra.almacen.esquema import cabecera
from infra.almacen.motor import base_caida, leyendo
from tests.integracion.almacen.relatos import LECTURAS
from tests.integracion.pilas import Pila

CANDADO = Candado(tomar="SELECT 1 FROM cabecera FOR UPDATE", mirar="SELECT posicion FROM cabecera")
_SUMAR = sa.update(cabecera).values(posicion=cabecera.c.posicion + 1)


@pytest.fixture
def motor(pila: Pila) -> Engine:
    return pila.almacen("deteccion", LECTURAS).motor


def sumar(motor: Engine) -> int:
    """La posición que vio al tomar la fila; la deja una más allá."""
    with con_candado(motor, CANDADO) as (conexion, (posicion,)):
        conexion.execute(_SUMAR)
        return int(posicion)


def posicion(motor: Engine) -> int:
    with leyendo(motor) as conexion:
        return conexion.scalar(sa.select(cabecera.c.posicion)) or 0


def test_lo_que_se_escribe_queda_y_el_siguiente_lo_ve(motor: Engine):
    assert [sumar(motor) for _ in range(3)] == [0, 1, 2]
    assert posicion(motor) == 3


def test_lo_que_falla_se_deshace_y_la_conexion_vuelve_como_estaba(motor: Engine):
    def caer() -> None:
        with con_candado(motor, CANDADO) as (conexion, _):
            conexion.execute(_SUMAR)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        caer()
    assert posicion(motor) == 0
    # La misma conexión, en una transacción de las de siempre: sin confirmar, no queda nada.
    with motor.connect() as conexion:
        conexion.execute(_SUMAR)
    assert posicion(motor) == 0
    assert sumar(motor) == 0


def test_quien_espera_ve_lo_que_dejo_el_que_la_tenia(motor: Engine):
    tomada, soltar = Event(), Event()

    def retener() -> None:
        with con_candado(motor, CANDADO) as (conexion, _):
            tomada.set()
            assert soltar.wait(20)
            conexion.execute(_SUMAR)

    with ThreadPoolExecutor(2) as hilos:
        primera = hilos.submit(retener)
        assert tomada.wait(20)
        segunda = hilos.submit(sumar, motor)
        soltar.set()
        primera.result(20)
        assert segunda.result(20) == 1


@pytest.mark.real
def test_quien_no_llega_a_tomarla_sale_con_error_de_la_base_y_no_deja_nada_abierto(
    pila_real: Pila, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("infra.almacen.motor.ESPERA_TURNO", 1)
    motor = pila_real.almacen("deteccion", LECTURAS).motor
    with con_candado(motor, CANDADO), pytest.raises(sa.exc.DBAPIError) as vencido:
        sumar(motor)
    assert base_caida(vencido.value)
    assert sumar(motor) == 0
