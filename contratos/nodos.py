"""Un nodo de JSON Schema, reducido a qué valores admite, y en qué difieren dos: cuál admite más."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from jsonschema_rs import Draft202012Validator

from contratos.canonica import TEXTOS

Definiciones = Mapping[str, Any]
_NULO: Final = "null"
_TIPO_DE: Final = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): _NULO}
_YA_DICHO: Final = TEXTOS | {"type", "enum", "const", "x-extensible-enum", "$schema", "$ref", "deprecated"}


#: Otro tope o mínimo se puede ordenar; otra exigencia, no: no se sabe si un patrón contiene a otro.
_TOPES: Final = frozenset({"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"})
_MINIMOS: Final = frozenset({"minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"})
_EXIGENCIAS: Final = frozenset({"pattern", "format", "contentEncoding", "multipleOf", "uniqueItems"})
#: Se comparan por sus hijos o con el documento entero.
_APARTE: Final = frozenset(
    {"properties", "required", "items", "additionalProperties", "anyOf", "default", "$defs", "x-retirada", "x-mandatos"}
)
#: Lo que alguien sabe comparar; lo demás, o es idéntico hasta sus definiciones o rompe.
COMPARADAS: Final = _TOPES | _MINIMOS | _EXIGENCIAS | _APARTE


class Efecto(StrEnum):
    """Qué hace una diferencia con lo que el esquema admite."""

    ESTRECHA = "admite menos"
    ENSANCHA = "admite más"
    CAMBIA = "significa otra cosa"
    NADA = "lo anterior sigue valiendo"


class Nodo(NamedTuple):
    """``valores``: los únicos que caben, o None. ``conocidos``: los de una lista abierta. ``nulo``: si cabe."""

    tipos: frozenset[str]
    nulo: bool
    valores: frozenset[Any] | None
    conocidos: frozenset[str]
    resto: Mapping[str, Any]


Diferencia = tuple[str, Efecto]


def resolver(esquema: Mapping[str, Any], definiciones: Definiciones) -> Nodo:
    """El nodo de un esquema, con sus referencias puestas. Un «esto o nulo» es ese mismo, y nulo."""
    plano, nulo = _plano(esquema, definiciones)
    valores = plano.get("enum", [plano["const"]] if "const" in plano else None)
    tipos = plano.get("type", [] if valores is None else {_TIPO_DE[type(v)] for v in valores})
    tipos = {tipos} if isinstance(tipos, str) else set(tipos)
    return Nodo(
        frozenset(tipos - {_NULO}),
        nulo or _NULO in tipos,
        None if valores is None else frozenset(v for v in valores if v is not None),
        frozenset(plano.get("x-extensible-enum", ())),
        {clave: valor for clave, valor in plano.items() if clave not in _YA_DICHO},
    )


def diferencias(viejo: Nodo, nuevo: Nodo) -> Iterator[Diferencia]:
    """En qué difieren, sin entrar en sus hijos."""
    if viejo.nulo != nuevo.nulo:
        yield ("admite nulo", Efecto.ENSANCHA) if nuevo.nulo else ("ya no admite nulo", Efecto.ESTRECHA)
    yield from _tipos(viejo.tipos, nuevo.tipos)
    finita = viejo.valores is not None or nuevo.valores is not None
    if finita and viejo.tipos != nuevo.tipos:
        return
    if viejo.valores is not None and nuevo.valores is not None:
        yield from _lista(viejo.valores, nuevo.valores)
    elif viejo.valores is not None:
        cabe = _caben(viejo.valores, nuevo)
        yield "la lista cerrada se abre", Efecto.ENSANCHA if cabe else Efecto.CAMBIA
    elif nuevo.valores is not None:
        cabe = _caben(nuevo.valores, viejo)
        yield "se cierra a una lista de valores", Efecto.ESTRECHA if cabe else Efecto.CAMBIA
    else:
        # De una lista abierta se quita un valor que ya no se manda: nadie lo echa en falta.
        for que, valores in (
            ("añadido", nuevo.conocidos - viejo.conocidos),
            ("quitado", viejo.conocidos - nuevo.conocidos),
        ):
            yield from ((f"valor {v} {que} en una lista abierta", Efecto.NADA) for v in sorted(valores))
        yield from _exigencias(viejo.resto, nuevo.resto)


def alcanzadas(valor: Any, definiciones: Definiciones) -> dict[str, Any]:
    """Las definiciones a las que remite un trozo de esquema, también las de dentro de ellas."""
    halladas: dict[str, Any] = {}
    quedan = [valor]
    while quedan:
        uno = quedan.pop()
        if isinstance(uno, Mapping):
            nombre = str(uno.get("$ref", "")).rpartition("/")[2]
            if nombre in definiciones and nombre not in halladas:
                halladas[nombre] = definiciones[nombre]
                quedan.append(definiciones[nombre])
            quedan += uno.values()
        elif isinstance(uno, list):
            quedan += uno
    return halladas


def _plano(esquema: Mapping[str, Any], definiciones: Definiciones) -> tuple[dict[str, Any], bool]:
    plano, nulo = dict(esquema), False
    while True:
        if "$ref" in plano:
            definicion = definiciones[str(plano.pop("$ref")).rpartition("/")[2]]
            plano = {**definicion, **plano}
        elif clave := next((c for c in ("anyOf", "oneOf") if _sin_nulo(plano.get(c, ())) is not None), None):
            plano, nulo = {**(_sin_nulo(plano.pop(clave)) or {}), **plano}, True
        else:
            return plano, nulo


def _sin_nulo(opciones: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """La otra opción, si son dos y una es nulo."""
    distintas = [o for o in opciones if o.get("type") != _NULO]
    return distintas[0] if len(distintas) == 1 and len(opciones) == len(distintas) + 1 else None


def _tipos(viejos: frozenset[str], nuevos: frozenset[str]) -> Iterator[Diferencia]:
    if viejos == nuevos:
        return
    que = f"tipo {'/'.join(sorted(viejos)) or 'cualquiera'} → {'/'.join(sorted(nuevos)) or 'cualquiera'}"
    if not nuevos or (viejos and viejos <= _con_enteros(nuevos)):
        yield que, Efecto.ENSANCHA
    elif not viejos or nuevos <= _con_enteros(viejos):
        yield que, Efecto.ESTRECHA
    else:
        yield que, Efecto.CAMBIA


def _con_enteros(tipos: frozenset[str]) -> frozenset[str]:
    return tipos | {"integer"} if "number" in tipos else tipos


def _lista(viejos: frozenset[Any], nuevos: frozenset[Any]) -> Iterator[Diferencia]:
    yield from ((f"valor {v} quitado", Efecto.ESTRECHA) for v in sorted(viejos - nuevos, key=str))
    yield from ((f"valor {v} añadido", Efecto.ENSANCHA) for v in sorted(nuevos - viejos, key=str))


def _caben(valores: frozenset[Any], nodo: Nodo) -> bool:
    exigido = {c: v for c, v in nodo.resto.items() if c in _TOPES | _MINIMOS | _EXIGENCIAS}
    admite = Draft202012Validator(exigido, validate_formats=True)
    return all(admite.is_valid(v) for v in valores)


def _exigencias(antes: Mapping[str, Any], ahora: Mapping[str, Any]) -> Iterator[Diferencia]:
    for clave in sorted((antes.keys() | ahora.keys()) - _APARTE):
        viejo, nuevo = antes.get(clave), ahora.get(clave)
        if viejo == nuevo:
            continue
        if clave == "x-participa":
            yield ("exige participar ya en la ruta", Efecto.ESTRECHA) if nuevo else ("no exige participar", Efecto.NADA)
        elif clave in _TOPES | _MINIMOS | _EXIGENCIAS:
            yield f"{clave}: {_o_nada(viejo)} → {_o_nada(nuevo)}", _medida(clave, viejo, nuevo)
        else:
            # Lo que no se sabe comparar no se da por bueno.
            yield f"{clave} cambia", Efecto.CAMBIA


def _medida(clave: str, viejo: Any, nuevo: Any) -> Efecto:
    if viejo is None:
        return Efecto.ESTRECHA
    if nuevo is None:
        return Efecto.ENSANCHA
    if clave in _EXIGENCIAS:
        return Efecto.CAMBIA
    return Efecto.ENSANCHA if (nuevo > viejo) == (clave in _TOPES) else Efecto.ESTRECHA


def _o_nada(valor: Any) -> str:
    return "sin límite" if valor is None else str(valor)


__all__ = ["COMPARADAS", "Definiciones", "Efecto", "Nodo", "alcanzadas", "diferencias", "resolver"]
