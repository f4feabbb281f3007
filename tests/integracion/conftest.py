"""La pila sobre la que corre cada prueba de integración: ligera o real."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.integracion.pilas import Pila

_corridas = count(1)


@pytest.fixture(params=["ligera", pytest.param("real", marks=pytest.mark.real)])
def pila(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pila]:
    """SQLite y `memory://`, y PostgreSQL y RabbitMQ: la misma prueba en las dos."""
    abierta = Pila(tmp_path) if request.param == "ligera" else _pila_real(request, tmp_path)
    yield abierta
    abierta.cerrar()


@pytest.fixture
def pila_real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pila]:
    """Solo PostgreSQL y RabbitMQ: para lo que SQLite no puede hacer."""
    abierta = _pila_real(request, tmp_path)
    yield abierta
    abierta.cerrar()


def _pila_real(request: pytest.FixtureRequest, carpeta: Path) -> Pila:
    prefijo = f"{request.getfixturevalue('prefijo_amqp')}i{next(_corridas)}."
    return Pila(carpeta, request.getfixturevalue("url_base"), request.getfixturevalue("url_amqp"), prefijo)
