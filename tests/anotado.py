"""Lo que una corrida larga deja anotado, y de qué código: con otro, la misma semilla es otra historia y no se suma."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

_RAIZ: Final = Path(__file__).parents[1]
_DEL_SISTEMA: Final = ("eventos", "contratos", "infra", "servicios", "senda")


def huella_del_codigo(*pruebas: str, salvo: Collection[str] = ()) -> str:
    """La del sistema y la de esas carpetas de pruebas (``tests/fallos``), sin los archivos llamados como ``salvo``."""
    huella = sha256()
    carpetas = (*_DEL_SISTEMA, *pruebas)
    archivos = (a for carpeta in carpetas for a in (_RAIZ / carpeta).rglob("*") if a.suffix in {".py", ".toml"})
    for archivo in sorted(archivos):
        ajeno = archivo.name.startswith("test_") or archivo.name in salvo
        if not (archivo.is_relative_to(_RAIZ / "tests") and ajeno):
            huella.update(archivo.relative_to(_RAIZ).as_posix().encode() + b"\0" + archivo.read_bytes())
    return huella.hexdigest()


def renglones(archivo: Path | None, codigo: str) -> Iterator[dict[str, Any]]:
    """Los anotados (un JSON por renglón, con su ``codigo``) de ese mismo código."""
    if archivo is None or not archivo.exists():
        return
    for linea in archivo.read_text(encoding="utf-8").splitlines():
        try:
            renglon = json.loads(linea)
        except ValueError:
            continue  # el renglón que se estaba escribiendo al cortarse
        if renglon["codigo"] == codigo:
            yield renglon


__all__ = ["huella_del_codigo", "renglones"]
