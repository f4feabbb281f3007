"""Lo que sigue en pie de un flujo: sus hechos, menos los que otro rectificó (regla 8).

El estado de una ruta en un contexto se deduce de aquí. Guardar los hechos y no un resumen hace que anular uno deje el
estado como si no hubiera ocurrido, sin código que deshaga nada.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from eventos.base import Hecho
from eventos.comun import HechoRectificado
from eventos.sobre import Anotado

H = TypeVar("H", bound=Hecho)


class Vigentes(Struct, frozen=True, kw_only=True):
    """Un agregado hecho de sus hechos en pie, en orden. Los campos sellados llegan sin abrir: ninguna regla los usa."""

    id: UUID
    hechos: tuple[Anotado, ...] = ()

    @classmethod
    def vacio(cls, id: UUID) -> Self:
        """El agregado antes de que ocurra nada."""
        return cls(id=id)

    def evolucionar(self, anotado: Anotado) -> Self:
        """Sigue la historia con un hecho más, o con uno menos si este lo rectifica."""
        if isinstance(anotado.hecho, HechoRectificado):
            corregido = anotado.hecho.corrige
            return replace(self, hechos=tuple(a for a in self.hechos if a.id != corregido))
        return replace(self, hechos=(*self.hechos, anotado))

    def de(self, clase: type[H]) -> Iterator[tuple[Anotado, H]]:
        """Los hechos de una clase, cada uno con su sobre, del primero al último."""
        for anotado in self.hechos:
            if isinstance(anotado.hecho, clase):
                yield anotado, anotado.hecho

    def hay(self, clase: type[Hecho]) -> bool:
        """Si consta alguno de esa clase."""
        return any(isinstance(anotado.hecho, clase) for anotado in self.hechos)

    def buscar(self, id_hecho: UUID) -> Anotado | None:
        """El hecho con ese id, si está y sigue en pie."""
        return next((anotado for anotado in self.hechos if anotado.id == id_hecho), None)
