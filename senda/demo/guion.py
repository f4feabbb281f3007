"""Qué es un guion: un generador que cede lo que una institución pide o espera, y recibe el acuse.

Así una historia se lee de arriba abajo como ocurrió, sin saber quién la lleva (`escena`) ni cuándo (`horario`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypeVar

from contratos.acuse import Acuse, Resultado
from contratos.base import Peticion
from senda.cliente import Aviso


@dataclass(frozen=True, slots=True)
class Pedir:
    """Lo que una institución pide."""

    institucion: str
    peticion: Peticion


@dataclass(frozen=True, slots=True)
class Juntas:
    """Varias peticiones de una vez, en ese orden; el guion recibe sus acuses cuando están todos."""

    peticiones: tuple[Pedir, ...]
    cuanto: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Esperar:
    """El guion no pide nada; solo deja pasar el tiempo."""

    cuanto: timedelta


@dataclass(frozen=True, slots=True)
class Hasta:
    """El guion espera a que algo ocurra; se mira cada vez que llega algo."""

    ocurre: Callable[[], bool]


Accion = Juntas | Esperar | Hasta
Acuses = tuple[Acuse, ...]
T = TypeVar("T")
#: Un trozo de guion que devuelve algo, y el guion entero, que no devuelve nada.
Paso: TypeAlias = Generator[Accion, Acuses | None, T]
Guion = Paso[None]
#: Qué hace una institución con lo que llega a su buzón: un guion nuevo, o nada.
Reaccion = Callable[[str, Aviso], Guion | None]


class GuionRoto(Exception):
    """Algo que la historia daba por bueno no ocurrió: la demostración no puede fingir que siguió."""


class NoAceptada(GuionRoto):
    """Una petición fue rechazada. ``codigo``: el estable del rechazo."""

    def __init__(self, acuse: Acuse) -> None:
        super().__init__(f"{acuse.servicio}: {acuse.codigo} ({acuse.campo})")
        self.codigo = acuse.codigo


def acuses_de(institucion: str, *peticiones: Peticion, tras: timedelta = timedelta(0)) -> Paso[Acuses]:
    """Una institución pide algo, o varias cosas de una vez, pasado un tiempo desde el paso anterior de su guion."""
    acuses = yield Juntas(tuple(Pedir(institucion, peticion) for peticion in peticiones), tras)
    if acuses is None:
        raise GuionRoto("se pidió algo y no hubo acuse")
    return acuses


def pedir(institucion: str, *peticiones: Peticion) -> Paso[Acuses]:
    """Como `acuses_de`, exigiendo que todo se acepte. Errores: `NoAceptada` con el primer rechazo."""
    acuses = yield from acuses_de(institucion, *peticiones)
    for acuse in acuses:
        if acuse.resultado is not Resultado.ACEPTADA:
            raise NoAceptada(acuse)
    return acuses


__all__ = [
    "Accion",
    "Acuses",
    "Esperar",
    "Guion",
    "GuionRoto",
    "Hasta",
    "Juntas",
    "NoAceptada",
    "Paso",
    "Pedir",
    "Reaccion",
    "acuses_de",
    "pedir",
]
