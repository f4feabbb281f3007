"""De la información de tipos de un hecho, valores al azar que la cumplen."""

from __future__ import annotations

import re
from datetime import UTC
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import UNSET
from msgspec import inspect as mi

from eventos.base import Hecho, campos_sellados

_TEXTO = st.characters(exclude_categories=["Cs"])


@cache
def hechos(clase: type[Hecho]) -> SearchStrategy[Hecho]:
    """Hechos de una clase; cada campo sellado puede faltar."""
    tipo = mi.type_info(clase)
    assert isinstance(tipo, mi.StructType)
    sellados = campos_sellados(clase)
    campos = {c.name: valores(c.type) for c in tipo.fields}
    return st.builds(clase, **{n: st.just(UNSET) | e if n in sellados else e for n, e in campos.items()})


_SIMPLES: dict[type[mi.Type], SearchStrategy[Any]] = {
    mi.UUIDType: st.uuids(),
    mi.DateTimeType: st.datetimes(timezones=st.just(UTC)),
    mi.DateType: st.dates(),
    mi.BoolType: st.booleans(),
    mi.NoneType: st.none(),
}


def valores(tipo: mi.Type) -> SearchStrategy[Any]:
    """Valores de Python que msgspec aceptaría para ``tipo``."""
    match tipo:
        case mi.Metadata():
            return valores(tipo.type)
        case mi.StructType():
            return st.builds(tipo.cls, **{c.name: valores(c.type) for c in tipo.fields})
        case mi.UnionType():
            return st.one_of([valores(t) for t in tipo.types])
        case mi.VarTupleType():
            tope = min(tipo.max_length or 3, 3)
            return st.lists(valores(tipo.item_type), min_size=tipo.min_length or 0, max_size=tope).map(tuple)
        case mi.EnumType():
            return st.sampled_from(list(tipo.cls))
        case mi.StrType():
            return _cadenas(tipo)
        case mi.IntType():
            return st.integers(tipo.ge, tipo.le)
        case _:
            return _SIMPLES[type(tipo)]


def _cadenas(tipo: mi.StrType) -> SearchStrategy[str]:
    if tipo.pattern is None:
        return st.text(_TEXTO, max_size=min(tipo.max_length or 80, 80))
    tope = tipo.max_length or 64
    return st.from_regex(re.compile(tipo.pattern, re.ASCII), fullmatch=True).filter(lambda t: len(t) <= tope)
