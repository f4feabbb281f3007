"""La carpeta de la demostración: se vacía la de una anterior, y jamás otra."""

from __future__ import annotations

import shutil
from pathlib import Path

#: La deja aquí quien preparó la carpeta: sin ella, lo que haya dentro no es nuestro y no se toca.
MARCA = ".demostracion-de-senda"


class CarpetaAjena(Exception):
    """La carpeta tiene algo y no es de una demostración."""

    def __str__(self) -> str:
        return "esa carpeta no está vacía ni es de una demostración anterior: elige otra con --carpeta"


def preparar(carpeta: Path) -> None:
    """Deja la carpeta vacía y con la marca. Errores: `CarpetaAjena`; los del disco salen tal cual."""
    if carpeta.is_symlink() or (carpeta.exists() and not carpeta.is_dir()):
        raise CarpetaAjena
    if carpeta.is_dir() and any(carpeta.iterdir()):
        if not (carpeta / MARCA).is_file():
            raise CarpetaAjena
        shutil.rmtree(carpeta)
    carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
    (carpeta / MARCA).touch()


__all__ = ["MARCA", "CarpetaAjena", "preparar"]
