"""Hechos de auditoría: lo que el libro descubre de un origen."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from eventos.base import Hecho, hecho
from eventos.tipos import Clave, Huella, dice


@hecho("divergencia-hallada")
class DivergenciaHallada(Hecho, frozen=True, kw_only=True):
    """Un origen contó dos cosas distintas en la misma posición: se detiene y se investiga."""

    origen: Annotated[Clave, dice("Origen que diverge: deteccion, atencion…")]
    posicion: Annotated[int, Meta(ge=1, le=2**53 - 1, description="Posición en que diverge, desde 1")]
    hash_conocido: Annotated[Huella, dice("Hash de la hoja que ya estaba en el libro")]
    hash_hallado: Annotated[Huella, dice("Hash de la hoja que llegó después")]

    @property
    def sujeto(self) -> str:
        return self.origen
