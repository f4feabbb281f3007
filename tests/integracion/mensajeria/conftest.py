"""El sistema de dos servicios sobre cada pila."""

from __future__ import annotations

import pytest

from tests.integracion.mensajeria.sistema import Sistema
from tests.integracion.pilas import Pila


@pytest.fixture
def sistema(pila: Pila) -> Sistema:
    return Sistema(pila)


@pytest.fixture
def sistema_real(pila_real: Pila) -> Sistema:
    return Sistema(pila_real)
