"""La simulación: pocas semillas en `make test`, las que se pidan en `make simulacion SEMILLAS=N`.

Una semilla que falla se repite con `python -m tests.simulacion --semilla N -v` y se acorta con `--reducir`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulacion.cobertura import FUERA
from tests.simulacion.corrida import correr
from tests.simulacion.guion import Regresion
from tests.simulacion.larga import correr_muchas
from tests.simulacion.mutaciones import quitada
from tests.simulacion.reductor import reducir
from tests.simulacion.sucesos import esperados

RAIZ = Path(__file__).parents[2]
REGRESIONES = sorted(Path(__file__).with_name("regresiones").glob("*.json"))


@pytest.mark.parametrize("semilla", range(1, 16))
def test_nada_falta_ni_sobra(semilla: int):
    veredicto = correr(semilla)
    assert not veredicto.faltas, str(veredicto)


@pytest.mark.parametrize("archivo", REGRESIONES, ids=lambda archivo: archivo.stem)
def test_lo_que_fallo_y_se_acorto(archivo: Path):
    """Sin la defensa que le faltaba, falla; con ella, no."""
    suya = Regresion.leer(archivo)
    assert not correr(suya.guion.semilla, guion=suya.guion).faltas
    if suya.sin:
        with quitada(suya.sin):
            assert correr(suya.guion.semilla, guion=suya.guion).faltas


@pytest.mark.parametrize("semilla", [3, 8])
def test_misma_semilla_mismo_libro_y_su_guion_la_repite(semilla: int):
    primera = correr(semilla)
    for otra in (correr(semilla), correr(semilla, guion=primera.guion)):
        assert (otra.raiz, otra.hechos, otra.averias) == (primera.raiz, primera.hechos, primera.averias)


def test_la_raiz_no_depende_del_proceso():
    """Otro proceso, con otro orden de los conjuntos de textos y sin haber corrido nada antes."""
    codigo = "from tests.simulacion.corrida import correr; print(correr(5).raiz)"
    raices = set()
    for hash_seed in ("1", "2"):
        corrida = subprocess.run(
            [sys.executable, "-c", codigo],
            cwd=RAIZ, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        raices.add(corrida.stdout.split()[-1])
    assert raices == {correr(5).raiz}


def test_reducir_deja_una_historia_que_aun_falla_y_de_la_que_nada_sobra():
    def falla(guion):
        return {("perder", 4), ("turno", 2)} <= set(guion.piezas)

    guion = correr(7, turnos=3).guion
    entero = guion.__class__(7, (0, 1, 2), {0: (0, 1)}, {"perder": [1, 4, 9], "caer": [2]})
    assert reducir(entero, falla).piezas == [("turno", 2), ("perder", 4)]
    assert guion.__class__.de_texto(entero.texto()) == entero


def test_una_corrida_cortada_se_reanuda_sin_repetir_lo_hecho(tmp_path: Path):
    archivo = tmp_path / "corrida.jsonl"
    primera = correr_muchas(1, 2, 1, archivo)
    renglones = archivo.read_text()
    archivo.write_text(renglones + '{"desde": 3, "semil')
    assert correr_muchas(1, 2, 1, archivo).hechos == primera.hechos
    assert json.loads(archivo.read_text().splitlines()[0])["semillas"] == 2


def test_lo_que_queda_fuera_de_la_cobertura_existe():
    assert FUERA.keys() <= esperados()
