"""La simulación: pocas semillas en `make test`, las que se pidan en `make simulacion SEMILLAS=N`.

Una semilla que falla se repite con `python -m tests.simulacion --semilla N -v` y se acorta con `--reducir`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.simulacion import __main__ as orden
from tests.simulacion.caminos import CAMINOS
from tests.simulacion.caos import Caos
from tests.simulacion.cobertura import FUERA
from tests.simulacion.corrida import correr
from tests.simulacion.guion import Regresion
from tests.simulacion.larga import Balance, codigo, correr_muchas, sumado
from tests.simulacion.mundo import Mundo
from tests.simulacion.mutaciones import quitada
from tests.simulacion.plantilla import plantilla
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


@pytest.mark.parametrize(
    ("semilla", "final"), [(422, "repatriacion.recepcion-confirmada"), (174, "atencion.meta-cumplida")]
)
def test_hay_semillas_que_llegan_hasta_el_final_de_un_recorrido(semilla: int, final: str):
    assert correr(semilla).sucesos[f"hecho senda.{final}.v1"]


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
    assert archivo.read_text().startswith(renglones)
    assert json.loads(renglones.splitlines()[0])["semillas"] == 2


def test_tramos_que_se_solapan_se_suman_una_vez_y_los_de_otro_codigo_ninguna(tmp_path: Path):
    archivo = tmp_path / "corrida.jsonl"
    for desde, cuantas in ((1, 2), (2, 2)):
        correr_muchas(desde, cuantas, 1, archivo)
    assert sumado(archivo).tramos == [(1, 2)]
    assert correr_muchas(1, 3, 1, archivo).corridas == {1, 2, 3}
    assert sumado(archivo).tramos == [(1, 3)]
    archivo.write_text(archivo.read_text().replace(codigo(), "otro"))
    assert not sumado(archivo).corridas


def test_fundida_se_reanuda_como_si_no_lo_estuviera(tmp_path: Path):
    archivo = tmp_path / "corrida.jsonl"
    for desde in (1, 2, 5):
        correr_muchas(desde, 1, 1, archivo)
    suelta = sumado(archivo)
    anotado = [json.loads(linea) for linea in archivo.read_text().splitlines()]
    fundida = orden.fundidos(anotado)
    assert [(r["desde"], r["semillas"]) for r in fundida] == [(1, 2), (5, 1)]
    archivo.write_text("".join(f"{json.dumps(renglon)}\n" for renglon in fundida))
    assert sumado(archivo) == suelta
    assert correr_muchas(1, 2, 1, archivo).hechos == sum(r["hechos"] for r in anotado[:2])


def test_la_orden_corre_las_que_se_le_piden_y_lo_dice():
    """Una vez dejó de leer cuántas y siguió en verde: se corre lo mismo que `make` correría."""
    make = shutil.which("make")
    assert make is not None
    ordenes = subprocess.run(
        [make, "-n", "simulacion", "SEMILLAS=3", "PROCESOS=1"], cwd=RAIZ, capture_output=True, text=True, check=True
    ).stdout
    suya = next(linea for linea in ordenes.splitlines() if "-m tests.simulacion" in linea).split()
    corrida = subprocess.run([sys.executable, *suya[1:]], cwd=RAIZ, capture_output=True, text=True, check=True)
    assert corrida.stdout.startswith("3 semillas corridas de 3 pedidas")


def test_si_faltan_semillas_la_orden_falla(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(orden, "correr_muchas", lambda *_: Balance(corridas={1, 2}))
    monkeypatch.setattr(sys, "argv", ["simulacion", "--cuantas", "3"])
    assert orden.main() == 1
    assert capsys.readouterr().out.startswith("2 semillas corridas de 3 pedidas")


def test_solo_deja_de_exigirse_la_contradiccion_que_esperaba_en_la_cola_borrada():
    mundo = Mundo(plantilla(), 1, Caos(1, {}))
    dichas, camino = mundo.contradicciones, mundo.transporte()
    dichas.hacer(Random(1), camino)
    (oida,) = dichas.exigibles
    cola = mundo.topologia.nombres.entrada_de(oida.servicio)
    camino.confirmar(camino.recibir(cola, 50))
    dichas.se_borra(cola)
    assert dichas.exigibles == [oida]
    dichas.hacer(Random(1), camino)
    assert dichas.exigibles == [oida, oida]
    dichas.se_borra(cola)
    assert dichas.exigibles == [oida]
    mundo.cerrar()


def test_los_recorridos_piden_con_los_campos_que_cada_peticion_tiene():
    for clase, fijos in (paso for camino in CAMINOS for paso in camino):
        assert fijos.keys() - {"quien"} <= set(clase.__struct_fields__), clase.__name__


def test_lo_que_queda_fuera_de_la_cobertura_existe():
    assert FUERA.keys() <= esperados()
