"""El bus a mano: py-amqp con confirmaciones en ventana, y consumo con tope y confirmación múltiple."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import amqp
from kombu.connection import Connection

_TOPE: Final = 500
_VENTANA: Final = 500


def conectar(url: str) -> Any:
    """Una conexión de py-amqp. Sin latidos: el banco la para y la sigue."""
    fabrica: Any = Connection
    return fabrica(url, heartbeat=0).transport.establish_connection()


class Cola:
    """Consumir una cola por lotes."""

    def __init__(self, url: str, cola: str) -> None:
        self._conexion = conectar(url)
        self._cola = cola
        self._listos: deque[Any] = deque()
        self._canal: Any = None

    def tomar(self, maximo: int, espera: float) -> list[Any]:
        """Hasta ``maximo`` mensajes; espera (segundos) solo si no hay ninguno."""
        if self._canal is None:
            self._canal = self._conexion.channel()
            self._canal.auto_decode = False
            self._canal.basic_qos(0, _TOPE, False)
            self._canal.basic_consume(self._cola, callback=self._listos.append)
        while len(self._listos) < maximo:
            try:
                self._conexion.drain_events(timeout=0 if self._listos else espera)
            except TimeoutError:
                break
        return [self._listos.popleft() for _ in range(min(maximo, len(self._listos)))]

    def confirmar(self, mensajes: Sequence[Any]) -> None:
        """Todos los tomados hasta el último."""
        self._canal.basic_ack(mensajes[-1].delivery_tag, multiple=True)

    def soltar(self) -> None:
        """Deja de consumir; lo no confirmado vuelve."""
        if self._canal is not None:
            self._canal.close()
            self._canal = None
            self._listos.clear()


class Salida:
    """Publicar con confirmaciones en ventana; lo que nadie recibe vuelve y se nota."""

    def __init__(self, url: str) -> None:
        self._conexion = conectar(url)
        self._canal = self._conexion.channel()
        self._canal.confirm_select()
        self._faltan = 0
        self._emitidos = self._confirmados = 0
        self._canal.events["basic_ack"].add(self._al_confirmar)
        self._canal.events["basic_return"].add(self._al_devolver)

    def publicar(self, mensajes: Sequence[tuple[str, str, str, bytes, str, dict[str, Any]]]) -> None:
        """(intercambio, clave, tipo, cuerpo, id, cabeceras). Vuelve cuando el bus los tiene todos."""
        for intercambio, clave, tipo, cuerpo, id_mensaje, cabeceras in mensajes:
            mensaje = amqp.Message(
                cuerpo, content_type="application/cloudevents+json", delivery_mode=2, message_id=id_mensaje, type=tipo,
                application_headers=cabeceras,
            )  # fmt: skip
            # _basic_publish: el de confirmar espera la confirmación de cada uno.
            self._canal._basic_publish(mensaje, intercambio, clave, mandatory=True)  # noqa: SLF001
            self._emitidos += 1
            while self._emitidos - self._confirmados >= _VENTANA:
                self._conexion.drain_events(timeout=30)
        while self._emitidos > self._confirmados:
            self._conexion.drain_events(timeout=30)

    def cerrar(self) -> None:
        """Suelta la conexión."""
        self._conexion.close()

    def _al_confirmar(self, etiqueta: int, multiple: bool) -> None:
        self._confirmados = etiqueta if multiple else self._confirmados + 1

    def _al_devolver(self, *_: Any) -> None:
        raise RuntimeError("nadie recibe lo que se publica")


__all__ = ["Cola", "Salida", "conectar"]
