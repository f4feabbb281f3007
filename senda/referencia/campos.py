"""Los campos de un esquema, dichos para quien los va a llenar o a leer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Esquema = Mapping[str, Any]
_TIPOS: Final = {
    "string": "texto",
    "integer": "entero",
    "number": "número",
    "boolean": "sí o no",
    "object": "objeto",
    "array": "lista",
    "uuid": "UUID",
    "date": "fecha",
    "date-time": "instante",
    "base64": "base64",
}


class Lista(NamedTuple):
    """Una lista de valores. ``abierta``: quien la recibe tolera los que no conozca."""

    ancla: str
    nombre: str
    descripcion: str
    valores: tuple[str, ...]


class Fila(NamedTuple):
    """Un campo. ``lista``: dónde están sus valores, si es una lista de ellos."""

    nombre: str
    tipo: str
    lista: Lista | None
    obligatorio: bool
    sellado: bool
    limites: tuple[str, ...]
    descripcion: str


class Lector:
    """Lee los campos de muchos esquemas y reúne, una vez cada una, las listas de valores que nombran."""

    def __init__(self) -> None:
        self._listas: dict[tuple[str, tuple[str, ...]], Lista] = {}

    @property
    def listas(self) -> Sequence[Lista]:
        """Las que se nombraron, por orden alfabético."""
        return sorted(self._listas.values(), key=lambda lista: lista.nombre)

    def campos(self, esquema: Esquema, contenido: str) -> list[Fila]:
        """Los abiertos de la parte que se llama ``contenido`` (o de todo, si vacío) y los sellados."""
        definiciones = esquema.get("$defs", {})
        objeto = esquema["properties"][contenido] if contenido else esquema
        # En un hecho, `sellado` es el cifrado: lo que lleva dentro se dice campo a campo.
        abiertas = {n: p for n, p in objeto["properties"].items() if n != "sellado" or not contenido}
        filas = list(self._objeto({**objeto, "properties": abiertas}, definiciones, "", sellado=False))
        return filas + list(self._objeto(definiciones.get("Sellado", {}), definiciones, "", sellado=True))

    def _objeto(self, objeto: Esquema, definiciones: Esquema, camino: str, *, sellado: bool) -> Iterator[Fila]:
        for nombre, propiedad in objeto.get("properties", {}).items():
            aqui = f"{camino}.{nombre}" if camino else nombre
            plano, definida, anulable = _plano(propiedad, definiciones)
            elemento, de_elemento, _ = _plano(plano["items"], definiciones) if "items" in plano else ({}, "", False)
            lista = self._lista(definida, plano) or self._lista(de_elemento, elemento)
            yield Fila(
                aqui,
                _tipo(plano, elemento),
                lista,
                nombre in objeto.get("required", ()),
                sellado,
                tuple(_limites(plano, anulable=anulable)) + tuple(_limites(elemento, anulable=False)),
                str(plano.get("description", "")),
            )
            yield from self._objeto(plano, definiciones, aqui, sellado=sellado)
            yield from self._objeto(elemento, definiciones, f"{aqui}[]", sellado=sellado)

    def _lista(self, nombre: str, plano: Esquema) -> Lista | None:
        valores = plano.get("enum", plano.get("x-extensible-enum"))
        if not nombre or valores is None:
            return None
        clave = (nombre, tuple(valores))
        if clave not in self._listas:
            # Dos listas distintas podrían llamarse igual en dos contextos.
            veces = sum(1 for otro, _ in self._listas if otro == nombre)
            ancla = f"lista-{nombre}" + (f"-{veces + 1}" if veces else "")
            descripcion = " ".join(str(plano.get("x-de-la-lista", "")).replace("``", "").split())
            self._listas[clave] = Lista(ancla, nombre, descripcion, clave[1])
        return self._listas[clave]


def _plano(esquema: Esquema, definiciones: Esquema) -> tuple[dict[str, Any], str, bool]:
    """Sin referencias ni «o nulo»: el esquema, cómo se llama su definición y si admite nulo."""
    plano, definida, anulable = dict(esquema), "", False
    while "$ref" in plano or "anyOf" in plano:
        if "$ref" in plano:
            definida = str(plano.pop("$ref")).rpartition("/")[2]
            definicion = definiciones[definida]
            plano = {**definicion, **plano, "x-de-la-lista": definicion.get("description", "")}
        else:
            opciones = plano.pop("anyOf")
            anulable = any(o.get("type") == "null" for o in opciones)
            plano = {**next(o for o in opciones if o.get("type") != "null"), **plano}
    return plano, definida, anulable


def _tipo(plano: Esquema, elemento: Esquema) -> str:
    if elemento:
        return f"lista de {_tipo(elemento, {})}"
    if "const" in plano:
        return "constante"
    if "enum" in plano:
        return "uno de"
    if "x-extensible-enum" in plano:
        return "uno de (lista abierta)"
    detalle = plano.get("format", plano.get("contentEncoding", plano.get("type", "")))
    return _TIPOS.get(detalle, str(detalle))


def _limites(plano: Esquema, *, anulable: bool) -> Iterator[str]:
    if "const" in plano:
        yield f"«{plano['const']}»"
    for clave, texto in (
        ("maxLength", "hasta {} caracteres"),
        ("minLength", "al menos {} caracteres"),
        ("maxItems", "hasta {} elementos"),
        ("minItems", "al menos {} elementos"),
        ("minimum", "desde {}"),
        ("maximum", "hasta {}"),
        ("pattern", "{}"),
    ):
        if clave in plano:
            yield texto.format(plano[clave])
    if anulable:
        yield "puede ser null"
    # Que falte y valga vacío no hace falta decirlo.
    if plano.get("default") not in (None, "", [], {}):
        yield f"si falta: {json.dumps(plano['default'], ensure_ascii=False)}"


__all__ = ["Fila", "Lector", "Lista"]
