"""Un intermediario TCP en asyncio, en su hilo: pasa todo, y además tarda, corta, y se traga la respuesta a un COMMIT.

`tests/integracion/mensajeria/corte.py` hace lo último con hilos para una conexión; aquí son decenas, a la vez y lentas.
"""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_ESCRIBE = re.compile(rb"INSERT INTO|UPDATE \w+ SET|DELETE FROM")
_TROZO = 65_536


@dataclass
class Red:
    """El camino hacia ``destino``. ``demora``: segundos que tarda cada trozo, en cada sentido.

    ``por_cortar``: cuántas respuestas a un COMMIT de quien escribió faltan por tragarse; ``cortadas``, las tragadas.
    """

    destino: tuple[str, int]
    demora: float = 0.0
    por_cortar: int = 0
    cortadas: int = 0
    puerto: int = 0
    _abiertas: set[asyncio.StreamWriter] = field(default_factory=set)
    _bucle: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        listo = threading.Event()
        self._hilo = threading.Thread(target=self._correr, args=(listo,), daemon=True)
        self._hilo.start()
        listo.wait(10)

    def cortar(self) -> None:
        """Corta todo lo abierto; lo que se abra después pasa."""
        self._bucle.call_soon_threadsafe(self._colgar)

    def cerrar(self) -> None:
        def parar() -> None:
            self._colgar()
            self._bucle.stop()

        self._bucle.call_soon_threadsafe(parar)
        self._hilo.join(5)
        self._bucle.close()

    def _correr(self, listo: threading.Event) -> None:
        asyncio.set_event_loop(self._bucle)
        servidor = self._bucle.run_until_complete(asyncio.start_server(self._atender, "127.0.0.1", 0))
        self.puerto = servidor.sockets[0].getsockname()[1]
        listo.set()
        self._bucle.run_forever()
        servidor.close()
        for tarea in asyncio.all_tasks(self._bucle):
            tarea.cancel()
        self._bucle.run_until_complete(asyncio.sleep(0))

    async def _atender(self, de_cliente: asyncio.StreamReader, a_cliente: asyncio.StreamWriter) -> None:
        try:
            de_base, a_base = await asyncio.open_connection(*self.destino)
        except OSError:
            a_cliente.close()
            return
        viaje = _Viaje()
        self._abiertas |= {a_cliente, a_base}
        ida = asyncio.ensure_future(self._mover(de_cliente, a_base, viaje, ida=True))
        vuelta = asyncio.ensure_future(self._mover(de_base, a_cliente, viaje, ida=False))
        await asyncio.wait({ida, vuelta}, return_when=asyncio.FIRST_COMPLETED)
        for tarea in (ida, vuelta):
            tarea.cancel()
        for extremo in (a_cliente, a_base):
            self._abiertas.discard(extremo)
            extremo.close()

    async def _mover(
        self, desde: asyncio.StreamReader, hacia: asyncio.StreamWriter, viaje: _Viaje, *, ida: bool
    ) -> None:
        with suppress(OSError):
            while datos := await desde.read(_TROZO):
                if self.demora:
                    await asyncio.sleep(self.demora)
                if ida:
                    self._mirar(datos, viaje)
                elif viaje.cortando:
                    self.cortadas += 1
                    return
                hacia.write(datos)
                await hacia.drain()

    def _mirar(self, datos: bytes, viaje: _Viaje) -> None:
        viaje.escribio = viaje.escribio or _ESCRIBE.search(datos) is not None
        if b"COMMIT" in datos:
            if viaje.escribio and self.por_cortar:
                self.por_cortar -= 1
                viaje.cortando = True
            viaje.escribio = False

    def _colgar(self) -> None:
        for extremo in self._abiertas:
            extremo.transport.abort()


@dataclass
class _Viaje:
    """Lo que se sabe de una conexión: si su transacción escribió y si la próxima respuesta no ha de llegar."""

    escribio: bool = False
    cortando: bool = False


__all__ = ["Red"]
