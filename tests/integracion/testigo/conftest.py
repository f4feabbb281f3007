"""Un testigo de verdad en una carpeta, con un reloj que mueve la prueba."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda import testigo as testigos
from servicios.testigo.testigo import Testigo
from tests.integracion.auditoria.conftest import postgresql
from tests.integracion.testigo.servido import Servido
from tests.unidad.testigo.libreta import Libreta

__all__ = ["postgresql"]
ORDEN = [sys.executable, "-c", "from senda.orden import app; app()"]
AHORA = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.fixture
def reloj() -> RelojSimulado:
    return RelojSimulado(AHORA)


@pytest.fixture
def carpeta(tmp_path: Path, reloj: RelojSimulado) -> Path:
    suya = tmp_path / "testigo"
    testigos.instalar(suya, "defensoria.example/testigo", Libreta().vkey, reloj, AzarSembrado(1))
    return suya


@pytest.fixture
def testigo(carpeta: Path, reloj: RelojSimulado) -> Iterator[Testigo]:
    with testigos.abierto(carpeta, reloj) as abierto:
        yield abierto


@pytest.fixture
def servir() -> Iterator[Callable[[Path], Servido]]:
    procesos: list[subprocess.Popen[str]] = []

    def arrancar(carpeta: Path) -> Servido:
        orden = [*ORDEN, "testigo", "servir", "--carpeta", str(carpeta), "--puerto", "0"]
        proceso = subprocess.Popen(orden, stderr=subprocess.PIPE, text=True)
        procesos.append(proceso)
        assert proceso.stderr is not None
        return Servido(int(proceso.stderr.readline().rsplit(":", 1)[1]), proceso)

    yield arrancar
    for proceso in procesos:
        proceso.kill()
        proceso.communicate()
