"""Un bus con permisos de verdad: el nodo propio, las definiciones aplicadas y cada usuario con su certificado."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.azar import AzarReal
from infra.mensajeria.topologia import Topologia, topologia
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.base import Mensaje
from infra.rabbitmq.aplicar import Aplicado, aplicar
from infra.rabbitmq.claves import Claves
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.permisos import Seguridad, seguridad
from tests.nodo_rabbit import NodoRabbit

VHOST = "senda"
SERVICIOS = {"deteccion": ["coordinacion"], "coordinacion": ["deteccion"], "auditoria": ["deteccion", "coordinacion"]}


@dataclass
class BusSeguro:
    """El nodo con una topología pequeña. Lo que se abre, se cierra al acabar."""

    nodo: NodoRabbit
    claves: Claves
    topologia: Topologia = field(default_factory=lambda: topologia(SERVICIOS))
    abiertos: list[TransporteAmqp] = field(default_factory=list)

    @property
    def gestion(self) -> Gestion:
        return Gestion(self.nodo.api)

    def seguridad(self, *activas: str, suspendidas: tuple[str, ...] = (), longitud: int = 1000) -> Seguridad:
        return seguridad(
            self.topologia, tuple(SERVICIOS), activas, suspendidas, reparten=["coordinacion"], vhost=VHOST,
            longitud=longitud,
        )  # fmt: skip

    def aplicar(self, querida: Seguridad) -> Aplicado:
        self.nodo.taller().asegurar([], [u.nombre for u in querida.usuarios])
        hashes = {u.nombre: self.claves.asegurar(u.nombre, AzarReal()).hash for u in querida.usuarios}
        return aplicar(self.gestion, querida, hashes)

    def url(self, usuario: str) -> str:
        return self.nodo.url(VHOST, usuario)

    def como(self, usuario: str, url: str | None = None) -> TransporteAmqp:
        transporte = TransporteAmqp(url or self.url(usuario))
        self.abiertos.append(transporte)
        return transporte

    def administrador(self) -> TransporteAmqp:
        base = self.nodo.servidor.url.rstrip("/")
        self.gestion.poner({"configure": ".*", "write": ".*", "read": ".*"}, "permissions", VHOST, "guest")
        return self.como("guest", f"{base}/{VHOST}")


def solicitud(servicio: str = "deteccion", numero: int = 1) -> Mensaje:
    return Mensaje("senda.solicitudes", servicio, "solicitud", b"{}", f"s{numero}")


@pytest.fixture
def bus_seguro(nodo_rabbit: NodoRabbit, tmp_path: Path) -> Iterator[BusSeguro]:
    bus = BusSeguro(nodo_rabbit, Claves(tmp_path / "bus"))
    yield bus
    for transporte in bus.abiertos:
        transporte.cerrar()
