"""Una caja de arena con su servidor: el sistema de verdad, y una institución que lo llama por HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from senda.arena import Arena, Historia
from tests.integracion.portal.institucion import Institucion, estrenada, servida


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return estrenada(tmp_path / "arena")


@pytest.fixture
def http(arena: Arena) -> Iterator[TestClient]:
    with servida(arena) as cliente:
        yield cliente


@pytest.fixture
def propia(arena: Arena, http: TestClient) -> Institucion:
    return Institucion(http, arena.propia)


@pytest.fixture
def encargo(arena: Arena, http: TestClient, propia: Institucion) -> dict[str, str]:
    """El primer encargo que llega al buzón: su ruta y su derivación."""
    arena.en_su_hilo(lambda: arena.abrir_ruta(Historia()))
    aviso = propia.buzon()[0]
    return {"ruta": aviso["ruta"], "derivacion": aviso["derivacion"]}
