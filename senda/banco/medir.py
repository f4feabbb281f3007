"""Medir: cuánto tarda algo, repetido, y cuánto más que otra cosa medida a la vez.

Lo que se compara se alterna (A B A B…): si la máquina se frena a mitad, se frenan las dos, y la razón de cada vuelta
sigue valiendo.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import TypeAlias

from msgspec import Struct

#: Lo que se mide. Prepara lo suyo fuera: lo que haga dentro cuenta.
Trabajo: TypeAlias = Callable[[], object]
Reloj: TypeAlias = Callable[[], float]


class Tiempos(Struct, frozen=True):
    """Lo que tardó cada vez, en segundos y en el orden en que se midió.

    ``cpu``: lo que gastaron a la vez este proceso y sus obreros; con la máquina ocupada, lo que menos engaña.
    """

    veces: tuple[float, ...]
    cpu: tuple[float, ...] = ()

    @property
    def mediana(self) -> float:
        return median(self.veces)

    @property
    def minimo(self) -> float:
        return min(self.veces)

    @property
    def maximo(self) -> float:
        return max(self.veces)


def alternar(
    trabajos: Mapping[str, Trabajo], veces: int, *, calentar: int = 1, reloj: Reloj = perf_counter
) -> dict[str, Tiempos]:
    """Mide unos trabajos ``veces`` vueltas, uno detrás de otro en cada vuelta. ``calentar``: vueltas que no cuentan."""
    medidos: dict[str, list[tuple[float, float]]] = {nombre: [] for nombre in trabajos}
    for vuelta in range(calentar + veces):
        for nombre, trabajo in trabajos.items():
            antes = _cpu()
            tardo = una_vez(trabajo, reloj)
            if vuelta >= calentar:
                medidos[nombre].append((tardo, _cpu() - antes))
    return {nombre: Tiempos(*zip(*suyos, strict=True)) for nombre, suyos in medidos.items()}


def una_vez(trabajo: Trabajo, reloj: Reloj = perf_counter) -> float:
    """Segundos que tarda una sola vez."""
    gc.collect()  # que la basura de lo anterior no la pague este
    antes = reloj()
    trabajo()
    return reloj() - antes


def razones(primitiva: Tiempos, medido: Tiempos) -> Tiempos:
    """Vuelta a vuelta, la velocidad de lo medido entre la de la primitiva: 1, igual; 0,5, la mitad de rápido."""
    return Tiempos(
        tuple(p / m for p, m in zip(primitiva.veces, medido.veces, strict=True)),
        tuple(p / m for p, m in zip(primitiva.cpu, medido.cpu, strict=True) if m),
    )


def _cpu() -> float:
    # La de los obreros cuenta cuando acaban, y acaban dentro del trabajo que los arranca.
    return sum(os.times()[:4])


def percentil(valores: Sequence[float], cual: float) -> float:
    """El menor valor que no superan más que ``1 - cual`` de todos (0,99: el p99). ``valores`` no puede ser vacía."""
    ordenados = sorted(valores)
    return ordenados[min(int(cual * len(ordenados)), len(ordenados) - 1)]


__all__ = ["Reloj", "Tiempos", "Trabajo", "alternar", "percentil", "razones", "una_vez"]
