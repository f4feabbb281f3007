"""`senda instrumentos`: lo que se ve es lo que se aplica."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from contratos import instrumentos
from senda.orden import app


def senda(*argumentos: str) -> Result:
    return CliRunner().invoke(app, ["instrumentos", *argumentos], env={"COLUMNS": "200"})


def test_listar_los_dice_todos():
    dicho = senda("listar")
    assert dicho.exit_code == 0
    assert all(codigo in dicho.stdout for codigo in instrumentos.codigos())


def test_listar_los_de_una_funcion():
    assert [i["instrumento"] for i in json.loads(senda("listar", "--aplicador", "migracion", "--json").stdout)] == [
        "frontera"
    ]


@pytest.mark.parametrize("codigo", instrumentos.codigos())
def test_ver_dice_cada_indicador_y_de_donde_sale(codigo):
    dicho = senda("ver", codigo)
    assert dicho.exit_code == 0
    suyo = instrumentos.vigente(codigo)
    llano = "".join(dicho.stdout.split())
    for indicador in suyo.indicadores.values():
        assert indicador.codigo in dicho.stdout
        assert "".join(indicador.fuente.split()) in llano
    assert "".join(suyo.regla.fuente.split()) in llano
    assert "criterio del proyecto" in dicho.stdout


def test_ver_en_json_es_el_instrumento_entero():
    leido = json.loads(senda("ver", "salud", "--version", "1.0", "--json").stdout)
    vistos = [i["codigo"] for s in leido["secciones"] for i in s["indicadores"]]
    assert vistos == list(instrumentos.cargar("salud", "1.0").indicadores)


@pytest.mark.parametrize(
    ("argumentos", "dice"),
    [(["ver", "guia-eri"], "linea-de-ayuda"), (["ver", "salud", "--version", "9.9"], "las hay: 1.0")],
)
def test_lo_que_no_hay_se_dice_con_lo_que_si_hay(argumentos, dice):
    dicho = senda(*argumentos)
    assert dicho.exit_code == 2
    assert dice in dicho.stderr
    assert not dicho.stdout
