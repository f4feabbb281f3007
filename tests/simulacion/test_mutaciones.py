"""Que la simulación PUEDE fallar: se quita una defensa de las de verdad y en pocas semillas se nota."""

from __future__ import annotations

import pytest

from tests.simulacion.corrida import correr
from tests.simulacion.mutaciones import MUTACIONES, POR_NOMBRE, quitada
from tests.simulacion.plantilla import plantilla

_SEMILLAS = range(1, 17)


@pytest.fixture(autouse=True)
def preparada_con_todas_las_defensas() -> None:
    """Las bases de partida las hace el sistema entero: sin una defensa ya podrían nacer mal."""
    plantilla()


@pytest.mark.parametrize("defensa", list(POR_NOMBRE))
def test_sin_esa_defensa_la_simulacion_lo_nota(defensa: str, monkeypatch: pytest.MonkeyPatch):
    with quitada(defensa), monkeypatch.context() as breve:
        # A quien sin esa defensa no se para nunca no se le espera tanto.
        breve.setattr("tests.simulacion.corrida._TOPE_DE_CALMA", 80)
        falla = next((semilla for semilla in _SEMILLAS if correr(semilla).faltas), None)
    assert falla is not None, f"{len(_SEMILLAS)} semillas sin «{defensa}» y nada se notó"
    # Y era por eso: la misma historia, con la defensa en su sitio, acaba bien.
    monkeypatch.setattr("tests.simulacion.caos.Intensidades.de_semilla", lambda _: MUTACIONES[POR_NOMBRE[defensa]])
    assert not correr(falla).faltas
