"""Cada alarma suena cuando debe y solo entonces, mide algo que existe y manda a un apartado de la guía de guardia."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unidad.operacion.alarmas import CASOS, para_promtool
from tests.unidad.operacion.citas import REGLAS, reglas

RAIZ = Path(__file__).parents[3]
GUARDIA = RAIZ / "docs/guardia.md"
PARTES = ("Quién puede quedarse sin ayuda", "Comprueba", "Haz", "Llama", "No hagas")
FALTA = "falta promtool: en Debian y Ubuntu, apt-get install prometheus (su servicio no hace falta)"


def promtool(*argumentos: str) -> str:
    """Lo que dice promtool; si encuentra algo mal, falla la prueba con ello."""
    if shutil.which("promtool") is None:
        pytest.skip(FALTA)
    hecho = subprocess.run(["promtool", *argumentos], capture_output=True, text=True, timeout=60, check=False)
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    return hecho.stdout


def test_las_reglas_y_la_configuracion_son_de_prometheus():
    promtool("check", "rules", str(REGLAS))
    promtool("check", "config", str(RAIZ / "infra/prometheus/prometheus.yml"))


def test_cada_alarma_suena_cuando_debe_y_solo_entonces(tmp_path: Path):
    pruebas = tmp_path / "pruebas.yml"
    pruebas.write_text(yaml.safe_dump(para_promtool(reglas(), str(REGLAS)), allow_unicode=True))
    promtool("test", "rules", str(pruebas))


def test_ninguna_alarma_se_queda_sin_probar():
    assert set(CASOS) == {regla["alert"] for regla in reglas()}
    for nombre, casos in CASOS.items():
        assert any(caso.ya for caso in casos), nombre
        # Con «0m» no hay un antes: el callar lo prueba el sano de al lado.
        assert any(caso.aun_no for caso in casos) or nombre == "SendaDivergencia", nombre


def test_cada_alarma_dice_a_quien_despierta_y_que_leer():
    for regla in reglas():
        assert regla["labels"]["severidad"] in {"urgente", "aviso"}
        assert set(regla["annotations"]) == {"resumen", "descripcion", "runbook"}
        assert regla["annotations"]["runbook"] == f"docs/guardia.md#{regla['alert'].lower()}"
        # Un valor cambia en cada evaluación y convertiría una alarma en muchas.
        assert "$value" not in str(regla["annotations"])


def test_cada_alarma_tiene_su_apartado_en_la_guia_y_al_reves():
    apartados = re.findall(r"^### (\w+)$", GUARDIA.read_text(), re.MULTILINE)
    assert sorted(apartados) == sorted(regla["alert"] for regla in reglas())


def test_cada_apartado_dice_lo_que_necesita_quien_esta_de_guardia():
    for apartado in re.split(r"^### ", GUARDIA.read_text(), flags=re.MULTILINE)[1:]:
        nombre = apartado.split("\n", 1)[0]
        for parte in PARTES:
            assert f"**{parte}.**" in apartado, (nombre, parte)
