"""Subir de versión: una función pura vN -> vN+1 por tipo, que vive junto al evento que sube.

Los bytes guardados no cambian nunca; se sube al leer. Cada versión vieja tiene su caso dorado en las pruebas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

Datos = dict[str, Any]
Subida = Callable[[Datos], Datos]
SUBIDAS: dict[str, tuple[str, Subida]] = {}


def sube(desde: str, hasta: str) -> Callable[[Subida], Subida]:
    """Declara que la función convierte los datos de ``desde`` en los de ``hasta`` (tipos completos, con versión)."""

    def inscribir(funcion: Subida) -> Subida:
        SUBIDAS[desde] = (hasta, funcion)
        return funcion

    return inscribir


def elevar(tipo: str, data: Raw) -> tuple[str, Raw]:
    """Aplica las subidas que haya hasta la última versión conocida del tipo."""
    while paso := SUBIDAS.get(tipo):
        tipo, funcion = paso
        data = Raw(msgspec.json.encode(funcion(msgspec.json.decode(data))))
    return tipo, data
