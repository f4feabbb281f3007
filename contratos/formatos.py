"""Exigir lo que el esquema publicado exige y los tipos no: la forma exacta de fechas, instantes y UUID.

msgspec admite de más (un UUID sin guiones, un instante con espacio o con la zona sin dos puntos) y quien valida con el
esquema antes de enviar no; así, lo que el esquema rechaza lo rechaza también el servicio.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator
from msgspec import Struct

from contratos.caminos import en_texto


class FueraDeEsquema(msgspec.ValidationError):
    """Los tipos lo admiten y el esquema no. ``camino``: el campo, con puntos; de una lista, ``[n]``."""

    def __init__(self, pasos: Iterable[str | int]) -> None:
        self.camino = en_texto(pasos)
        # Con la forma de los de msgspec: quien los lee toma de ellos el camino.
        super().__init__(f"No cumple su esquema - at `$.{self.camino}`")


def exigir(clase: type[Struct], datos: Any) -> None:
    """``datos`` en tipos de JSON, ya convertidos con éxito a ``clase``. Errores: `FueraDeEsquema`."""
    validador = _validador(clase)
    if validador.is_valid(datos):
        return
    raise FueraDeEsquema(next(iter(validador.iter_errors(datos))).instance_path)


@cache
def _validador(clase: type[Struct]) -> Draft202012Validator:
    return Draft202012Validator(msgspec.json.schema(clase), validate_formats=True)


__all__ = ["FueraDeEsquema", "exigir"]
