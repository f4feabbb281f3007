"""Un despliegue con una copia de T y un desastre distinto en cada prueba."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import pytest

from senda.composicion import CONTEXTOS
from tests.integracion.boveda.pais import Pais
from tests.integracion.restauracion.ensayo import Ensayo, con_bases_de, mover


@dataclass
class Archivado:
    """La carpeta como estaba en T y como acabó, y lo que guardaron los de fuera."""

    ensayo: Ensayo
    en_t: Path
    al_final: Path


@pytest.fixture(scope="module")
def archivado(tmp_path_factory: pytest.TempPathFactory) -> Archivado:
    tmp = tmp_path_factory.mktemp("respaldo")
    ensayo = Ensayo(Pais(tmp / "vivo"), tmp / "fuera")
    ensayo.empezar()
    mover(tmp / "vivo", tmp / "en-t")
    ensayo.seguir()
    ensayo.pais.cerrar()
    return Archivado(ensayo, tmp / "en-t", tmp / "vivo")


@pytest.fixture
def ensayo(archivado: Archivado, tmp_path: Path) -> Ensayo:
    """Con su propia memoria del testigo: cada prueba continúa el libro a su manera."""
    suyo = copy(archivado.ensayo)
    suyo.fuera = shutil.copytree(archivado.ensayo.fuera, tmp_path / "fuera")
    return suyo


@pytest.fixture
def desastre(archivado: Archivado, tmp_path: Path) -> Callable[..., Path]:
    """Una carpeta con las bases de esos servicios restauradas a T; sin decir cuáles, las de los seis."""

    def romper(*servicios: str, retenido: bool = True) -> Path:
        rota = mover(archivado.al_final, tmp_path / "roto")
        con_bases_de(archivado.en_t, rota, servicios or tuple(CONTEXTOS))
        if not retenido:
            shutil.rmtree(rota / "retenidos")
        return rota

    return romper
