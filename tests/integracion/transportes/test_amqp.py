"""Lo propio de RabbitMQ: cortes, reconexión, consumidor activo único, límites y propiedades."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest

from infra.mensajeria.transportes import Mensaje, Transporte, TransporteCaido, amqp
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.amqp import TransporteAmqp
from tests.espera import hasta
from tests.inquilinos import Bus
from tests.integracion.transportes.conftest import Banco, reunir
from tests.integracion.transportes.proxy import Proxy
from tests.servidores_propios import Servidor, ejecutar, puerto_libre

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(url_amqp: str) -> Iterator[Proxy]:
    partes = urlsplit(url_amqp)
    intermediario = Proxy((partes.hostname or "127.0.0.1", partes.port or 5672))
    yield intermediario
    intermediario.cerrar()


def por(proxy: Proxy, url: str) -> str:
    partes = urlsplit(url)
    credenciales = f"{partes.username}:{partes.password}@" if partes.username else ""
    return urlunsplit(partes._replace(netloc=f"{credenciales}127.0.0.1:{proxy.puerto}"))


def cortar(transporte: Transporte) -> None:
    assert isinstance(transporte, TransporteAmqp)
    for enlace in (transporte._salida, transporte._llegada):
        if enlace._conexion is not None:
            enlace._conexion.transport.sock.shutdown(socket.SHUT_RDWR)


def test_tras_un_corte_el_siguiente_uso_se_recupera(rabbit: Banco):
    t = rabbit.preparado()
    t.publicar([rabbit.evento(n) for n in range(3)])
    viejas = reunir(t, rabbit.entrada, 2)
    cortar(t)
    assert t.publicar([rabbit.evento(3)]) == [True]
    vueltas = reunir(t, rabbit.entrada, 4)
    assert [e.mensaje.id for e in vueltas] == ["m0", "m1", "m2", "m3"]
    assert vueltas[0].redelivered
    t.confirmar(viejas)  # de la conexión anterior: no confirma nada de la nueva
    t.cancelar(rabbit.entrada)
    assert len(reunir(t, rabbit.entrada, 4)) == 4


def test_si_el_broker_cierra_las_conexiones_tambien(rabbit: Banco, bus: Bus, rabbitmq: Servidor):
    t = rabbit.preparado()
    t.publicar([rabbit.evento(1)])
    assert len(reunir(t, rabbit.entrada, 1)) == 1
    vhost = unquote(urlsplit(bus.url).path[1:])
    if bus.prefijo:  # sin vhost propio no se cierra lo de otros
        cortar(t)
    else:
        control = rabbitmq.rabbitmqctl or ["rabbitmqctl"]
        ejecutar([*control, "close_all_connections", "--vhost", vhost, "prueba"], rabbitmq.entorno)
    assert [e.mensaje.id for e in reunir(t, rabbit.entrada, 1)] == ["m1"]
    assert t.publicar([rabbit.evento(2)]) == [True]
    assert t.viva()


def test_si_la_red_calla_publicar_no_espera_para_siempre_y_despues_sigue(rabbit: Banco, proxy: Proxy, url_amqp: str):
    rabbit.preparado()
    t = TransporteAmqp(por(proxy, url_amqp), paciencia=0.5)
    rabbit.abiertos.append(t)
    assert t.publicar([rabbit.evento(1)]) == [True]
    proxy.congelar()
    with pytest.raises(TransporteCaido):
        t.publicar([rabbit.evento(n) for n in range(700)])
    assert t.publicar([rabbit.evento(n) for n in range(700)]) == [True] * 700


def test_si_la_red_calla_el_latido_lo_nota_mientras_se_recibe(rabbit: Banco, proxy: Proxy, url_amqp: str):
    rabbit.preparado()
    t = TransporteAmqp(por(proxy, url_amqp), latido=1)
    rabbit.abiertos.append(t)
    assert t.recibir(rabbit.entrada, 1) == []
    proxy.congelar()
    publicador = rabbit.abrir()
    publicador.publicar([rabbit.evento(1)])
    with pytest.raises(TransporteCaido):  # dos latidos sin respuesta
        t.recibir(rabbit.entrada, 1, espera=30)
    assert [e.mensaje.id for e in reunir(t, rabbit.entrada, 1)] == ["m1"]


def test_sin_broker_falla_en_el_acto_y_no_insiste_hasta_que_toca():
    ahora = [0.0]
    puerto = puerto_libre()
    t = TransporteAmqp(f"amqp://guest:guest@127.0.0.1:{puerto}/", reloj=lambda: ahora[0], azar=random.Random(1))
    with pytest.raises(TransporteCaido, match="no se pudo"):
        t.pendientes("x")
    with pytest.raises(TransporteCaido, match="aún no toca"):
        t.publicar([Mensaje("", "x", "x", b"", "1")])
    assert not t.viva()
    ahora[0] = 60.0
    with pytest.raises(TransporteCaido, match="no se pudo"):
        t.pendientes("x")
    t.cerrar()


def test_las_credenciales_malas_no_se_repiten_en_el_error(url_amqp: str):
    partes = urlsplit(url_amqp)
    t = abrir(urlunsplit(partes._replace(netloc=f"nadie:secreta@{partes.hostname}:{partes.port or 5672}")))
    with pytest.raises(TransporteCaido) as error:
        t.pendientes("x")
    assert "secreta" not in str(error.value)
    t.cerrar()


def test_quien_dejo_de_oir_sin_que_se_lo_dijeran_vuelve_a_consumir(rabbit: Banco, monkeypatch: pytest.MonkeyPatch):
    """Borrada y declarada otra vez la cola, el broker da por entregado, y sin confirmar, lo que no llega a nadie."""
    monkeypatch.setattr(amqp, "SORDERA", 0.3)
    t = rabbit.preparado()
    assert isinstance(t, TransporteAmqp)
    assert t.recibir(rabbit.entrada, 1) == []
    consumo = t._consumos[rabbit.entrada]
    consumo._canal.callbacks[consumo._consumidor] = lambda _entrega: None
    t.publicar([rabbit.evento(1)])
    assert t.recibir(rabbit.entrada, 1, espera=0.2) == []
    hasta(lambda: [e.mensaje.id for e in t.recibir(rabbit.entrada, 1, espera=0.1)] == ["m1"], 10)


def test_un_solo_consumidor_activo_por_entrada_y_el_relevo_entra_al_irse_el_primero(rabbit: Banco):
    primero, segundo = rabbit.preparado(), rabbit.preparado()
    assert primero.recibir(rabbit.entrada, 1) == []
    assert segundo.recibir(rabbit.entrada, 1) == []
    primero.publicar([rabbit.evento(n) for n in range(4)])
    primero.confirmar(reunir(primero, rabbit.entrada, 2))
    assert segundo.recibir(rabbit.entrada, 4, espera=0.2) == []
    primero.cancelar(rabbit.entrada)
    assert [e.mensaje.id for e in reunir(segundo, rabbit.entrada, 2)] == ["m2", "m3"]


def test_las_solicitudes_se_reparten_entre_replicas(rabbit: Banco):
    cola = rabbit.nombres.solicitudes_de("deteccion")
    primera, segunda = rabbit.preparado(), rabbit.preparado()
    assert primera.recibir(cola, 1) + segunda.recibir(cola, 1) == []
    primera.publicar([rabbit.evento(n, intercambio=rabbit.nombres.solicitudes, clave="deteccion") for n in range(2)])
    assert len(reunir(primera, cola, 1)) == len(reunir(segunda, cola, 1)) == 1


def test_lo_que_agota_sus_entregas_va_a_muertos(rabbit: Banco):
    t = rabbit.preparado()
    rabbit.borrar_cola(rabbit.entrada)
    (entrada,) = (c for c in rabbit.topologia.colas if c.nombre == rabbit.entrada)
    t.asegurar_cola(replace(entrada, limite_de_entregas=2))
    t.publicar([rabbit.evento(1)])
    for _ in range(3):  # límite 2: tres entregas
        assert len(reunir(t, rabbit.entrada, 1)) == 1
        t.cancelar(rabbit.entrada)
    (muerto,) = reunir(t, rabbit.nombres.muertos, 1)
    assert muerto.mensaje.cabeceras["x-first-death-reason"] == "delivery_limit"


def test_lo_que_el_broker_niega_da_false(rabbit: Banco):
    t = TransporteAmqp(rabbit.url)
    rabbit.abiertos.append(t)
    cola = f"{rabbit.prefijo}llena"
    limites = {"x-max-length": 2, "x-overflow": "reject-publish"}
    t._en_canal(lambda canal: canal.queue_declare(cola, auto_delete=False, arguments=limites))
    resultado = t.publicar([rabbit.evento(n, intercambio="", clave=cola) for n in range(5)])
    assert resultado == [True, True, False, False, False]
    rabbit.borrar_cola(cola)


def test_un_evento_viaja_persistente_y_como_cloudevents(rabbit: Banco):
    t = TransporteAmqp(rabbit.url)
    rabbit.abiertos.append(t)
    t.preparar(rabbit.topologia)
    cola = rabbit.nombres.solicitudes_de("deteccion")  # basic.get no vale en colas de consumidor activo único
    t.publicar(
        [rabbit.evento(1, intercambio="", clave=cola), rabbit.evento(2, intercambio="", clave=cola, tipo="acuse")]
    )
    crudos = [t._en_canal(lambda canal: canal.basic_get(cola, no_ack=True)).properties for _ in range(2)]
    assert [p["content_type"] for p in crudos] == ["application/cloudevents+json", "application/octet-stream"]
    assert {p["delivery_mode"] for p in crudos} == {2}
    assert [(p["message_id"], p["type"]) for p in crudos] == [("m1", rabbit.evento(1).tipo), ("m2", "acuse")]


def test_el_cuerpo_de_una_institucion_llega_en_bytes_aunque_diga_que_es_texto(rabbit: Banco):
    import amqp

    t = TransporteAmqp(rabbit.url)
    rabbit.abiertos.append(t)
    t.preparar(rabbit.topologia)
    mensaje = amqp.Message("ñandú", content_encoding="utf-8", application_headers={"lista": [1], "n": 2**40, "b": True})
    t._en_canal(lambda canal: canal.basic_publish(mensaje, routing_key=rabbit.entrada))
    (entrega,) = reunir(t, rabbit.entrada, 1)
    assert entrega.mensaje.cuerpo == "ñandú".encode()
    assert (entrega.mensaje.id, entrega.mensaje.tipo, entrega.usuario) == ("", "", None)
    assert entrega.mensaje.cabeceras == {"n": 2**40, "b": True}


def test_una_cola_desatada_la_vuelve_a_atar_quien_comprueba(rabbit: Banco):
    t = TransporteAmqp(rabbit.url)
    rabbit.abiertos.append(t)
    t.preparar(rabbit.topologia)
    t._en_canal(lambda canal: canal.queue_unbind(rabbit.entrada, rabbit.nombres.eventos, "deteccion.#"))
    assert t.publicar([rabbit.evento(1)]) == [True]  # la otra cola recibe: no se nota
    assert t.atar(rabbit.nombres.eventos, "deteccion.#", [rabbit.entrada]) == []
    t.publicar([rabbit.evento(2)])
    assert [e.mensaje.id for e in reunir(t, rabbit.entrada, 1)] == ["m2"]


EVENTLET = """
import eventlet
eventlet.monkey_patch()
import sys
from infra.mensajeria.topologia import topologia
from infra.mensajeria.transportes import Mensaje
from infra.mensajeria.transportes.amqp import TransporteAmqp

url, prefijo = sys.argv[1:]
t = topologia({"deteccion": ["deteccion"], "auditoria": ["deteccion"]}, prefijo)
vueltas = 0
def girar():
    global vueltas
    while True:
        vueltas += 1
        eventlet.sleep(0.01)
eventlet.spawn(girar)
entrada = TransporteAmqp(url)
entrada.preparar(t)
assert entrada.recibir(t.nombres.entrada_de("auditoria"), 5, espera=0.5) == []
assert vueltas > 10, "esperar detuvo a los demás"
salida = TransporteAmqp(url)
lote = [Mensaje(t.nombres.eventos, "deteccion.x", "senda.x", b"x" * 1000, str(n)) for n in range(1500)]
publicacion = eventlet.spawn(salida.publicar, lote)
ids = []
while len(ids) < 1500:
    tramo = entrada.recibir(t.nombres.entrada_de("auditoria"), 100, espera=5)
    entrada.confirmar(tramo)
    ids += [e.mensaje.id for e in tramo]
assert ids == [m.id for m in lote]
assert all(publicacion.wait())
entrada.cerrar()
salida.cerrar()
print("bien")
"""


def test_sirve_igual_bajo_eventlet_y_no_detiene_a_los_demas(rabbit: Banco):
    raiz = Path(__file__).parents[3]
    orden = [sys.executable, "-W", "ignore", "-c", EVENTLET, rabbit.url, rabbit.prefijo]
    hecho = subprocess.run(orden, cwd=raiz, capture_output=True, text=True, timeout=60, check=False)
    assert hecho.stdout == "bien\n", hecho.stderr[-2000:]
