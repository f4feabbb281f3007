"""Que ninguna fila señale a nadie: grupos de al menos ``k`` filas iguales. Puro.

A las filas de grupos pequeños se les vacían columnas, en el orden que dice el formato, hasta que el grupo crece; las
que ni así, se quitan. Nunca se toca una fila de un grupo que ya es grande, así que un grupo grande no deja de serlo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contratos.tablas import Formato

#: Menos de 11 es un grupo pequeño: el umbral con que se midió cuánto reidentifica un perfil (docs/tablas.md).
K: Final = 11

Fila = tuple[str, ...]


@dataclass(frozen=True)
class Protegida:
    """``generalizadas``: columna -> en cuántas filas se vació algo que constaba."""

    filas: tuple[Fila, ...]
    generalizadas: Mapping[str, int]
    suprimidas: int


def proteger(formato: Formato, filas: Sequence[Fila], k: int = K) -> Protegida:
    """Las mismas filas, en el mismo orden, con cada una igual al menos a otras ``k - 1``."""
    columnas = formato.llevadas
    lugar = {c.nombre: n for n, c in enumerate(columnas)}
    actuales = list(filas)
    generalizadas: Counter[str] = Counter()
    for grupo in formato.generalizar:
        cuantas = Counter(actuales)
        if all(n >= k for n in cuantas.values()):
            break
        for n, fila in enumerate(actuales):
            if cuantas[fila] >= k:
                continue
            celdas = list(fila)
            for columna in grupo:
                vacio = columnas[lugar[columna]].vacio
                generalizadas[columna] += celdas[lugar[columna]] != vacio
                celdas[lugar[columna]] = vacio
            actuales[n] = tuple(celdas)
    cuantas = Counter(actuales)
    quedan = tuple(fila for fila in actuales if cuantas[fila] >= k)
    return Protegida(quedan, +generalizadas, len(actuales) - len(quedan))


__all__ = ["K", "Protegida", "proteger"]
