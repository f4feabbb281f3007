"""La forma canónica de un contrato publicado: lo que obliga, sin textos ni orden. De ella salen su huella y su copia.

Se guarda así y no entera para que corregir una descripción no parezca un cambio de contrato.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

ASYNCAPI: Final = "asyncapi.json"
#: Explican; no cambian qué mensaje vale.
TEXTOS: Final = frozenset({"title", "description", "summary", "examples", "$comment"})
#: Sus claves son nombres que elige el contrato: un campo puede llamarse `title`.
_MAPAS: Final = frozenset({"properties", "$defs"})
#: Listas en las que el orden no dice nada.
_CONJUNTOS: Final = frozenset({"required", "enum", "x-extensible-enum", "x-mandatos", "type", "anyOf"})
#: Valores, no esquemas: se guardan como están.
_VALORES: Final = frozenset({"const", "default"})


def canonica(ruta: str, documento: Mapping[str, Any]) -> dict[str, Any]:
    """La de un archivo publicado. Del AsyncAPI queda por dónde se pide y se lee; lo demás son los otros archivos."""
    return _canales(documento) if ruta == ASYNCAPI else _esquema(documento)


def huella(forma: Mapping[str, Any]) -> str:
    """SHA-256 de una forma canónica, en hexadecimal."""
    return sha256(msgspec.json.encode(forma, order="deterministic")).hexdigest()


def _esquema(nodo: Mapping[str, Any]) -> dict[str, Any]:
    return {clave: _valor(clave, valor) for clave, valor in nodo.items() if clave not in TEXTOS}


def _valor(clave: str, valor: Any) -> Any:
    if clave in _VALORES:
        return valor
    if clave in _MAPAS:
        return {nombre: _esquema(hijo) for nombre, hijo in valor.items()}
    if isinstance(valor, Mapping):
        return _esquema(valor)
    if isinstance(valor, list):
        hijos = [_esquema(hijo) if isinstance(hijo, Mapping) else hijo for hijo in valor]
        return sorted(hijos, key=_por_bytes) if clave in _CONJUNTOS else hijos
    return valor


def _por_bytes(valor: Any) -> bytes:
    return msgspec.json.encode(valor, order="deterministic")


def _canales(documento: Mapping[str, Any]) -> dict[str, Any]:
    canales = {
        nombre: {"address": canal["address"], "bindings": canal["bindings"]}
        for nombre, canal in documento.get("channels", {}).items()
    }
    cabeceras = {
        nombre: _esquema(mensaje.get("headers", {}))
        for nombre, mensaje in documento.get("components", {}).get("messages", {}).items()
    }
    return {"channels": canales, "operations": documento.get("operations", {}), "headers": cabeceras}


__all__ = ["ASYNCAPI", "TEXTOS", "canonica", "huella"]
