"""Lo propio del bus en memoria: dos sistemas no se ven, y el broker sobrevive a sus servicios."""

from __future__ import annotations

import gc
import weakref

import pytest

from infra.mensajeria.topologia import topologia
from infra.mensajeria.transportes import Mensaje
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria

TOPOLOGIA = topologia({"auditoria": ["deteccion"]})
ENTRADA = TOPOLOGIA.nombres.entrada_de("auditoria")
HECHO = Mensaje("senda.eventos", "deteccion.senda.deteccion.x.v1", "senda.deteccion.x.v1", b"{}", "1")


def preparado(broker, usuario=None):
    t = TransporteMemoria(broker, usuario)
    t.preparar(TOPOLOGIA)
    return t


def test_dos_sistemas_del_mismo_proceso_no_comparten_nada():
    uno, otro = preparado(BrokerMemoria()), preparado(BrokerMemoria())
    uno.publicar([HECHO])
    assert (uno.pendientes(ENTRADA), otro.pendientes(ENTRADA)) == (1, 0)


def test_lo_publicado_sobrevive_a_que_caigan_todos_los_servicios():
    broker = BrokerMemoria()
    relevo, entrada = preparado(broker, "deteccion"), preparado(broker)
    relevo.publicar([HECHO])
    assert len(entrada.recibir(ENTRADA, 5)) == 1
    relevo.cerrar()
    entrada.cerrar()
    (vuelta,) = preparado(broker).recibir(ENTRADA, 5)
    assert (vuelta.usuario, vuelta.redelivered, vuelta.mensaje) == ("deteccion", True, HECHO)


def test_confirmar_por_otro_transporte_no_confirma():
    broker = BrokerMemoria()
    uno, otro = preparado(broker), preparado(broker)
    uno.publicar([HECHO])
    otro.confirmar(uno.recibir(ENTRADA, 1))
    uno.cerrar()
    assert otro.pendientes(ENTRADA) == 1


def test_abrir_da_un_transporte_en_el_broker_dado():
    broker = BrokerMemoria()
    preparado(broker).publicar([HECHO])
    assert abrir("memory://", broker).pendientes(ENTRADA) == 1
    assert abrir("memory://").pendientes(ENTRADA) == 0
    with pytest.raises(ValueError, match="amqp://"):
        abrir("redis://")


def test_quien_muere_sin_cerrar_no_deja_su_canal_en_el_proceso():
    """kombu lo apuntaba hasta la salida: cada servicio simulado que moría ocupaba memoria para siempre."""
    broker = BrokerMemoria()
    transporte = preparado(broker)
    transporte.publicar([HECHO])
    assert transporte.recibir(ENTRADA, 5)
    canal = weakref.ref(transporte._abierto)
    del transporte
    broker._conexion.transport.channels.clear()
    gc.collect()
    assert canal() is None
