"""De un JSON Schema publicado, documentos que lo cumplen y documentos tocados en un sitio.

`hypothesis-jsonschema` se quedó en el borrador 7. Aquí basta con las palabras que nuestros esquemas usan; una nueva
hace fallar `test_acuerdo`, no pasar de largo.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

PALABRAS = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required", "const", "default",
    "enum", "format", "pattern", "maxLength", "minLength", "items", "minItems", "maxItems", "minimum", "maximum",
    "anyOf", "additionalProperties", "contentEncoding", "x-extensible-enum", "x-servicio", "x-mandatos", "x-participa",
    "x-retirada", "deprecated",
}  # fmt: skip
_TEXTO = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_INSTANTES = st.datetimes(timezones=st.just(UTC)).map(lambda i: i.isoformat().replace("+00:00", "Z"))
#: Lo que otros programas escriben de otra manera, y lo que nadie debería escribir.
RAROS: tuple[Any, ...] = (
    None, True, False, 0, -1, -0.0, 1.0, 1.5, 1e3, 1e300, 2**31, 2**63, 2**64, 10**30, "", " ", "\x00", "\n", "🂡" * 70,
    "a" * 4001, "ａ", "е", "GТ-PGN", "GT-PGN\n", "gt\u200b", "ß", "İ", "si", "SI", "no-consta", "true", "1", "null",
    "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42", "0F0E7C1E-90AA-4C6B-8F2D-3B5A1C9D7E42", "0f0e7c1e90aa4c6b8f2d3b5a1c9d7e42",
    "{0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42}", "urn:uuid:0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42", "2026-05-03",
    "2026-02-30", "2025-02-29", "20260503", "2026-5-3", "2026-05-03T14:20:00Z", "2026-05-03t14:20:00z",
    "2026-05-03 14:20:00Z", "2026-05-03T14:20:00", "2026-05-03T14:20:00+0000", "2026-05-03T14:20:00+00:00",
    "2026-05-03T14:20:00+99:00", "2026-05-03T14:20:00-23:59", "2026-05-03T14:20:00+24:00", "2026-05-03T24:00:00Z",
    "2026-02-30T00:00:00Z", "2026-05-03T14:20Z", "2026-05-03T14:20:00.123456789Z", "٢٠٢٦-٠٥-٠٣", [], [[]], {}, {"a": 1},
    [None], ["a"] * 600,
)  # fmt: skip


def cumple(esquema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Documentos que el esquema admite; lo que no es obligatorio puede faltar."""
    return _valor(esquema, esquema.get("$defs", {}))


def tocado(documento: Any, datos: st.DataObject) -> Any:
    """El mismo documento con un sitio cambiado por algo raro, de menos o de más."""
    copia = copy.deepcopy(documento)
    contenedor, clave = datos.draw(st.sampled_from(list(_sitios(copia))), label="dónde")
    que = datos.draw(st.sampled_from(["cambia", "cambia", "cambia", "quita", "sobra", "prestado"]), label="qué")
    if que == "quita":
        del contenedor[clave]
    elif que == "sobra" and isinstance(contenedor, dict):
        contenedor[datos.draw(st.sampled_from(["sobra", "Ruta", "rutа", "", "sellado", "relato"]))] = "x"
    elif que == "prestado":
        otro, suya = datos.draw(st.sampled_from(list(_sitios(copia))), label="de dónde")
        contenedor[clave] = copy.deepcopy(otro[suya])
    else:
        contenedor[clave] = datos.draw(st.sampled_from(RAROS), label="por")
    return copia


def palabras(nodo: Any) -> Iterator[str]:
    """Las palabras de JSON Schema que un esquema usa."""
    if isinstance(nodo, list):
        for hijo in nodo:
            yield from palabras(hijo)
    elif isinstance(nodo, Mapping):
        for palabra, hijo in nodo.items():
            yield palabra
            if palabra in {"properties", "$defs"}:
                for suyo in hijo.values():
                    yield from palabras(suyo)
            elif palabra not in {"enum", "const", "default", "required", "x-mandatos", "x-retirada"}:
                yield from palabras(hijo)


def _sitios(nodo: Any) -> Iterator[tuple[Any, Any]]:
    claves: Any = list(nodo) if isinstance(nodo, dict) else range(len(nodo)) if isinstance(nodo, list) else ()
    for clave in claves:
        yield nodo, clave
        yield from _sitios(nodo[clave])


def _valor(nodo: Mapping[str, Any], definiciones: Mapping[str, Any]) -> SearchStrategy[Any]:
    if "$ref" in nodo:
        return _valor(definiciones[str(nodo["$ref"]).rpartition("/")[2]], definiciones)
    if "const" in nodo:
        return st.just(nodo["const"])
    if "enum" in nodo or "x-extensible-enum" in nodo:
        return st.sampled_from(nodo.get("enum", nodo.get("x-extensible-enum")))
    if "anyOf" in nodo:
        return st.one_of([_valor(rama, definiciones) for rama in nodo["anyOf"]])
    match nodo.get("type"):
        case "object":
            hijos = {c: _valor(h, definiciones) for c, h in nodo.get("properties", {}).items()}
            pedidos = nodo.get("required", ())
            return st.fixed_dictionaries(
                {c: h for c, h in hijos.items() if c in pedidos},
                optional={c: h for c, h in hijos.items() if c not in pedidos},
            )
        case "array":
            minimo = nodo.get("minItems", 0)
            return st.lists(_valor(nodo["items"], definiciones), min_size=minimo, max_size=max(minimo, 3))
        case "integer":
            entero = st.integers(nodo.get("minimum", -(2**63)), nodo.get("maximum", 2**63 - 1))
            return entero | entero.filter(lambda n: abs(n) < 2**53).map(float)
        case "string":
            return _cadena(nodo)
        case tipo:
            return {"boolean": st.booleans(), "null": st.none()}[str(tipo)]


def _cadena(nodo: Mapping[str, Any]) -> SearchStrategy[str]:
    if "format" in nodo:
        uuids = st.uuids().map(str)
        return {"uuid": uuids | uuids.map(str.upper), "date": st.dates().map(str), "date-time": _INSTANTES}[
            nodo["format"]
        ]
    tope = nodo.get("maxLength", 80)
    if "pattern" in nodo:
        patron = st.from_regex(re.compile(nodo["pattern"], re.ASCII), fullmatch=True)
        return patron.filter(lambda t: len(t) <= tope)
    return _TEXTO.filter(lambda t: len(t) <= tope)
