"""Leer JSON ajeno de modo que dos lectores entiendan lo mismo: UTF-8, poco hondo y sin claves repetidas.

De una clave repetida unas bibliotecas toman la primera y otras la última: lo que una institución firmó no puede querer
decir dos cosas (RFC 7493 §2.3 las prohíbe).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isinf
from typing import Any, Final

import msgspec

#: Niveles de objetos y listas. Los mensajes del contrato no llegan a ocho.
HONDURA_MAXIMA: Final = 32

# Sin vuelta atrás, y un texto que no se cierra llega hasta el final: recorrerlo cuesta siempre lo mismo por byte.
_PIEZA: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


@dataclass
class JsonRechazado(ValueError):
    """No se lee. ``codigo``: uno de `contratos.codigos.DE_EXAMEN`."""

    codigo: str

    def __str__(self) -> str:
        return self.codigo


def leer_json(cuerpo: bytes) -> Any:
    """El valor, en tipos de JSON; un entero escrito con decimales (``1.0``) es un entero. Errores: `JsonRechazado`."""
    try:
        texto = cuerpo.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonRechazado("no-es-utf8") from None
    if hondo(cuerpo):
        raise JsonRechazado("demasiado-anidado")
    try:
        valor = _leer.decode(cuerpo)
    except (ValueError, RecursionError):  # los de msgspec son ValueError
        raise JsonRechazado("json-invalido") from None
    try:
        json.loads(texto, object_pairs_hook=_sin_repetir, parse_int=str, parse_float=str)
    except _DosVeces:
        raise JsonRechazado("clave-repetida") from None
    return valor


def hondo(cuerpo: bytes) -> bool:
    """Si pasa de `HONDURA_MAXIMA` niveles; no exige que sea JSON."""
    if cuerpo.count(b"{") + cuerpo.count(b"[") <= HONDURA_MAXIMA:
        return False
    hondura = 0
    for pieza in _PIEZA.finditer(cuerpo):
        signo = pieza[0]
        if signo in b"{[":
            hondura += 1
            if hondura > HONDURA_MAXIMA:
                return True
        elif signo in b"]}":
            hondura -= 1
    return False


class _DosVeces(ValueError):
    """Una clave está dos veces en su objeto."""


def _sin_repetir(pares: list[tuple[str, Any]]) -> None:
    if len({clave for clave, _ in pares}) != len(pares):
        raise _DosVeces


def _numero(escrito: str) -> float | int:
    """Para JSON Schema ``1.0`` es un entero, y hay bibliotecas que los escriben así."""
    numero = float(escrito)
    if isinf(numero):
        raise ValueError("el número no cabe")
    return int(numero) if numero.is_integer() else numero


_leer = msgspec.json.Decoder(float_hook=_numero)

__all__ = ["HONDURA_MAXIMA", "JsonRechazado", "hondo", "leer_json"]
