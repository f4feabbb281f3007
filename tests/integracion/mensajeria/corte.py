"""Un intermediario TCP delante de PostgreSQL que sabe cortar justo después de que la base confirme."""

from __future__ import annotations

import contextlib
import re
import socket
import threading

_ESCRIBE = re.compile(rb"INSERT INTO|UPDATE \w+ SET|DELETE FROM")


class Corte:
    """Escucha en `puerto` y pasa todo a ``destino``. Tras `armar`, una respuesta a un COMMIT no llega nunca.

    La base ejecuta el COMMIT (se espera su respuesta antes de cortar): quien lo mandó no sabe si ocurrió.
    """

    def __init__(self, destino: tuple[str, int]) -> None:
        self._destino = destino
        self._armado = threading.Event()
        self.cortes = 0
        self._oido = socket.create_server(("127.0.0.1", 0))
        self.puerto: int = self._oido.getsockname()[1]
        self._zocalos = [self._oido]
        self._hilos: list[threading.Thread] = []
        self._lanzar(self._aceptar)

    def armar(self) -> None:
        """Corta el siguiente COMMIT de una transacción que escriba, y solo ese."""
        self._armado.set()

    def cerrar(self) -> None:
        for zocalo in self._zocalos:
            _colgar(zocalo)
        for hilo in self._hilos:
            hilo.join(5)
        for zocalo in self._zocalos:
            zocalo.close()

    def _lanzar(self, que, *argumentos: object) -> None:
        hilo = threading.Thread(target=que, args=argumentos, daemon=True)
        self._hilos.append(hilo)
        hilo.start()

    def _aceptar(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                cliente, _ = self._oido.accept()
                base = socket.create_connection(self._destino)
                self._zocalos += [cliente, base]
                cortando = threading.Event()
                self._lanzar(self._ida, cliente, base, cortando)
                self._lanzar(self._vuelta, cliente, base, cortando)

    def _ida(self, cliente: socket.socket, base: socket.socket, cortando: threading.Event) -> None:
        escribio = False
        with contextlib.suppress(OSError):
            while datos := cliente.recv(65_536):
                escribio = escribio or _ESCRIBE.search(datos) is not None
                if b"COMMIT" in datos:
                    if escribio and self._armado.is_set():
                        self._armado.clear()
                        cortando.set()
                    escribio = False
                base.sendall(datos)
        _colgar(base)

    def _vuelta(self, cliente: socket.socket, base: socket.socket, cortando: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while datos := base.recv(65_536):
                if cortando.is_set():
                    self.cortes += 1
                    break
                cliente.sendall(datos)
        _colgar(cliente)
        _colgar(base)


def _colgar(zocalo: socket.socket) -> None:
    with contextlib.suppress(OSError):
        zocalo.shutdown(socket.SHUT_RDWR)
