"""Servir una aplicación ASGI desde la terminal: puerto tomado antes de nada, y parada limpia con Ctrl-C o SIGTERM."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import typer
import uvicorn
from litestar import Litestar

from senda.orden.comun import progreso

#: Segundos que se deja a las llamadas abiertas para contestar cuando se pide parar.
_PARADA: Final = 5


class _Servidor(uvicorn.Server):
    """El de uvicorn, que al pedírsele parar lo dice y no repite después la señal: el proceso acaba con 0."""

    def __init__(self, configuracion: uvicorn.Config, al_pedir_parada: Callable[[], None]) -> None:
        super().__init__(configuracion)
        self._al_pedir_parada = al_pedir_parada

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  así lo llama uvicorn
        self.force_exit = self.should_exit
        self.should_exit = True
        self._al_pedir_parada()


def tomar(direccion: str, puerto: int) -> socket.socket:
    """El puerto, ya escuchando; con 0, uno libre. Si no se puede, lo dice y sale con 2."""
    try:
        return socket.create_server((direccion, puerto))
    except (OSError, OverflowError) as error:
        motivo = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "esa dirección no vale"
        progreso.print(
            f"No se puede escuchar en {direccion}:{puerto} ({motivo}); elige otro con --puerto.",
            style="red",
            markup=False,
            highlight=False,
        )
        raise typer.Exit(2) from None


def servir(aplicacion: Litestar, zocalo: socket.socket, al_pedir_parada: Callable[[], None]) -> None:
    """Atiende hasta que se le pida parar. ``al_pedir_parada``: que quien espera conteste ya."""
    # Sin registro de accesos: la ruta de una llamada lleva ids, y quién leyó qué se registra en otro sitio.
    configuracion = uvicorn.Config(
        aplicacion, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=_PARADA
    )
    _Servidor(configuracion, al_pedir_parada).run(sockets=[zocalo])


__all__ = ["servir", "tomar"]
