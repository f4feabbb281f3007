"""Los flujos que un servicio guarda plegados en memoria: releer cien hechos por cada uno nuevo no lleva a ningún sitio.

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


class Memoria:
    """Los flujos plegados de un almacén, entre una tanda y la siguiente."""

    def __init__(self, tope: int = TOPE) -> None:
        self._tope = tope
        self._posicion = -1
        self._flujos: OrderedDict[UUID, Flujo] = OrderedDict()

    def llevarse(self, posicion: int) -> OrderedDict[UUID, Flujo]:
        """Los que valen en esa posición. Quien se los lleva tiene el turno y ha de devolverlos si confirma."""
        flujos, self._flujos = self._flujos, OrderedDict()
        return flujos if posicion == self._posicion else OrderedDict()

    def devolver(self, posicion: int, flujos: OrderedDict[UUID, Flujo]) -> None:
        """Los deja para la tanda siguiente, salvo que otra más nueva ya dejara los suyos."""
        if posicion < self._posicion:
            return
        while len(flujos) > self._tope:
            flujos.popitem(last=False)
        self._posicion, self._flujos = posicion, flujos


__all__ = ["Agregado", "Flujo", "Memoria"]
