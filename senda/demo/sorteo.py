"""Sortear con el azar inyectado: la misma semilla cuenta las mismas historias."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from datetime import timedelta
from typing import TypeVar

from infra.azar import Azar

T = TypeVar("T")


def elegir(azar: Azar, opciones: Sequence[T]) -> T:
    """Una opción, todas igual de probables."""
    return opciones[int(azar.fraccion() * len(opciones))]


def entre(azar: Azar, minimo: timedelta, maximo: timedelta) -> timedelta:
    """Un lapso entre dos, al minuto."""
    minutos = int((maximo - minimo) / timedelta(minutes=1) * azar.fraccion())
    return minimo + timedelta(minutes=minutos)


def barajar(azar: Azar, lista: MutableSequence[T]) -> None:
    """Desordena en el sitio (Fisher-Yates)."""
    for i in range(len(lista) - 1, 0, -1):
        j = int(azar.fraccion() * (i + 1))
        lista[i], lista[j] = lista[j], lista[i]


__all__ = ["barajar", "elegir", "entre"]
