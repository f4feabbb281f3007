"""La simulación: pocas semillas en `make test`, las que se pidan en `make simulacion SEMILLAS=N`.

Una semilla que falla se repite con `python -m tests.simulacion --semilla N -v`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulacion.corrida import correr

RAIZ = Path(__file__).parents[2]
#: Descubrieron un defecto cuando se escribieron; cada una dice cuál.
DESCUBRIERON: dict[int, str] = {}
CUANTAS = int(os.environ.get("SENDA_SEMILLAS", "15"))


@pytest.mark.parametrize("semilla", [*range(1, CUANTAS + 1), *(s for s in DESCUBRIERON if s > CUANTAS)])
def test_nada_falta_ni_sobra(semilla: int):
    veredicto = correr(semilla)
    assert not veredicto.faltas, str(veredicto)


@pytest.mark.parametrize("semilla", [3, 8])
def test_misma_semilla_mismo_libro_y_misma_raiz(semilla: int):
    primera, segunda = correr(semilla), correr(semilla)
    assert (primera.raiz, primera.hechos, primera.averias) == (segunda.raiz, segunda.hechos, segunda.averias)


def test_la_raiz_no_depende_del_proceso():
    """Otro proceso, con otro orden de los conjuntos de textos y sin haber corrido nada antes."""
    raices = set()
    for hash_seed in ("1", "2"):
        corrida = subprocess.run(
            [sys.executable, "-m", "tests.simulacion", "--semilla", "5", "--json"],
            cwd=RAIZ, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        raices.add(json.loads(corrida.stdout)["raiz"])
    assert raices == {correr(5).raiz}
