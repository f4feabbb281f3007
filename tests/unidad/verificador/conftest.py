"""El libro sano, escrito una vez; cada prueba daña una copia."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unidad.verificador.mundo import Escribano, sano


@pytest.fixture(scope="session")
def libro_sano() -> Escribano:
    return sano()


@pytest.fixture(scope="session")
def directorio_sano(libro_sano: Escribano, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return libro_sano.escribir(tmp_path_factory.mktemp("sano"))


@pytest.fixture
def copia(directorio_sano: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(directorio_sano, tmp_path / "libro"))
