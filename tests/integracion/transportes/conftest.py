"""Los mismos casos contra el bus en memoria y contra RabbitMQ de verdad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from infra.mensajeria.topologia import Topologia, topologia
from infra.mensajeria.transportes import Entrega, Mensaje, Transporte, TransporteCaido
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria

TIPO = "senda.deteccion.victima-identificada.v1"
_corridas = count(1)


class Banco:
    """Un sistema pequeño (dos servicios; los dos siguen a deteccion) sobre un broker, con nombres solo suyos."""

    def __init__(
        self, clase: str, prefijo: str, abrir: Callable[[], Transporte], borrar: Callable[[str], None], url: str = ""
    ) -> None:
        self.clase = clase
        self.url = url
        self.topologia: Topologia = topologia({"deteccion": ["deteccion"], "auditoria": ["deteccion"]}, prefijo)
        self.nombres = self.topologia.nombres
        self.prefijo = prefijo
        self.entrada = self.nombres.entrada_de("auditoria")
        self.otra_entrada = self.nombres.entrada_de("deteccion")
        self.borrar_cola = borrar
        self._abrir = abrir
        self.abiertos: list[Transporte] = []

    def abrir(self) -> Transporte:
        transporte = self._abrir()
        self.abiertos.append(transporte)
        return transporte

    def preparado(self) -> Transporte:
        transporte = self.abrir()
        transporte.preparar(self.topologia)
        return transporte

    def evento(self, numero: int, **cambios) -> Mensaje:
        campos = {
            "intercambio": self.nombres.eventos,
            "clave": self.nombres.clave_de_evento("deteccion", TIPO),
            "tipo": TIPO,
            "cuerpo": b'{"n":%d}' % numero,
            "id": f"m{numero}",
            "cabeceras": {"posicion": numero, "anterior": "0" * 64},
        }
        return Mensaje(**{**campos, **cambios})


def reunir(transporte: Transporte, cola: str, cuantas: int) -> list[Entrega]:
    """Recibe hasta tener tantas: la red puede traerlas de a pocas."""
    entregas: list[Entrega] = []
    while len(entregas) < cuantas and (nuevas := transporte.recibir(cola, cuantas - len(entregas), espera=5)):
        entregas += nuevas
    return entregas


@pytest.fixture(params=["memoria", pytest.param("amqp", marks=pytest.mark.real)])
def banco(request: pytest.FixtureRequest) -> Iterator[Banco]:
    if request.param == "amqp":
        yield from _banco_amqp(request)
    else:
        broker = BrokerMemoria()
        yield Banco("memoria", "", lambda: TransporteMemoria(broker, "guest"), broker.borrar_cola)


@pytest.fixture
def rabbit(request: pytest.FixtureRequest) -> Iterator[Banco]:
    yield from _banco_amqp(request)


def _banco_amqp(request: pytest.FixtureRequest) -> Iterator[Banco]:
    url = request.getfixturevalue("url_amqp")
    prefijo = f"{request.getfixturevalue('prefijo_amqp')}t{next(_corridas)}."
    gestion = TransporteAmqp(url)

    def borrar(cola: str) -> None:
        gestion._en_canal(lambda canal: canal.queue_delete(cola))

    banco = Banco("amqp", prefijo, lambda: TransporteAmqp(url), borrar, url)
    yield banco
    for transporte in banco.abiertos:
        transporte.cerrar()
    for cola in banco.topologia.colas:
        borrar(cola.nombre)
    gestion._en_canal(lambda canal: [canal.exchange_delete(i.nombre) for i in banco.topologia.intercambios])
    gestion.cerrar()
    with pytest.raises(TransporteCaido):
        gestion.pendientes("cualquiera")
