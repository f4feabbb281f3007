"""JSON que se lee de una sola manera: UTF-8, sin nombres repetidos ni números que no lo son."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn


class JsonInvalido(ValueError):
    """No es JSON, o lo es y dos programas podrían leer cosas distintas."""


def leer(texto: str | bytes) -> Any:
    """El valor. Errores: `JsonInvalido`, que no repite lo recibido."""
    try:
        # Sin decodificar antes, `json` adivinaría si los bytes son UTF-16 o UTF-32.
        legible = texto.decode() if isinstance(texto, bytes) else texto
        return _LECTOR.decode(legible)
    except (ValueError, RecursionError):
        raise JsonInvalido("no es JSON que se lea de una sola manera") from None


def objeto(texto: str | bytes) -> dict[str, Any]:
    """El valor, que ha de ser un objeto. Errores: `JsonInvalido`."""
    leido = leer(texto)
    if not isinstance(leido, dict):
        raise JsonInvalido("no es un objeto JSON")
    return leido


def _unico(pares: list[tuple[str, Any]]) -> dict[str, Any]:
    leido = dict(pares)
    if len(leido) != len(pares):
        raise JsonInvalido("un nombre está repetido")
    return leido


def _no_es_numero(_constante: str) -> NoReturn:
    raise JsonInvalido("NaN e infinito no son JSON")


#: Uno para todas: hacerlo cuesta tanto como leer un sobre.
_LECTOR: Final = json.JSONDecoder(object_pairs_hook=_unico, parse_constant=_no_es_numero)

__all__ = ["JsonInvalido", "leer", "objeto"]
