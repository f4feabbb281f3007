"""Qué commit es el anterior y su imagen: de dónde parte quien actualiza."""

from __future__ import annotations

import os
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from tests.despliegue.motor import SinMotor, construir
from tests.servicios_reales import RAIZ

IMAGEN_ANTERIOR = "senda:anterior"
_PIEZA = "infra/docker/Dockerfile"


def anterior() -> str:
    """SENDA_ANTERIOR o, sin decirlo, el commit de antes que ya sabía correr en contenedores. Errores: `SinMotor`."""
    pedido = os.environ.get("SENDA_ANTERIOR")
    candidatos = [pedido] if pedido else [
        # Primero por la línea de lo integrado; el que trajo los contenedores aún no tiene otro detrás en ella.
        *_git("rev-list", "--first-parent", "--skip=1", "-n", "20", "HEAD").split(),
        *_git("rev-list", "--skip=1", "-n", "50", "HEAD").split(),
    ]  # fmt: skip
    for commit in candidatos:
        if _git("ls-tree", commit, "--", _PIEZA):
            return _git("rev-parse", "--short", f"{commit}^{{commit}}").strip()
    raise SinMotor(f"ningún commit anterior tiene {_PIEZA}: dilo con SENDA_ANTERIOR")


def construir_anterior(carpeta: Path) -> str:
    """Deja en ``carpeta`` el repositorio como estaba entonces, y su imagen hecha. Devuelve el commit.

    Errores: `SinMotor`.
    """
    commit = anterior()
    archivo = subprocess.run(["git", "archive", commit], cwd=RAIZ, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(archivo)) as paquete:
        paquete.extractall(carpeta, filter="data")
    construir(carpeta, IMAGEN_ANTERIOR, commit)
    return commit


def _git(*orden: str) -> str:
    hecho = subprocess.run(["git", *orden], cwd=RAIZ, capture_output=True, text=True, check=False)
    if hecho.returncode:
        raise SinMotor(f"git {orden[0]} falló: {hecho.stderr.strip()[-300:]}")
    return hecho.stdout


__all__ = ["IMAGEN_ANTERIOR", "anterior", "construir_anterior"]
