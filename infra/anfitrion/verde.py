"""Lo único que se sabe de eventlet: preparar el proceso, dormir y despertar.

Se importa antes que nada que abra sockets o hilos; por eso este módulo no importa nada más del proyecto.
"""

from __future__ import annotations

import os
import signal
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Antes de importar eventlet. Resuelve los nombres como el resto de la máquina: su resolutor propio ignora nsswitch.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
# Se anuncia retirado cada vez que se importa; ya se sabe (docs/decisiones), y ensucia el registro.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

import eventlet  # noqa: E402
import eventlet.debug  # noqa: E402
import eventlet.patcher  # noqa: E402
import eventlet.tpool  # noqa: E402
from eventlet.event import Event  # noqa: E402


def preparado() -> bool:
    """Si este proceso ya corre sobre hilos verdes."""
    return bool(eventlet.patcher.is_monkey_patched("socket"))


def preparar_proceso() -> None:
    """Pasa el proceso a hilos verdes. Lo primero de todo: lo ya importado con sockets o candados no cambiaría."""
    eventlet.monkey_patch()
    _buscar_nombres_aparte()
    # Aquí y no arriba: psycopg ha de importarse con los sockets ya cambiados.
    from infra.anfitrion import espera_base  # noqa: PLC0415

    espera_base.instalar()
    # El bucle de eventlet imprime las trazas con su mensaje, que puede llevar valores; de registrarlas se ocupa otro.
    eventlet.debug.hub_exceptions(False)  # noqa: FBT003  así es su API


def _buscar_nombres_aparte() -> None:
    """Buscar un nombre no detiene a los demás hilos verdes.

    El de una máquina caída puede tardar diez segundos en no encontrarse, y psycopg los busca todos antes de probar con
    ninguno: entretanto a los que sí conectaban se les pasaba el plazo, y el proceso no volvía aunque la base volviera.
    """
    buscar = socket.getaddrinfo

    def aparte(*argumentos: Any, **opciones: Any) -> Any:
        return eventlet.tpool.execute(buscar, *argumentos, **opciones)

    socket.getaddrinfo = aparte


class Despertador:
    """Espera con prisa: quien duerme despierta a su hora o en cuanto alguien lo avise."""

    def __init__(self) -> None:
        self._aviso: Any = Event()

    def sonar(self) -> None:
        """Despierta a quien espera; si nadie espera, la próxima espera no dura nada."""
        if not self._aviso.ready():
            self._aviso.send(None)

    def esperar(self, segundos: float) -> bool:
        """Duerme como mucho eso. Dice si lo despertaron."""
        with eventlet.Timeout(max(0.0, segundos), False):  # noqa: FBT003  así es su API
            self._aviso.wait()
        avisado: bool = self._aviso.ready()
        if avisado:
            self._aviso = Event()
        return avisado


class Vencido(Exception):
    """Lo que se hacía con plazo no acabó a tiempo."""


@contextmanager
def con_plazo(segundos: float) -> Iterator[None]:
    """Corta lo que tarde más. Errores: `Vencido`."""
    plazo = eventlet.Timeout(segundos)
    try:
        yield
    except eventlet.Timeout as vencido:
        if vencido is not plazo:
            raise
        raise Vencido from None
    finally:
        plazo.cancel()


def ceder() -> None:
    """Deja correr a los demás hilos verdes."""
    eventlet.sleep(0)


def hilo_actual() -> object:
    """Identidad del hilo verde que llama."""
    return eventlet.getcurrent()


def al_pedir_parada(parar: Callable[[], None]) -> None:
    """Con SIGTERM o SIGINT llama a ``parar`` en un hilo verde: dentro del manejador no se puede esperar."""

    def manejar(_numero: int, _marco: object) -> None:
        eventlet.spawn_n(parar)

    signal.signal(signal.SIGTERM, manejar)
    signal.signal(signal.SIGINT, manejar)


__all__ = [
    "Despertador",
    "Vencido",
    "al_pedir_parada",
    "ceder",
    "con_plazo",
    "hilo_actual",
    "preparado",
    "preparar_proceso",
]
