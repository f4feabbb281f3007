"""Lo que un servicio recuerda entre tandas: releer cien hechos por cada uno nuevo no lleva a ningún sitio.

Valen mientras nadie más escriba, y eso lo dice la posición del origen. La tanda que tiene el turno se los lleva y los
devuelve al confirmar; si no confirma, o si otra réplica escribió, se pierden y se releen.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self
from uuid import UUID

from eventos.sobre import Anotado

#: Flujos que se recuerdan, los usados más recientemente: unas decenas de kB cada uno.
TOPE: Final = 2_000


class Agregado(Protocol):
    """Estado que se pliega desde los hechos de un flujo."""

    @classmethod
    def vacio(cls, id: UUID) -> Self: ...

    def evolucionar(self, anotado: Anotado) -> Self: ...


@dataclass(slots=True)
class Flujo:
    """Un flujo plegado: su última versión y el estado de cada clase que alguien pidió."""

    version: int = 0
    estados: dict[type[Any], Any] = field(default_factory=dict)

    def seguir(self, anotado: Anotado) -> None:
        """Un hecho más."""
        self.version = anotado.version
        for clase, estado in self.estados.items():
            self.estados[clase] = estado.evolucionar(anotado)


@dataclass(slots=True)
class Sabido:
    """Lo que una tanda no tiene que volver a leer: los flujos plegados, y lo demás que dijo que se recordara."""

    flujos: OrderedDict[UUID, Flujo] = field(default_factory=OrderedDict)
    demas: dict[object, Any] = field(default_factory=dict)


class Memoria:
    """Lo sabido de un almacén, entre una tanda y la siguiente.

    Los flujos valen mientras nadie más escriba (la posición propia); lo demás, además, mientras no se aplique nada
    ajeno sin contarlo aquí: cualquier réplica que lo haga deja una fila en `aplicaciones`.
    """

    def __init__(self, tope: int = TOPE) -> None:
        self._tope = tope
        self._posicion = self._aplicado = -1
        self._sabido = Sabido()

    @property
    def posicion(self) -> int | None:
        """Hasta dónde llegaba lo propio al devolverlo; None si aún nadie devolvió nada."""
        return None if self._posicion < 0 else self._posicion

    def llevarse(self, posicion: int, aplicado: int) -> Sabido:
        """Lo que vale ahí. Quien se lo lleva tiene el turno y ha de devolverlo si confirma."""
        sabido, self._sabido = self._sabido, Sabido()
        if posicion != self._posicion:
            return Sabido()
        return sabido if aplicado == self._aplicado else Sabido(sabido.flujos)

    def devolver(self, posicion: int, aplicado: int, sabido: Sabido) -> None:
        """Lo deja para la tanda siguiente, salvo que otra más nueva ya dejara lo suyo. ``aplicado``: con lo de esta."""
        if posicion < self._posicion:
            return
        while len(sabido.flujos) > self._tope:
            sabido.flujos.popitem(last=False)
        self._posicion, self._aplicado, self._sabido = posicion, aplicado, sabido


__all__ = ["Agregado", "Flujo", "Memoria", "Sabido"]
