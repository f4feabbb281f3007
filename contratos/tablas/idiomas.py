"""El idioma en las tablas: Senda lo lleva en ISO 639-3 y HTCDS lo pide en ISO 639-2, que no tiene la mayoría."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from contratos.datos import leer_toml
from contratos.protocolos.paquete import Dato, Fuente

SIN_CONSTAR: Final = "und"


class IdiomasInvalidos(ValueError):
    """El archivo no tiene la forma debida."""


class Idiomas(Dato, frozen=True, kw_only=True):
    """Códigos de ISO 639-2. ``bibliograficos``: su otro código -> el de 639-3."""

    fuente: Fuente
    lenguas: Annotated[frozenset[str], Meta(min_length=1)]
    colectivos: frozenset[str]
    bibliograficos: dict[str, str]

    def leer(self, codigo: str) -> str | None:
        """La lengua de un código de 639-2: «und» si es de una familia, y None si no es de la norma."""
        if codigo == SIN_CONSTAR or codigo in self.colectivos:
            return SIN_CONSTAR
        lengua = self.bibliograficos.get(codigo, codigo)
        return lengua if lengua in self.lenguas else None

    def escribir(self, lengua: str) -> str:
        """El código de 639-2 de una lengua; vacío si no tiene o no consta."""
        return lengua if lengua in self.lenguas else ""


@cache
def idiomas() -> Idiomas:
    """Los de la norma. Errores: `IdiomasInvalidos`."""
    return leer_toml(Path(__file__).with_suffix(".toml"), Idiomas, IdiomasInvalidos)
