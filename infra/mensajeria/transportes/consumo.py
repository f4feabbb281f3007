"""Consumir una cola por AMQP: un canal propio con su tope de entregas, un búfer y confirmación múltiple."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from infra.mensajeria.transportes.base import Entrega, Mensaje


class Etiqueta(NamedTuple):
    """Qué entrega es: en qué consumo y su número en el canal."""

    consumo: Consumo
    numero: int


class Consumo:
    """El consumo de una cola, en un canal suyo: así las etiquetas contiguas son siempre de la misma cola.

    El tope (prefetch) es por consumidor: las colas de quórum rechazan el global (540).
    """

    def __init__(self, conexion: Any, cola: str, prefetch: int) -> None:
        self.cola = cola
        self.activo = True
        self._callado_desde: float | None = None
        self.listos: deque[Any] = deque()
        self._sin_confirmar: dict[int, None] = {}  # en orden de entrega
        self._canal = conexion.channel()
        self._canal.auto_decode = False  # el cuerpo son bytes, diga lo que diga quien publicó
        self._canal.basic_qos(0, prefetch, False)  # noqa: FBT003 - py-amqp: a_global
        self._consumidor: str = self._canal.basic_consume(
            cola, callback=self.listos.append, on_cancel=self._al_cancelar_el_broker
        )

    def _al_cancelar_el_broker(self, _consumidor: str) -> None:
        self.activo = False  # borraron la cola; lo ya recibido no se podrá confirmar

    def silencio(self, ahora: float) -> float:
        """Segundos (``ahora``, monótono) sin recibir nada. Con algo sin confirmar no cuenta: puede ser el tope."""
        if self._callado_desde is None or self._sin_confirmar:
            self._callado_desde = ahora
        return ahora - self._callado_desde

    def sacar(self, maximo: int) -> list[Entrega]:
        """Hasta `maximo` entregas de las ya llegadas."""
        cuantas = min(maximo, len(self.listos))
        entregas = [_entrega(self.listos.popleft(), self) for _ in range(cuantas)]
        for entrega in entregas:
            self._sin_confirmar[entrega.etiqueta.numero] = None  # type: ignore[attr-defined] # la acaba de poner _entrega
        return entregas

    def confirmar(self, numeros: Iterable[int]) -> None:
        """Confirma de una vez el prefijo contiguo de lo entregado, y lo salteado de uno en uno."""
        confirmados = self._sin_confirmar.keys() & set(numeros)
        prefijo = 0
        for numero in self._sin_confirmar:
            if numero not in confirmados:
                break
            prefijo = numero
        if prefijo:
            self._canal.basic_ack(prefijo, multiple=True)
        for numero in sorted(confirmados):
            if numero > prefijo:
                self._canal.basic_ack(numero)
            del self._sin_confirmar[numero]

    def rechazar(self, numero: int) -> bool:
        """Rechaza sin reencolar. False si esa entrega ya no estaba sin confirmar."""
        if numero not in self._sin_confirmar:
            return False
        del self._sin_confirmar[numero]
        self._canal.basic_reject(numero, requeue=False)
        return True

    def cancelar(self) -> None:
        """Deja de consumir y cierra el canal: lo no confirmado vuelve a la cola."""
        if self.activo:
            self.activo = False
            self._canal.basic_cancel(self._consumidor)
        self.listos.clear()
        self._sin_confirmar.clear()
        self._canal.close()


def _entrega(recibido: Any, consumo: Consumo) -> Entrega:
    propiedades = recibido.properties
    info = recibido.delivery_info
    cabeceras = propiedades.get("application_headers") or {}
    mensaje = Mensaje(
        intercambio=info["exchange"],
        clave=info["routing_key"],
        tipo=propiedades.get("type", ""),
        cuerpo=recibido.body or b"",
        id=propiedades.get("message_id", ""),
        # El broker añade tablas (x-death): el contrato solo admite textos y enteros.
        cabeceras={nombre: valor for nombre, valor in cabeceras.items() if isinstance(valor, str | int)},
        responder_a=propiedades.get("reply_to"),
    )
    etiqueta = Etiqueta(consumo, info["delivery_tag"])
    return Entrega(mensaje, etiqueta, bool(info["redelivered"]), propiedades.get("user_id"), mensaje.responder_a)
