"""Hechos de seguridad: lo excepcional que se hace con la identidad o con la clave de una persona."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from eventos.base import UNSET, HechoDeRuta, Sellado, hecho
from eventos.tipos import Agente, Instante, Relato, dice


class MotivoDestruccion(StrEnum):
    """Por qué se destruye la clave de una persona."""

    PERSONA_LO_PIDE = "la-persona-lo-pide"
    PLAZO_CONSERVACION = "fin-del-plazo-de-conservacion"
    ORDEN_DE_AUTORIDAD = "orden-de-autoridad"


class MotivoAcceso(StrEnum):
    """Por qué se rompe el vidrio."""

    RIESGO_DE_VIDA = "riesgo-de-vida"
    DESAPARICION = "desaparicion"
    URGENCIA_MEDICA = "urgencia-medica"
    ORDEN_JUDICIAL = "orden-judicial"


@hecho("clave-destruida")
class ClaveDestruida(HechoDeRuta, frozen=True, kw_only=True):
    """Se destruyó la clave de la persona: sus hechos siguen, pero ya no dicen de quién hablan (regla 7)."""

    motivo: MotivoDestruccion
    pedida: Annotated[Instante, dice("Cuándo se pidió, en UTC: hay una demora antes de ejecutarla")]
    autorizan: Annotated[
        tuple[Agente, ...], Meta(min_length=2, max_length=4, description="Dos personas, como mínimo, distintas")
    ]


@hecho("acceso-excepcional")
class AccesoExcepcional(HechoDeRuta, frozen=True, kw_only=True):
    """Se leyó lo protegido sin el permiso ordinario; queda sujeto a revisión."""

    motivo: MotivoAcceso
    revisar_antes: Annotated[Instante, dice("Hasta cuándo debe revisarse, en UTC")]
    detalle: Sellado[Relato] = UNSET
