"""Los contratos publicados son lo que dice el código, y lo que el código hace los cumple."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator
from typer.testing import CliRunner

from contratos.acuse import Acuse, HechoCausado, Resultado
from contratos.base import PETICIONES
from contratos.esquemas import de_acuse, de_hecho, de_peticion
from eventos.base import CATALOGO, campos_sellados
from senda import publicados
from senda.asyncapi import documento, ejemplo_de
from senda.orden import app
from tests.dorados.ejemplo import CARPETA
from tests.unidad.historia import INICIO, RUTA, id_de

ENVIABLES = sorted(PETICIONES)
CON_SELLADO = [t for t in ENVIABLES if campos_sellados(PETICIONES[t])]


def validador(esquema: dict) -> Draft202012Validator:
    return Draft202012Validator(esquema, validate_formats=True)


def test_lo_publicado_es_lo_que_dice_el_codigo():
    assert publicados.diferencias() == []


@pytest.mark.parametrize("dorado", sorted(CARPETA.glob("*.json")), ids=lambda p: p.stem)
def test_los_sobres_dorados_cumplen_su_esquema(dorado: Path):
    sobre = json.loads(dorado.read_bytes())
    if sobre["type"] not in CATALOGO:
        pytest.skip("una versión que ya no se escribe")
    cumple = validador(de_hecho(CATALOGO[sobre["type"]]))
    assert cumple.is_valid(sobre)
    # Una versión menor puede añadir campos; una fecha que no existe no es una fecha.
    assert cumple.is_valid(sobre | {"data": sobre["data"] | {"campo_nuevo": 1}})
    assert not cumple.is_valid(sobre | {"time": "2026-02-30T00:00:00Z"})
    assert not cumple.is_valid(sobre | {"type": "senda.otra.cosa.v1"})


@pytest.mark.parametrize("tipo", ENVIABLES)
def test_el_ejemplo_de_cada_peticion_vale_y_lo_que_sobra_o_falta_no(tipo: str):
    clase = PETICIONES[tipo]
    cumple, ejemplo = validador(de_peticion(clase)), ejemplo_de(clase)
    assert cumple.is_valid(ejemplo)
    assert isinstance(msgspec.convert(ejemplo["datos"], clase), clase)
    assert not cumple.is_valid(ejemplo | {"datos": ejemplo["datos"] | {"inventado": 1}})
    assert not cumple.is_valid(ejemplo | {"inventado": 1})
    assert not cumple.is_valid(ejemplo | {"agente": "María"})
    for campo in ejemplo["datos"]:
        if next(c.required for c in msgspec.structs.fields(clase) if c.name == campo):
            assert not cumple.is_valid(ejemplo | {"datos": {c: v for c, v in ejemplo["datos"].items() if c != campo}})


@pytest.mark.parametrize("tipo", CON_SELLADO)
def test_lo_que_va_sellado_no_cabe_en_claro(tipo: str):
    clase = PETICIONES[tipo]
    esquema, ejemplo = de_peticion(clase), ejemplo_de(clase)
    for campo in campos_sellados(clase):
        assert campo in esquema["$defs"]["Sellado"]["properties"]
        assert not validador(esquema).is_valid(ejemplo | {"datos": ejemplo["datos"] | {campo: "algo"}})


def test_un_acuse_de_verdad_cumple_el_suyo():
    acuse = Acuse(
        huella="0" * 64, servicio="deteccion", origen="/gt/deteccion", resultado=Resultado.ACEPTADA, instante=INICIO,
        posicion=7, institucion="GT-PNC", id=str(RUTA),
        eventos=(HechoCausado(id_de(1), "senda.deteccion.presunta-victima-detectada.v1", str(RUTA), {"nna": "no"}),),
    )  # fmt: skip
    cumple = validador(de_acuse())
    assert cumple.is_valid(json.loads(msgspec.json.encode(acuse)))
    assert not cumple.is_valid({"huella": "0" * 64})


def test_asyncapi_remite_solo_a_archivos_que_se_publican():
    escritos = publicados.archivos()
    mensajes = documento()["components"]["messages"]
    assert {m["payload"]["$ref"].removeprefix("./") for m in mensajes.values()} <= escritos.keys()
    for canal in documento()["channels"].values():
        assert {m["$ref"].rpartition("/")[2] for m in canal["messages"].values()} <= mensajes.keys()


def test_comprobar_nota_lo_que_falta_lo_que_sobra_y_lo_que_cambia(tmp_path: Path):
    orden = ["contratos", "generar", "--carpeta", str(tmp_path)]
    assert CliRunner().invoke(app, orden).exit_code == 0
    assert CliRunner().invoke(app, [*orden, "--comprobar"]).exit_code == 0
    (tmp_path / "acuse.v1.json").write_text("{}")
    (tmp_path / "eventos" / "senda.de.mas.v1.json").write_text("{}")
    (tmp_path / "asyncapi.json").unlink()
    dicho = CliRunner().invoke(app, [*orden, "--comprobar"])
    assert dicho.exit_code == 1
    assert publicados.diferencias(tmp_path) == [
        "cambia acuse.v1.json", "falta asyncapi.json", "sobra eventos/senda.de.mas.v1.json",
    ]  # fmt: skip
