"""Qué afirma auditoría por su cuenta: que un origen contó dos historias. Una sola vez por cada historia distinta."""

from __future__ import annotations

from typing import Self
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from eventos.auditoria import DivergenciaHallada
from eventos.base import ESPACIO
from eventos.sobre import Anotado


class Divergencias(Struct, frozen=True, kw_only=True):
    """Lo que un origen ha contado de dos maneras: pares (posición, hash hallado), ya denunciados."""

    id: UUID
    halladas: frozenset[tuple[int, str]] = frozenset()

    @classmethod
    def vacio(cls, id: UUID) -> Self:
        """Un origen que todavía no se contradice."""
        return cls(id=id)

    def evolucionar(self, anotado: Anotado) -> Self:
        """Añade la divergencia denunciada."""
        match anotado.hecho:
            case DivergenciaHallada(posicion=posicion, hash_hallado=hallado):
                return replace(self, halladas=self.halladas | {(posicion, hallado)})
            case _:
                return self


def flujo_de(origen: str) -> UUID:
    """Id del flujo en que se guardan las divergencias de un origen (``deteccion``)."""
    return uuid5(ESPACIO, origen)


def denunciar(divergencias: Divergencias, divergencia: DivergenciaHallada) -> list[DivergenciaHallada]:
    """La divergencia, salvo que sea la misma hoja (no hay contradicción) o ya se haya denunciado."""
    if divergencia.hash_conocido == divergencia.hash_hallado:
        return []
    if (divergencia.posicion, divergencia.hash_hallado) in divergencias.halladas:
        return []
    return [divergencia]
