"""Un intermediario TCP que se puede congelar: la red se corta sin que nadie cierre nada."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Reenvía a `destino`. `congelar` deja de mover bytes de lo ya abierto; lo que se abra después pasa."""

    def __init__(self, destino: tuple[str, int]) -> None:
        self._destino = destino
        self._zocalos: list[socket.socket] = []
        self._congelados: set[socket.socket] = set()
        self._puerta = socket.create_server(("127.0.0.1", 0))
        self.puerto: int = self._puerta.getsockname()[1]
        threading.Thread(target=self._atender, daemon=True).start()

    def congelar(self) -> None:
        self._congelados.update(self._zocalos)

    def cerrar(self) -> None:
        self._puerta.close()
        for zocalo in self._zocalos:
            zocalo.close()

    def _atender(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                cliente, _ = self._puerta.accept()
                servidor = socket.create_connection(self._destino)
                self._zocalos += [cliente, servidor]
                for origen, destino in ((cliente, servidor), (servidor, cliente)):
                    threading.Thread(target=self._mover, args=(origen, destino), daemon=True).start()

    def _mover(self, origen: socket.socket, destino: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while datos := origen.recv(65536):
                if origen in self._congelados:
                    return
                destino.sendall(datos)
            destino.shutdown(socket.SHUT_WR)
