"""El timbre: despierta a quien espera por HTTP cuando llega algo para su institución.

Suena desde el hilo que recoge; espera en el bucle asíncrono que atiende. Si un timbrazo se pierde (otra réplica recogió
lo suyo), quien espera vuelve a mirar pasado `SONDEO`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Final

#: Segundos.
SONDEO: Final = 1.0


class DemasiadasEsperas(Exception):
    """La institución tiene ya todas las esperas que se le admiten a la vez."""


class Timbre:
    """Las esperas abiertas de cada institución. ``maximo``: cuántas a la vez."""

    def __init__(self, maximo: int = 8) -> None:
        self._maximo = maximo
        self._esperan: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._bucle: asyncio.AbstractEventLoop | None = None
        #: Si el servidor se va: quien espera ha de contestar con lo que tenga.
        self.parado = False

    def enchufar(self) -> None:
        """Dice en qué bucle asíncrono se espera. Lo llama el servidor al arrancar, desde él."""
        self._bucle = asyncio.get_running_loop()
        self.parado = False

    def sonar(self, institucion: str) -> None:
        """Puede haber algo para ella. Vale desde cualquier hilo."""
        if self._bucle is not None:
            with suppress(RuntimeError):  # el servidor se está yendo: nadie espera ya
                self._bucle.call_soon_threadsafe(self._despertar, institucion)

    def parar(self) -> None:
        """Despierta a todos para que contesten: el servidor se va. Vale desde cualquier hilo o señal."""
        self.parado = True
        for institucion in list(self._esperan):
            self.sonar(institucion)

    @property
    def esperas(self) -> int:
        """Cuántas hay abiertas."""
        return sum(len(avisos) for avisos in self._esperan.values())

    def entrar(self, institucion: str) -> asyncio.Event:
        """Abre una espera; hay que cerrarla con `salir`. Errores: `DemasiadasEsperas`."""
        if len(self._esperan[institucion]) >= self._maximo:
            raise DemasiadasEsperas
        aviso = asyncio.Event()
        self._esperan[institucion].add(aviso)
        return aviso

    def salir(self, institucion: str, aviso: asyncio.Event) -> None:
        """Cierra una espera."""
        self._esperan[institucion].discard(aviso)
        if not self._esperan[institucion]:
            del self._esperan[institucion]

    def _despertar(self, institucion: str) -> None:
        for aviso in self._esperan.get(institucion, ()):
            aviso.set()


__all__ = ["SONDEO", "DemasiadasEsperas", "Timbre"]
