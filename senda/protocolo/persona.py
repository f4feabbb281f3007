"""De lo que alguien escribe sobre una persona supuesta a lo único que encamina: si es NNA y si es extranjera."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from eventos.paises import ALFA3, ALFA3_ASIGNADOS
from eventos.tipos import NivelRiesgo, Sexo, SiNo
from senda.protocolo import rechazos

#: Años cumplidos desde los que no se es niña, niño o adolescente (Protocolo de Palermo, art. 3.d).
MAYORIA_DE_EDAD: Final = 18
_EDAD_MAXIMA: Final = 120
_ANIOS: Final = range(2000, 2101)


class Persona(Struct, frozen=True, kw_only=True):
    """La persona de una simulación. Edad en años cumplidos, None si no consta; nacionalidades en alfa-3."""

    edad: int | None
    sexo: Sexo
    nacionalidades: tuple[str, ...]
    nna: SiNo
    extranjera: SiNo
    riesgo: NivelRiesgo


def suponer(pais: str, *, edad: str | None, sexo: str | None, nacionalidades: Sequence[str], riesgo: str) -> Persona:
    """La persona, vista desde un país (alfa-2 en minúsculas). Lo que no se da no consta.

    Errores: `EdadImposible`, `SexoDesconocido`, `NacionalidadDesconocida`, `RiesgoDesconocido`.
    """
    anios = None if edad is None else _edad(edad)
    if sexo is not None and sexo not in set(Sexo):
        raise rechazos.SexoDesconocido
    if riesgo not in set(NivelRiesgo):
        raise rechazos.RiesgoDesconocido
    if not ALFA3_ASIGNADOS.issuperset(nacionalidades):
        raise rechazos.NacionalidadDesconocida
    return Persona(
        edad=anios,
        sexo=Sexo(sexo) if sexo else Sexo.NO_CONSTA,
        nacionalidades=tuple(dict.fromkeys(nacionalidades)),
        nna=SiNo.NO_CONSTA if anios is None else _si(anios < MAYORIA_DE_EDAD),
        extranjera=_si(ALFA3[pais.upper()] not in nacionalidades) if nacionalidades else SiNo.NO_CONSTA,
        riesgo=NivelRiesgo(riesgo),
    )


def instante(texto: str) -> datetime:
    """Un instante en UTC. Errores: `InstanteInvalido`."""
    try:
        leido = datetime.fromisoformat(texto)
    except ValueError:
        raise rechazos.InstanteInvalido from None
    if leido.year not in _ANIOS:
        raise rechazos.InstanteInvalido
    return leido.replace(tzinfo=UTC) if leido.tzinfo is None else leido.astimezone(UTC)


def _edad(texto: str) -> int:
    # isdecimal solo no basta: admite cifras de otros alfabetos.
    if not (texto.isascii() and texto.isdecimal() and len(texto) <= len(str(_EDAD_MAXIMA))):
        raise rechazos.EdadImposible
    if int(texto) > _EDAD_MAXIMA:
        raise rechazos.EdadImposible
    return int(texto)


def _si(cierto: bool) -> SiNo:
    return SiNo.SI if cierto else SiNo.NO


__all__ = ["MAYORIA_DE_EDAD", "Persona", "instante", "suponer"]
