"""Las posiciones son contiguas, en orden de confirmación y encadenadas; nadie que lea por posición pierde un hecho."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from threading import Event
from uuid import uuid4

import pytest
import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import cabecera, eventos
from infra.almacen.motor import base_caida, leyendo
from infra.almacen.registrador import con_turno
from tests.integracion.almacen.relatos import AUTORIA, LECTURAS, deteccion
from tests.integracion.pilas import Pila

ESCRITORES = 4
TANDAS = 40


class Arrepentido(Exception):
    """La tanda que no llega a confirmar."""


def comprobar_cadena(almacen: Almacen) -> int:
    """Recalcula la cadena como la describe el formato, sin usar el código que la escribe. Devuelve cuántos hay."""
    anterior = bytes(32)
    with leyendo(almacen.motor) as conexion:
        filas = conexion.execute(sa.select(eventos).order_by(eventos.c.posicion)).all()
        ultima = conexion.execute(sa.select(cabecera)).one()
    for esperada, fila in enumerate(filas, 1):
        assert fila.posicion == esperada
        assert fila.anterior == anterior
        entrada = f"{almacen.origen}\n{esperada}\n{anterior.hex()}\n".encode() + fila.cuerpo
        anterior = sha256(b"\x00" + entrada).digest()
        assert fila.hoja == anterior
    assert (ultima.posicion, ultima.hoja) == (len(filas), anterior)
    return len(filas)


def test_contiguas_con_cuatro_escritores_y_un_tercio_de_arrepentidos(pila: Pila):
    """Cada escritor abre su propia réplica: conexiones distintas, como procesos distintos."""
    pila.almacen("deteccion", LECTURAS)

    def escribir(semilla: int) -> int:
        almacen, azar, confirmados = pila.almacen("deteccion", LECTURAS), Random(semilla), 0
        for _ in range(TANDAS):
            cuantos = azar.randint(1, 5)
            try:
                with almacen.tanda() as tanda:
                    tanda.anotar([deteccion(uuid4()) for _ in range(cuantos)], AUTORIA)
                    if azar.random() < 0.3:
                        tanda.volcar()  # lo más tarde que puede arrepentirse
                        raise Arrepentido  # noqa: TRY301
                confirmados += cuantos
            except Arrepentido:
                pass
        return confirmados

    with ThreadPoolExecutor(ESCRITORES) as hilos:
        confirmados = sum(hilos.map(escribir, range(ESCRITORES)))
    assert comprobar_cadena(pila.almacen("deteccion", LECTURAS)) == confirmados > 0


def test_con_una_transaccion_abierta_nadie_confirma_por_delante(pila: Pila):
    """A abre, B quiere confirmar: o B espera a A, o un lector por posición se saltaría a A para siempre."""
    a, b = pila.almacen("deteccion", LECTURAS), pila.almacen("deteccion", LECTURAS)
    abierta, soltar = Event(), Event()
    visto: list[int] = []

    def leer() -> list[int]:
        ultimo = visto[-1] if visto else None
        nuevas = a.registrador.select_notifications(ultimo, 100, inclusive_of_start=False)
        visto.extend(n.id for n in nuevas)
        return visto

    def escribir_a() -> None:
        with a.tanda() as tanda:
            tanda.anotar([deteccion(uuid4())], AUTORIA)
            tanda.volcar()
            abierta.set()
            assert soltar.wait(10)

    def escribir_b() -> None:
        with b.tanda() as tanda:
            tanda.anotar([deteccion(uuid4())], AUTORIA)

    with ThreadPoolExecutor(2) as hilos:
        primera = hilos.submit(escribir_a)
        assert abierta.wait(10)
        segunda = hilos.submit(escribir_b)
        with pytest.raises(TimeoutError):
            segunda.result(timeout=0.3)
        assert leer() == []
        soltar.set()
        primera.result(10)
        segunda.result(10)
    assert leer() == [1, 2]


@pytest.mark.real
def test_quien_se_congela_con_el_turno_lo_pierde(pila_real: Pila, monkeypatch):
    """Un proceso parado a media transacción no deja al servicio sin escribir: la base lo echa."""
    monkeypatch.setattr("infra.almacen.motor.INACTIVIDAD", 1)
    congelado, vivo = pila_real.almacen("deteccion", LECTURAS), pila_real.almacen("deteccion", LECTURAS)

    def congelarse() -> None:
        with con_turno(congelado.motor) as (conexion, _):
            with vivo.tanda() as tanda:
                tanda.anotar([deteccion(uuid4())], AUTORIA)
            conexion.execute(sa.text("SELECT 1"))

    with pytest.raises(sa.exc.DBAPIError) as echado:
        congelarse()
    assert base_caida(echado.value)
    assert comprobar_cadena(vivo) == 1


def test_dos_almacenes_en_un_proceso_no_se_mezclan(pila: Pila):
    """En la librería la transacción es del módulo: dentro de la de A, lo de B acababa en la base de A."""
    a, b = pila.almacen("deteccion", LECTURAS), pila.almacen("justicia", LECTURAS)
    with a.tanda() as de_a:
        de_a.anotar([deteccion(uuid4())], AUTORIA)
        b.registrador.insert_events([StoredEvent(uuid4(), 1, "suelto", b"{}")])
        with b.tanda() as de_b:
            de_b.anotar([deteccion(uuid4()), deteccion(uuid4())], AUTORIA)
    assert comprobar_cadena(a) == 1
    assert comprobar_cadena(b) == 3
