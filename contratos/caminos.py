"""El camino de un campo dicho en un texto, sin repetir ninguna clave que no parezca el nombre de un campo."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NOMBRE_DE_CAMPO: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def nombrable(clave: object) -> str:
    """La clave, o «?»: la elige quien escribe, y solo se repite si parece el nombre de un campo."""
    return clave if isinstance(clave, str) and _NOMBRE_DE_CAMPO.fullmatch(clave) else "?"


def en_texto(camino: Iterable[str | int]) -> str:
    """``metas[0].derecho``; vacío, el mensaje entero."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{nombrable(p)}" for p in camino).removeprefix(".")


__all__ = ["en_texto", "nombrable"]
