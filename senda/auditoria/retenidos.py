"""El último punto de control que salió de casa: lo que el libro prometió a otros y ha de seguir cumpliendo.

Va en la carpeta del despliegue y no en la base: si la base se restaura de una copia, esto dice hasta dónde llegaba.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog

from senda_verificar import nota

CARPETA: Final = "retenidos"
_ULTIMO: Final = "publicado"
registro = structlog.get_logger(__name__)


def retener(carpeta: Path, punto: str) -> None:
    """Guarda un punto que se acaba de entregar, salvo que ya conste uno mayor. No impide entregarlo si no se puede."""
    archivo = carpeta / CARPETA / _ULTIMO
    try:
        if archivo.exists() and nota.leer(archivo.read_text(encoding="utf-8")).tamano > nota.leer(punto).tamano:
            return
        archivo.parent.mkdir(mode=0o700, exist_ok=True)
        temporal = archivo.with_name(f".{archivo.name}.nuevo")
        temporal.write_text(punto, encoding="utf-8")
        temporal.replace(archivo)
    except (OSError, ValueError):  # `PuntoInvalido` y los de UTF-8 son ValueError
        registro.warning("punto-sin-retener", archivo=_ULTIMO)


def retenidos(carpeta: Path) -> list[Path]:
    """Los puntos guardados en la carpeta: el último entregado y los que alguien dejó ahí."""
    suya = carpeta / CARPETA
    return sorted(a for a in suya.iterdir() if a.is_file() and not a.name.startswith(".")) if suya.is_dir() else []


__all__ = ["CARPETA", "retener", "retenidos"]
