"""Hacer algo en un proceso nuevo y ligero: ni hereda lo que este ocupa ni carga más que el módulo de lo que se le pide.

Importa porque los obreros del verificador reimportan el programa principal: desde `senda`, que lo carga todo, arrancar
costaría más que lo que se mide; desde aquí cuesta lo que desde `senda-verificar`.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class TrabajoFallido(RuntimeError):
    """El proceso aparte no acabó bien; lo que pasó está en su salida de errores."""


def hacer_aparte(funcion: Callable[P, T], *argumentos: P.args, **nombrados: P.kwargs) -> T:
    """Lo que devuelve una función de módulo. Todo ha de dejarse serializar. Errores: `TrabajoFallido`."""
    encargo = pickle.dumps((funcion, argumentos, nombrados))
    hecho = subprocess.run([sys.executable, "-m", __name__], input=encargo, stdout=subprocess.PIPE, check=False)  # noqa: S603 - él mismo
    if hecho.returncode:
        raise TrabajoFallido("el proceso aparte no acabó su trabajo")
    resultado: T = pickle.loads(hecho.stdout)  # noqa: S301 - lo escribió el proceso que acaba de lanzar este
    return resultado


def _atender() -> None:
    funcion, argumentos, nombrados = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - lo escribió quien lo lanzó
    sys.stdout.buffer.write(pickle.dumps(funcion(*argumentos, **nombrados)))


if __name__ == "__main__":
    _atender()

__all__ = ["TrabajoFallido", "hacer_aparte"]
