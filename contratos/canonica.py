"""La forma canónica de un contrato publicado: lo que obliga, sin textos ni orden. De ella salen su huella y su copia.

Se guarda así y no entera para que corregir una descripción no parezca un cambio de contrato.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

ASYNCAPI: Final = "asyncapi.json"
OPENAPI: Final = "openapi.json"
#: Explican; no cambian qué mensaje vale.
TEXTOS: Final = frozenset({"title", "description", "summary", "examples", "$comment"})
#: Sus claves son nombres que elige el contrato: un campo puede llamarse `title`.
_MAPAS: Final = frozenset({"properties", "$defs"})
#: Listas en las que el orden no dice nada.
_CONJUNTOS: Final = frozenset({"required", "enum", "x-extensible-enum", "x-mandatos", "type", "anyOf", "oneOf"})
#: Valores, no esquemas: se guardan como están.
_VALORES: Final = frozenset({"const", "default"})


def canonica(ruta: str, documento: Mapping[str, Any]) -> dict[str, Any]:
    """La de un archivo publicado. Del AsyncAPI queda por dónde se pide y se lee; lo demás son los otros archivos.

    Del OpenAPI, qué se llama, con qué y qué contesta.
    """
    return _FORMAS.get(ruta, _esquema)(documento)


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


def _llamadas(documento: Mapping[str, Any]) -> dict[str, Any]:
    operaciones = {
        f"{metodo.upper()} {ruta}": _operacion(operacion)
        for ruta, metodos in documento["paths"].items()
        for metodo, operacion in metodos.items()
    }
    definiciones = documento.get("components", {}).get("schemas", {})
    return {"operations": operaciones, "$defs": _valor("$defs", definiciones)}


def _operacion(operacion: Mapping[str, Any]) -> dict[str, Any]:
    parametros = {
        f"{p['in']}.{p['name']}": {"required": p.get("required", False), "schema": _esquema(p["schema"])}
        for p in operacion.get("parameters", ())
    }
    respuestas = {
        estado: {
            "headers": {n: {"schema": _esquema(c["schema"])} for n, c in respuesta.get("headers", {}).items()},
            "content": _contenidos(respuesta),
        }
        for estado, respuesta in operacion["responses"].items()
    }
    cuerpo = operacion.get("requestBody", {})
    pedido = {"required": cuerpo.get("required", False), "content": _contenidos(cuerpo)}
    return {"parameters": parametros, "body": pedido, "responses": respuestas}


def _contenidos(de: Mapping[str, Any]) -> dict[str, Any]:
    return {tipo: {"schema": _esquema(contenido["schema"])} for tipo, contenido in de.get("content", {}).items()}


_FORMAS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {ASYNCAPI: _canales, OPENAPI: _llamadas}

__all__ = ["ASYNCAPI", "OPENAPI", "TEXTOS", "canonica", "huella"]
