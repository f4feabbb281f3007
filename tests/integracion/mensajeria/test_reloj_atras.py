"""La hora de la máquina se adelanta seis días y alguien la corrige: nada de lo que quedó citado entretanto espera seis.

Lo descubrió el banco de averías (`tests/fallos`): acuses, avisos y huecos citados «después» no salían hasta que la hora
de verdad los alcanzaba.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from infra.almacen.candado import con_candado
from infra.almacen.esquema import avances, bandeja, fallos, salida
from infra.almacen.motor import leyendo
from infra.mensajeria.arriendo import Arriendo
from tests.integracion.mensajeria.sistema import Sistema

SALTO = timedelta(days=6)


@contextmanager
def adelantado(sistema: Sistema) -> Iterator[None]:
    sistema.reloj._ahora += SALTO
    yield
    sistema.reloj._ahora -= SALTO


def sondear(sistema: Sistema) -> None:
    """Lo que todo anfitrión hace cada pocos segundos."""
    for estacion in sistema.planificador.estaciones:
        for paso in estacion.pasos:
            paso.avisar()
    sistema.reposo()


def test_lo_recibido_se_atiende(sistema: Sistema):
    compuesta = sistema.componer()
    sistema.deteccion.solicitudes.en_pausa = lambda: True
    with adelantado(sistema):
        sistema.enviar(compuesta)
        assert sistema.deteccion.solicitudes.recibir(5)
    assert sistema.filas(bandeja) == 1
    sondear(sistema)
    assert sistema.filas(bandeja) == 0
    assert sistema.hechos() == 1


def test_los_acuses_salen(sistema: Sistema):
    compuesta = sistema.componer()
    with adelantado(sistema):
        sistema.enviar(compuesta)
        assert sistema.deteccion.solicitudes.recibir(5)
        sistema.deteccion.solicitudes.atender()
    assert sistema.filas(salida) == 1
    sondear(sistema)
    assert sistema.filas(salida) == 0
    assert len(sistema.acuses(1)) == 1


def test_lo_que_fallo_se_reintenta(sistema: Sistema):
    def falla(_anotado: object) -> None:
        raise ValueError

    with adelantado(sistema):
        sistema.destino.al_conocer = falla
        sistema.contar(1)
        sistema.planificador.ronda()
        sistema.hasta(lambda: sistema.filas(fallos, sistema.coordinacion))
    sistema.destino.al_conocer = lambda _anotado: None
    sondear(sistema)
    assert len(sistema.efectos()) == 1


def test_un_hueco_se_pide(sistema: Sistema):
    sistema.contar(3)
    sistema.deteccion.relevo.paso()
    sistema.tomar(sistema.entrada, 3)
    with adelantado(sistema):
        sistema.planificador.estaciones = [sistema.deteccion]
        sistema.reposo()  # late
        sistema.planificador.estaciones = [sistema.coordinacion]
        sondear(sistema)  # nota el hueco y lo anota
    with leyendo(sistema.coordinacion.almacen.motor) as conexion:
        assert conexion.execute(sa.select(avances.c.falta_desde)).scalar_one() > sistema.reloj.ahora()
    sistema.planificador.estaciones = [sistema.deteccion, sistema.coordinacion]
    for _ in range(3):  # lo anota de nuevo, lo pide y lo recibe
        sondear(sistema)
        sistema.pasan(seconds=40)
    assert len(sistema.efectos()) == 3


def test_sigue_latiendo(sistema: Sistema):
    sistema.contar(1)
    with adelantado(sistema):
        assert sistema.deteccion.pulso.paso()
    assert sistema.deteccion.pulso.paso()
    assert not sistema.deteccion.pulso.paso()


@pytest.mark.parametrize("vivo", [True, False])
def test_el_arriendo_de_un_muerto_no_dura_seis_dias(sistema: Sistema, vivo):
    motor, plazo = sistema.deteccion.almacen.motor, timedelta(seconds=10)
    titular, otro = Arriendo("prueba", "a", plazo), Arriendo("prueba", "b", plazo)
    ahora = sistema.reloj.ahora()
    with motor.begin() as conexion:
        titular.preparar(conexion, ahora)
    assert titular.valla(motor, ahora + SALTO) == 1
    assert otro.valla(motor, ahora) is None
    assert otro.de_otro_hasta == ahora + plazo
    if vivo:  # con su hora adelantada, pero renueva: sigue siendo suyo
        assert titular.valla(motor, ahora + SALTO + timedelta(seconds=6)) == 1
    esperado = None if vivo else 2
    assert otro.valla(motor, ahora + plazo) == esperado
    with con_candado(motor, titular.candado) as (_, (valla,)):
        assert titular.vigente(valla) is vivo
