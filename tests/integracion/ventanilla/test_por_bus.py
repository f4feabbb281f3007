"""La ventanilla contra RabbitMQ: espera su acuse, y los de otras solicitudes siguen en la cola de la institución."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec

from infra.mensajeria.acuses import Notaria
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.base import Mensaje, Transporte
from infra.reloj import RelojReal
from infra.seguridad.firma import publica_a_texto
from senda.cliente import Compuesta
from senda.composicion import mapa
from senda.ventanilla.claves import ClavesDeServicio
from senda.ventanilla.destino import PorBus
from tests.integracion.pilas import INICIO, Pila

INSTITUCION = "GT-SVET"
COMPUESTA = Compuesta("5b1c9d7e-42c0-4e7c-8e90-aa4c6b8f2d3b", "deteccion", b"{}", "firma")
HUELLA = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def responder(bus: Transporte, pila: Pila) -> str | None:
    """Hace de detección: recibe una solicitud y contesta, después de contestar a otra. Devuelve dónde se le pidió."""
    nombres = mapa(pila.prefijo).nombres
    [entrega] = bus.recibir(nombres.solicitudes_de("deteccion"), 1, 20.0)
    bus.confirmar([entrega])
    notaria = Notaria("deteccion", "/gt/deteccion", pila.claves("deteccion"))
    for huella, identificador in (("0" * 64, "otra"), (HUELLA, COMPUESTA.id)):
        acuse = notaria.aceptada(huella, INSTITUCION, identificador, [], 1, INICIO)
        bus.publicar(
            [Mensaje(nombres.acuses, INSTITUCION, "acuse", acuse.cuerpo, identificador, {"firma": acuse.firma})]
        )
    return entrega.responder_a


def test_se_lleva_su_acuse_y_deja_los_demas(pila_real: Pila):
    topologia = mapa(pila_real.prefijo)
    bus = pila_real.transporte()
    bus.preparar(topologia)
    pila_real.al_cerrar(lambda: pila_real.borrar_topologia(topologia))
    acuses, _ = colas_de_institucion(INSTITUCION, pila_real.prefijo)
    pila_real.al_cerrar(lambda: pila_real.borrar_cola(acuses.nombre))
    publica = publica_a_texto(pila_real.claves("deteccion").firma.public_key())
    claves = ClavesDeServicio(recepcion={}, origenes={"/gt/deteccion": publica}, prefijo=pila_real.prefijo)

    with ThreadPoolExecutor(1) as servicio:
        atendida = servicio.submit(responder, bus, pila_real)
        respuesta = PorBus(pila_real.amqp, claves, RelojReal()).tramitar(COMPUESTA, INSTITUCION, 20.0)

    assert respuesta.acuse is not None
    assert (respuesta.acuse.id, respuesta.ajenos) == (COMPUESTA.id, 1)
    assert atendida.result() == acuses.nombre
    [queda] = pila_real.transporte().recibir(acuses.nombre, 10, 5.0)
    assert msgspec.json.decode(queda.mensaje.cuerpo)["id"] == "otra"
