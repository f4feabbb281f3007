"""Instalar la bóveda y el registro: con el despliegue o después, y siempre igual."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from infra.seguridad.boveda.caja import publica_de
from senda.orden import app


def senda(*orden):
    return CliRunner().invoke(app, list(map(str, orden)))


def test_quien_instala_pide_tambien_la_boveda_y_el_registro(tmp_path):
    carpeta = tmp_path / "despliegue"
    hecho = senda("instalar", "--carpeta", carpeta, "--boveda", "sqlite", "--registro", f"sqlite:///{tmp_path}/otra.db")
    assert hecho.exit_code == 0, hecho.output
    assert [bool(publica_de(clave)) for clave in hecho.stdout.split()] == [True, True]
    assert (carpeta / "boveda" / "boveda.db").exists()
    assert (tmp_path / "otra.db").exists()
    assert senda("boveda", "accesos", "--carpeta", carpeta).exit_code == 0
    assert senda("registro", "consultas", "--carpeta", carpeta).exit_code == 0


def test_si_no_se_piden_se_dice_y_se_instalan_despues(tmp_path):
    carpeta = tmp_path / "despliegue"
    hecho = senda("instalar", "--carpeta", carpeta)
    assert (hecho.exit_code, hecho.stdout) == (0, "")
    assert "Sin bóveda" in hecho.stderr
    assert "Sin registro único" in hecho.stderr
    for pieza in ("boveda", "registro"):
        assert senda(pieza, "instalar", "--carpeta", carpeta).exit_code == 0
        otra_vez = senda(pieza, "instalar", "--carpeta", carpeta)
        assert (otra_vez.exit_code, "ya tiene" in otra_vez.stderr) == (1, True)


@pytest.mark.parametrize("pieza", ["boveda", "registro"])
def test_sin_despliegue_no_se_instala_nada(tmp_path, pieza):
    negado = senda(pieza, "instalar", "--carpeta", tmp_path)
    assert (negado.exit_code, "no hay un despliegue" in negado.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
