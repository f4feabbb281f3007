"""Lo que ve el operador: la salida dice si se puede arrancar, y el texto, qué hacer."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from senda.orden import app
from senda.restauracion.hallazgos import Codigo


def correr(orden: str, carpeta: Path, *opciones: str):
    return CliRunner().invoke(app, ["operar", orden, "--carpeta", str(carpeta), *opciones])


def test_de_lo_que_falta_a_poder_arrancar(ensayo, desastre) -> None:
    carpeta = desastre("deteccion")
    antes = correr("comprobar-restauracion", carpeta, "--punto", str(ensayo.punto))
    assert antes.exit_code == 1
    assert "origen-atrasado · /gt/deteccion" in antes.output
    assert "senda operar recuperar" in antes.output
    despues = correr("recuperar", carpeta, "--punto", str(ensayo.punto))
    assert despues.exit_code == 0, despues.output
    assert "se puede arrancar" in despues.output
    assert correr("comprobar-restauracion", carpeta).exit_code == 0
    assert correr("recuperar", carpeta).exit_code == 0


def test_lo_mismo_para_una_maquina(ensayo, desastre) -> None:
    carpeta = desastre()
    hecho = correr("comprobar-restauracion", carpeta, "--json")
    dicho = json.loads(hecho.stdout)
    assert (hecho.exit_code, dicho["veredicto"]) == (3, "incompleto")
    corto = next(h for h in dicho["hallazgos"] if h["codigo"] == "libro-corto")
    assert corto["faltan"] == dicho["puntos"][0]["tamano"] - dicho["tamano"] > 0
    hecho = correr("recuperar", carpeta, "--libro", str(ensayo.entero), "--json")
    dicho = json.loads(hecho.stdout)
    assert (hecho.exit_code, dicho["veredicto"], dicho["entradas"]) == (0, "continua", corto["faltan"])


def test_lo_que_no_es_un_punto_o_un_libro_se_dice(ensayo, desastre, tmp_path) -> None:
    carpeta = desastre("deteccion")
    (tmp_path / "nada").write_text("hola")
    hecho = correr("comprobar-restauracion", carpeta, "--punto", str(tmp_path / "nada"))
    assert (hecho.exit_code, "no es un punto de control" in hecho.output) == (2, True)
    hecho = correr("recuperar", carpeta, "--libro", str(tmp_path))
    assert (hecho.exit_code, "no es un punto de control" in hecho.output) == (2, True)
    assert correr("comprobar-restauracion", tmp_path / "vacia").exit_code == 2


def test_todo_codigo_esta_en_la_guia() -> None:
    guia = (Path(__file__).parents[3] / "docs" / "respaldo.md").read_text()
    assert [c for c in Codigo if f"`{c.value}`" not in guia] == []
