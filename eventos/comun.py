"""Hechos que pueden ocurrir en cualquier contexto. El origen que los cuenta va en el sobre."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from eventos.base import UNSET, HechoDeRuta, Sellado, hecho
from eventos.motivos import MotivoRectificacion
from eventos.tipos import IdHecho, Relato, dice


class Efecto(StrEnum):
    """Qué queda del hecho corregido."""

    ANULADO = "anulado"
    SUSTITUIDO = "sustituido"


@hecho("hecho-rectificado")
class HechoRectificado(HechoDeRuta, frozen=True, kw_only=True):
    """Corrige un hecho anterior de la misma ruta y del mismo origen; nada se edita (regla 8)."""

    corrige: Annotated[IdHecho, dice("Evento que se corrige")]
    efecto: Efecto
    sustituto: Annotated[IdHecho | None, dice("Evento que dice lo correcto; nulo si solo se anula")] = None
    motivo: MotivoRectificacion
    detalle: Sellado[Relato] = UNSET
