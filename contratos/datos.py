"""Leer un TOML de datos del contrato hacia su estructura. Una errata se dice con el archivo y el lugar."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def leer_toml(archivo: Path, clase: type[T], invalido: type[Exception]) -> T:
    """El contenido de un TOML en UTF-8, con la forma de ``clase``. Errores: ``invalido``, con el nombre del archivo."""
    try:
        return msgspec.convert(tomllib.loads(archivo.read_text(encoding="utf-8")), clase)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise invalido(f"{archivo.name}: {error}") from None


def repetidos(que: str, claves: Iterable[str]) -> Iterator[str]:
    """Un mensaje por cada clave que está más de una vez."""
    yield from (f"{que} {clave} está {veces} veces" for clave, veces in Counter(claves).items() if veces > 1)


def en_orden(version: str) -> tuple[int, ...]:
    """Con qué se ordenan las versiones: 1.10 va después de 1.9."""
    return tuple(int(n) for n in version.split("."))
