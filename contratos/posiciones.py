"""En qué línea está cada cosa de un texto JSON: lo que hace falta para decir dónde está un fallo.

Los analizadores no guardan posiciones, y la librería que lo hace no se mantiene desde 2022; son cincuenta líneas. El
texto ya se leyó antes: aquí solo se recorre, sin interpretar sus valores.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

Camino = tuple[str | int, ...]
_PIEZA: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class Posiciones(NamedTuple):
    """``lineas``: la de cada camino, desde 1 (de un campo, la de su nombre). ``repetidas``: claves dichas dos veces."""

    lineas: dict[Camino, int]
    repetidas: list[tuple[Camino, int]]


class _Abierto:
    """Un objeto o una lista a medio recorrer."""

    def __init__(self, camino: Camino, *, es_lista: bool) -> None:
        self.camino, self.es_lista = camino, es_lista
        self.actual: str | int | None = 0 if es_lista else None
        self.vistas: set[str | int] = set()


def posiciones(texto: str) -> Posiciones:
    """Las de un texto que ya se sabe que es JSON. De una clave repetida vale la última, como al leerlo."""
    lineas: dict[Camino, int] = {}
    repetidas: list[tuple[Camino, int]] = []
    pila: list[_Abierto] = []
    linea, hasta = 1, 0
    for hallada in _PIEZA.finditer(texto):
        linea += texto.count("\n", hasta, hallada.start())
        hasta = hallada.start()
        pieza, dentro = hallada.group(), pila[-1] if pila else None
        if pieza in {"}", "]"}:
            pila.pop()
        elif pieza == ",":
            if dentro is not None:
                dentro.actual = dentro.actual + 1 if isinstance(dentro.actual, int) else None
        elif pieza == ":":
            continue
        elif dentro is not None and dentro.actual is None:
            _nombrar(dentro, str(json.loads(pieza)), linea, lineas, repetidas)
        else:
            camino = (*dentro.camino, dentro.actual) if dentro is not None and dentro.actual is not None else ()
            if dentro is None or dentro.es_lista:
                lineas[camino] = linea
            if pieza in {"{", "["}:
                pila.append(_Abierto(camino, es_lista=pieza == "["))
    return Posiciones(lineas, repetidas)


def _nombrar(
    dentro: _Abierto, clave: str, linea: int, lineas: dict[Camino, int], repetidas: list[tuple[Camino, int]]
) -> None:
    camino = (*dentro.camino, clave)
    if clave in dentro.vistas:
        repetidas.append((camino, linea))
        # Lo de dentro de la primera ya no cuenta.
        for vieja in [c for c in lineas if c[: len(camino)] == camino]:
            del lineas[vieja]
    dentro.vistas.add(clave)
    dentro.actual = clave
    lineas[camino] = linea


__all__ = ["Camino", "Posiciones", "posiciones"]
