"""La oferta de alojamiento: de quién es un albergue y qué plazas tiene."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from eventos.tipos import Cantidad, Sexo, dice


class Titularidad(StrEnum):
    """De quién es un albergue (S001 B2)."""

    PUBLICA = "publica"
    ONG = "ong"
    RELIGIOSA = "religiosa"
    PRIVADA = "privada"


class TramoCupo(StrEnum):
    """A qué edades atiende un cupo."""

    PRIMERA_INFANCIA = "primera-infancia"
    NINEZ = "ninez"
    ADOLESCENCIA = "adolescencia"
    ADULTA = "adulta"


class Cupo(Struct, frozen=True, kw_only=True):
    """Plazas de un albergue para un sexo y un tramo de edad (S001 B2)."""

    sexo: Sexo
    tramo: TramoCupo
    total: Annotated[Cantidad, dice("Plazas que tiene")]
    libres: Annotated[Cantidad, dice("Plazas libres al contarlas")]


class Plaza(Struct, frozen=True, kw_only=True):
    """Una plaza de un albergue: de qué sexo y de qué edad es la cama que alguien ocupa. Solo viaja sellada."""

    sexo: Sexo
    tramo: TramoCupo

    @property
    def de_nna(self) -> bool:
        """Si es para niñas, niños y adolescentes."""
        return self.tramo is not TramoCupo.ADULTA


Cupos = Annotated[tuple[Cupo, ...], Meta(max_length=16, description="Plazas por sexo y tramo de edad")]
