"""kombu `memory://` hecho propio: colas por sistema, sin candados, con encaminado recordado.

kombu guarda las colas y las ataduras en atributos de clase, que comparte todo el proceso; `conexion_propia` crea clases
nuevas en cada llamada. kombu se dice tipado pero no lo está: los bordes son Any.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from queue import Empty
from typing import Any

from kombu.connection import Connection
from kombu.transport import memory, virtual

Sobre = dict[str, Any]
"""Lo que kombu guarda por mensaje: body, headers, content-type y properties."""


class EntregasMemoria(virtual.QoS):
    """Lo entregado y sin confirmar de un canal.

    kombu lo apunta en una lista del proceso para devolverlo a su cola al salir; aquí no hay nada que devolver, y esa
    lista no soltaría nunca el canal de quien muere sin cerrarlo.
    """

    def __init__(self, canal: Any, prefetch_count: int = 0) -> None:
        iniciar: Any = super().__init__
        iniciar(canal, prefetch_count)
        puro: Any = self
        puro._on_collect.cancel()  # noqa: SLF001 - kombu no da otro modo


class CanalMemoria(memory.Channel):
    """Canal con colas sin candados y cuerpos en bytes; `conexion_propia` pone los atributos de clase."""

    queues: dict[str, deque[Sobre]]
    rutas: dict[tuple[str, str], tuple[str, ...]]
    etiquetas: count[int]
    QoS = EntregasMemoria
    body_encoding: Any = None  # los cuerpos ya son bytes: base64 solo gastaría

    def _new_queue(self, queue: str, **_: Any) -> None:
        self.queues.setdefault(queue, deque())

    def _next_delivery_tag(self) -> int:
        return next(self.etiquetas)

    def _get(self, queue: str, timeout: float | None = None) -> Sobre:  # noqa: ARG002 - firma de kombu
        cola = self.queues.get(queue)
        if not cola:
            raise Empty
        sobre = cola.popleft()
        # El mismo mensaje está en varias colas: cada entrega necesita su etiqueta.
        return {**sobre, "properties": {**sobre["properties"], "delivery_tag": next(self.etiquetas)}}

    def _put(self, queue: str, message: Sobre, **_: Any) -> None:
        self.queues[queue].append(message)

    def _put_fanout(self, exchange: str, message: Sobre, routing_key: str = "", **_: Any) -> None:
        for cola in self.destinos(exchange, routing_key):
            self._put(cola, message)

    def _size(self, queue: str) -> int:
        return len(self.queues.get(queue, ()))

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return self.destinos(exchange, routing_key)

    def destinos(self, intercambio: str, clave: str) -> tuple[str, ...]:
        """Colas que reciben lo publicado ahí con esa clave. Recordado: kombu prueba una regex por atadura."""
        if not intercambio:
            return (clave,) if clave in self.queues else ()
        destinos = self.rutas.get((intercambio, clave))
        if destinos is None:
            puro: Any = self
            halladas = puro.typeof(intercambio).lookup(puro.get_table(intercambio), intercambio, clave, None)
            destinos = self.rutas[intercambio, clave] = tuple(sorted(halladas))
        return destinos

    def atar(self, cola: str, intercambio: str, clave: str) -> None:
        """Ata la cola; repetirlo no cambia nada."""
        puro: Any = self
        if not puro.state.has_binding(cola, intercambio, clave):
            puro.queue_bind(cola, intercambio, clave)
            self.rutas.clear()

    def borrar(self, cola: str) -> None:
        """Borra la cola y sus ataduras; el canal de kombu deja las ataduras y la cola reviviría al publicar."""
        puro: Any = self
        for atadura in list(puro.state.queue_bindings(cola)):
            puro.queue_unbind(cola, atadura.exchange, atadura.routing_key)
        self.queues.pop(cola, None)
        self.rutas.clear()

    def close(self) -> None:
        cerrar: Any = virtual.Channel.close
        cerrar(self)  # el de memoria, además, olvida las colas; aquí sobreviven al canal


def conexion_propia() -> Any:
    """Conexión de kombu cuyas colas y ataduras no ve nadie más."""
    estado: Any = virtual.BrokerState
    conexion: Any = Connection
    canal = type("CanalPropio", (CanalMemoria,), {"queues": {}, "rutas": {}, "etiquetas": count(1)})
    transporte = type("TransportePropio", (memory.Transport,), {"Channel": canal, "global_state": estado()})
    abierta = conexion(transport=transporte)
    abierta.connect()
    return abierta
