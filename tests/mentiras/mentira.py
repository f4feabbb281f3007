"""Qué es una mentira: qué hace quien opera el sistema, y con qué orden y qué traído de fuera se le nota."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from senda_verificar.faltas import Codigo
from tests.mentiras.operador import Operador


class Ancla(StrEnum):
    """Lo que quien comprueba trae de fuera, que el operador no puede cambiar."""

    NINGUNA = "ninguna"
    CLAVE = "la clave del libro traída por otra vía"
    RECTORA = "fijar la clave de la rectora"
    PUNTO = "un punto guardado por un testigo"
    QUORUM = "exigir el refrendo de un testigo"
    RECIBO = "los recibos de una institución"
    OTRO = "el punto que se dio a otro observador"


class Orden(StrEnum):
    """Con qué se comprueba. ``LIBRO`` es el directorio exportado con mandato; ``RUTA``, la prueba de una ruta."""

    AUDITAR = "senda auditar verificar"
    LIBRO = "senda-verificar LIBRO"
    RUTA = "senda-verificar RUTA.zip"


class Espera(NamedTuple):
    """Lo que una orden ha de decir con un ancla. ``codigo``: None si así no se puede notar, y no ha de notarse."""

    orden: Orden
    ancla: Ancla
    codigo: Codigo | None


class Mentira(NamedTuple):
    """Una mentira. ``en_bases``: si toca las bases; si no, solo lo que se entrega."""

    comete: Callable[[Operador], None]
    esperas: tuple[Espera, ...]
    en_bases: bool

    @property
    def nombre(self) -> str:
        return self.comete.__name__.replace("_", "-")

    @property
    def que_gana(self) -> str:
        """La primera línea de su docstring."""
        return (self.comete.__doc__ or "").strip().partition("\n")[0]


def auditar(codigo: Codigo | None) -> Espera:
    """`senda auditar verificar`, que mira el libro y los almacenes."""
    return Espera(Orden.AUDITAR, Ancla.NINGUNA, codigo)


def libro(codigo: Codigo | None, ancla: Ancla = Ancla.NINGUNA) -> Espera:
    """`senda-verificar` sobre el directorio."""
    return Espera(Orden.LIBRO, ancla, codigo)


def ruta(codigo: Codigo | None, ancla: Ancla = Ancla.NINGUNA) -> Espera:
    """`senda-verificar` sobre la prueba de una ruta."""
    return Espera(Orden.RUTA, ancla, codigo)


def en_las_bases(*esperas: Espera) -> Callable[[Callable[[Operador], None]], Mentira]:
    """Declara una mentira que se comete en las bases, como superusuario."""
    return lambda comete: Mentira(comete, esperas, en_bases=True)


def en_lo_entregado(*esperas: Espera) -> Callable[[Callable[[Operador], None]], Mentira]:
    """Declara una mentira que solo toca los archivos que se entregan."""
    return lambda comete: Mentira(comete, esperas, en_bases=False)


__all__ = ["Ancla", "Espera", "Mentira", "Orden", "auditar", "en_las_bases", "en_lo_entregado", "libro", "ruta"]
