"""Cuánta memoria llega a ocupar un trabajo, hecho en un proceso aparte."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from senda.banco.aparte import hacer_aparte

_KIB: Final = 1024
_ESTADO: Final = Path("/proc/self/status")
#: `ru_maxrss` va en KiB, salvo en macOS, que lo da en bytes.
_UNIDAD: Final = 1 if sys.platform == "darwin" else _KIB


class Memoria(Struct, frozen=True):
    """Residente máxima, en bytes: la del proceso y la del mayor de los obreros que usara (0 si ninguno)."""

    propia: int
    obrero: int

    @property
    def mayor(self) -> int:
        """La del proceso que más ocupó."""
        return max(self.propia, self.obrero)


def memoria_de(funcion: Callable[..., object], *argumentos: Any) -> Memoria:
    """Lo que ocupa llamar a una función de módulo con argumentos que se dejen serializar. Errores: `TrabajoFallido`."""
    return hacer_aparte(_midiendo, funcion, argumentos)


def residente(pid: int) -> int:
    """Lo que ocupa ahora un proceso, en bytes; 0 si no se puede saber."""
    return _del_estado(Path(f"/proc/{pid}/status"), "VmRSS:") or 0


def _midiendo(funcion: Callable[..., object], argumentos: tuple[Any, ...]) -> Memoria:
    funcion(*argumentos)
    return Memoria(_propia(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIDAD)


def _propia() -> int:
    # Lo de getrusage arrastra lo que ocupaba el proceso del que se nació; esto es solo de este.
    return _del_estado(_ESTADO, "VmHWM:") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIDAD


def _del_estado(estado: Path, campo: str) -> int | None:
    if estado.exists():
        for linea in estado.read_text(errors="replace").splitlines():
            if linea.startswith(campo):
                return int(linea.split()[1]) * _KIB
    return None


__all__ = ["Memoria", "memoria_de", "residente"]
