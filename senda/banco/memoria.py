"""Cuánta memoria llega a ocupar un trabajo: se hace en un proceso nuevo, que no hereda lo que ya ocupaba este."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

_KIB: Final = 1024
_ESTADO: Final = Path("/proc/self/status")
#: `ru_maxrss` va en KiB, salvo en macOS, que lo da en bytes.
_UNIDAD: Final = 1 if sys.platform == "darwin" else _KIB


class Memoria(Struct, frozen=True):
    """Residente máxima, en bytes: la del proceso y la del mayor de los obreros que usara (0 si ninguno)."""

    propia: int
    obrero: int


class TrabajoFallido(RuntimeError):
    """El proceso aparte no acabó bien; lo que pasó está en su salida de errores."""


def memoria_de(funcion: Callable[..., object], *argumentos: Any) -> Memoria:
    """Lo que ocupa llamar a una función de módulo con argumentos que se dejen serializar. Errores: `TrabajoFallido`."""
    contexto = multiprocessing.get_context("spawn")
    recibe, envia = contexto.Pipe(duplex=False)
    proceso = contexto.Process(target=_aparte, args=(envia, funcion, argumentos))
    proceso.start()
    envia.close()
    try:
        medida: Memoria = recibe.recv()
    except EOFError:
        raise TrabajoFallido("el proceso aparte no acabó su trabajo") from None
    finally:
        proceso.join()
    return medida


def _aparte(envia: Connection, funcion: Callable[..., object], argumentos: tuple[Any, ...]) -> None:
    funcion(*argumentos)
    obrero = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIDAD
    envia.send(Memoria(_propia(), obrero))
    envia.close()


def _propia() -> int:
    # Lo de getrusage arrastra lo que ocupaba el proceso del que se nació; esto es solo de este.
    if _ESTADO.exists():
        for linea in _ESTADO.read_text(encoding="ascii").splitlines():
            if linea.startswith("VmHWM:"):
                return int(linea.split()[1]) * _KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIDAD


__all__ = ["Memoria", "TrabajoFallido", "memoria_de"]
