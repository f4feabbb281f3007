"""Qué mensajes dejarán de existir, desde cuándo se dice y con qué se sustituyen. Son datos: `retiradas.toml`.

Una institución se entera por el propio esquema (``deprecated`` y ``x-retirada``), por la referencia y al validar.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from contratos.datos import leer_toml, repetidos

ARCHIVO: Final = Path(__file__).with_name("retiradas.toml")
#: Días entre decirlo y dejar de admitirlo. Valor del proyecto: un semestre para planear, cambiar y probar.
AVISO_MINIMO: Final = timedelta(days=180)


class RetiradaInvalida(ValueError):
    """El TOML de retiradas no dice algo que se pueda cumplir."""


class Retirada(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Un tipo obsoleto. ``desde``: cuándo se declara; ``retirada``: primer día en que puede faltar."""

    tipo: str
    desde: date
    retirada: date
    sustituto: str = ""

    @property
    def en_el_esquema(self) -> dict[str, Any]:
        """Lo que lleva su esquema publicado."""
        sustituto = {"sustituto": self.sustituto} if self.sustituto else {}
        fechas = {"desde": self.desde.isoformat(), "retirada": self.retirada.isoformat()}
        return {"deprecated": True, "x-retirada": fechas | sustituto}

    def __str__(self) -> str:
        """En una frase, para una persona."""
        usa = f"; usa {self.sustituto}" if self.sustituto else ""
        return f"Obsoleto desde el {self.desde.isoformat()}: se retira el {self.retirada.isoformat()}{usa}."


class _Archivo(Struct, frozen=True, forbid_unknown_fields=True):
    retiradas: tuple[Retirada, ...] = ()


@cache
def declaradas(archivo: Path = ARCHIVO) -> Mapping[str, Retirada]:
    """Las que hay, por tipo. Errores: `RetiradaInvalida`."""
    retiradas = leer_toml(archivo, _Archivo, RetiradaInvalida).retiradas
    errores = [*repetidos("el tipo", [r.tipo for r in retiradas])]
    errores += [
        f"{r.tipo}: entre «desde» y «retirada» van al menos {AVISO_MINIMO.days} días"
        for r in retiradas
        if r.retirada - r.desde < AVISO_MINIMO
    ]
    if errores:
        raise RetiradaInvalida(f"{archivo.name}: {'; '.join(errores)}")
    return {r.tipo: r for r in retiradas}


def sin_sentido(
    retiradas: Collection[Retirada], vigentes: Collection[str], publicados: Collection[str]
) -> Iterator[str]:
    """Lo que apunta a un tipo que nunca existió, o manda usar uno que no está o que también se va."""
    obsoletos = {r.tipo for r in retiradas}
    for r in retiradas:
        if r.tipo not in vigentes and r.tipo not in publicados:
            yield f"{r.tipo}: no está en el contrato ni se publicó nunca"
        if r.sustituto and (r.sustituto not in vigentes or r.sustituto in obsoletos):
            yield f"{r.tipo}: su sustituto no está en el contrato, o también se retira"


__all__ = ["ARCHIVO", "AVISO_MINIMO", "Retirada", "RetiradaInvalida", "declaradas", "sin_sentido"]
