"""Un puente TCP entre el cliente y su bus o su portal: se corta y se repone, y así se ve si el cliente vuelve solo."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final

_TROZO: Final = 65_536
_LOCAL: Final = "127.0.0.1"
#: Segundos que se espera al otro lado.
_ESPERA: Final = 5.0


@dataclass
class Puente:
    """Escucha en un puerto libre y lleva cada conexión a ``anfitrion:puerto``, mientras esté tendido."""

    anfitrion: str
    puerto: int
    tendido: bool = True
    _abiertas: set[socket.socket] = field(default_factory=set)
    _cerrojo: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._zocalo = socket.create_server((_LOCAL, 0))
        Thread(target=self._atender, name="puente", daemon=True).start()

    @property
    def entrada(self) -> int:
        """El puerto por el que se pasa."""
        puerto: int = self._zocalo.getsockname()[1]
        return puerto

    def cortar(self) -> None:
        """Cierra lo que pasaba y no deja pasar nada más."""
        self.tendido = False
        with self._cerrojo:
            for extremo in self._abiertas:
                with contextlib.suppress(OSError):
                    extremo.shutdown(socket.SHUT_RDWR)

    def tender(self) -> None:
        """Vuelve a dejar pasar."""
        self.tendido = True

    def cerrar(self) -> None:
        """Corta y suelta el puerto."""
        self.cortar()
        # Sin shutdown, quien espera en accept no se entera de que se cerró.
        with contextlib.suppress(OSError):
            self._zocalo.shutdown(socket.SHUT_RDWR)
        self._zocalo.close()

    def _atender(self) -> None:
        while True:
            try:
                cliente, _ = self._zocalo.accept()
            except OSError:
                return
            try:
                destino = self._al_otro_lado()
            except OSError:
                cliente.close()
                continue
            with self._cerrojo:
                self._abiertas |= {cliente, destino}
            for de, hacia in ((cliente, destino), (destino, cliente)):
                Thread(target=self._llevar, args=(de, hacia), name="puente", daemon=True).start()
            if not self.tendido:  # se cortó mientras se abría
                self.cortar()

    def _al_otro_lado(self) -> socket.socket:
        if not self.tendido:
            raise ConnectionRefusedError
        destino = socket.create_connection((self.anfitrion, self.puerto), _ESPERA)
        destino.settimeout(None)
        return destino

    def _llevar(self, de: socket.socket, hacia: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self.tendido and (trozo := de.recv(_TROZO)):
                hacia.sendall(trozo)
        with contextlib.suppress(OSError):
            hacia.shutdown(socket.SHUT_WR)
        with self._cerrojo:
            self._abiertas.discard(de)
        de.close()  # cada sentido suelta el extremo del que lee


__all__ = ["Puente"]
