"""La huella de lo que se corre: con otro código, la misma semilla es otra historia, y sus resultados no se suman."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Final

_RAIZ: Final = Path(__file__).parents[1]
_DEL_SISTEMA: Final = ("eventos", "contratos", "infra", "servicios", "senda")


def huella_del_codigo(pruebas: str, salvo: Collection[str] = ()) -> str:
    """La del sistema y la de una carpeta de pruebas (``tests/fallos``), sin las que se llaman como ``salvo``."""
    huella = sha256()
    carpetas = (*_DEL_SISTEMA, pruebas)
    archivos = (a for carpeta in carpetas for a in (_RAIZ / carpeta).rglob("*") if a.suffix in {".py", ".toml"})
    for archivo in sorted(archivos):
        ajeno = archivo.name.startswith("test_") or archivo.name in salvo
        if not (archivo.is_relative_to(_RAIZ / "tests") and ajeno):
            huella.update(archivo.relative_to(_RAIZ).as_posix().encode() + b"\0" + archivo.read_bytes())
    return huella.hexdigest()


__all__ = ["huella_del_codigo"]
