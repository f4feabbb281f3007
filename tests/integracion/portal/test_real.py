"""El portal sobre RabbitMQ y PostgreSQL de verdad, y dos a la vez sobre la misma base."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from operator import methodcaller
from pathlib import Path
from threading import Barrier

import pytest
from msgspec import json

from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion, solo_recibe
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.reloj import RelojReal
from senda.arena import Arena, Historia, estrenar_arena
from senda.composicion import mapa
from servicios.portal import deposito
from servicios.portal.contexto import CONTEXTO
from servicios.portal.tablas import acuses
from tests.integracion.portal.institucion import Institucion, servida
from tests.integracion.portal.test_averias import ACUSE, entregado

_corridas = count(1)
pytestmark = pytest.mark.real


@pytest.fixture
def por_rabbitmq(tmp_path: Path, url_amqp: str, prefijo_amqp: str) -> Iterator[Arena]:
    if prefijo_amqp:
        pytest.fail("la caja de arena pide un vhost propio: da a las pruebas un RabbitMQ en que crearlo")
    arena = estrenar_arena(tmp_path / "arena", f"GT-PRUEBA{next(_corridas)}", RelojReal(), AzarReal(), bus=url_amqp)
    yield arena
    # El vhost es de todas las pruebas de este trabajador.
    suyas = mapa()
    codigos = (arena.propia.codigo, arena.comparsa.codigo, arena.sistema.despliegue.rectora)
    colas = [*suyas.colas, *(cola for codigo in codigos for cola in colas_de_institucion(codigo))]
    colas += solo_recibe(CONTEXTO.nombre, CONTEXTO.sigue).colas
    gestion = TransporteAmqp(url_amqp)
    for cola in colas:
        gestion._en_canal(methodcaller("queue_delete", cola.nombre))
    for intercambio in suyas.intercambios:
        gestion._en_canal(methodcaller("exchange_delete", intercambio.nombre))
    gestion.cerrar()


def test_el_mismo_camino_sobre_rabbitmq(por_rabbitmq):
    with servida(por_rabbitmq) as cliente:
        propia = Institucion(cliente, por_rabbitmq.propia)
        por_rabbitmq.en_su_hilo(lambda: por_rabbitmq.abrir_ruta(Historia()))
        aviso = propia.buzon(espera=30)[0]
        encargo = {"ruta": aviso["ruta"], "derivacion": aviso["derivacion"]}
        for paso in ("recibir-derivacion", "aceptar-derivacion"):
            respuesta = propia.pedir(paso, espera=30, **encargo)
            assert respuesta.status_code == 200, respuesta.text
            assert propia.creible(respuesta.content, respuesta.headers["firma"])
        assert cliente.get("/salud/listo").json()["bus"] is True


def test_dos_portales_a_la_vez_no_dan_el_mismo_numero_a_dos_acuses(pila_real):
    cuantos, lotes = 2, 40
    almacenes = [pila_real.almacen(CONTEXTO.nombre, CONTEXTO.lecturas) for _ in range(cuantos)]
    salida = Barrier(cuantos)

    def recoger(cual: int) -> None:
        salida.wait()
        for lote in range(lotes):
            cuerpos = [json.encode(ACUSE | {"posicion": cual * 10_000 + lote * 10 + n}) for n in range(3)]
            entregas = [entregado(c) for c in cuerpos]
            with almacenes[cual].tanda() as tanda:
                deposito.guardar_acuses(tanda.conexion, "GT-PRUEBA", entregas, tanda.ahora)

    with ThreadPoolExecutor(cuantos) as hilos:
        list(hilos.map(recoger, range(cuantos)))

    with almacenes[0].consulta() as tanda:
        numeros = [g.numero for g in deposito.desde(tanda.conexion, acuses, "GT-PRUEBA", 1, 1000)]
    assert numeros == list(range(1, cuantos * lotes * 3 + 1))
