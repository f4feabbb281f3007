"""Validar un mensaje antes de mandarlo: línea y campo de cada fallo, y jamás el valor."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from contratos.base import PETICIONES
from contratos.posiciones import posiciones
from contratos.validacion import Validado, validar
from senda import publicados
from senda.asyncapi import ejemplo_de
from senda.orden import app
from tests.dorados.ejemplo import CARPETA as DORADOS

DETECTAR = "senda.deteccion.detectar-presunta-victima.v1"
ESQUEMAS = publicados.esquemas()
SECRETO = "Marisol Xicará"


def revisado(documento: Any) -> Validado:
    return validar(json.dumps(documento, indent=1, ensure_ascii=False).encode(), ESQUEMAS)


def con(**cambios: Any) -> dict[str, Any]:
    """La solicitud de ejemplo con otros datos; None quita el campo."""
    solicitud = ejemplo_de(PETICIONES[DETECTAR])
    datos = solicitud["datos"] | cambios
    return solicitud | {"datos": {c: v for c, v in datos.items() if v is not None}}


@pytest.mark.parametrize("tipo", sorted(PETICIONES))
def test_los_ejemplos_valen(tipo: str):
    assert revisado(ejemplo_de(PETICIONES[tipo])) == Validado(mensaje="solicitud", tipo=tipo)


@pytest.mark.parametrize("dorado", sorted(DORADOS.glob("*.json"))[:5], ids=lambda p: p.stem)
def test_los_hechos_dorados_valen(dorado: Path):
    # Tras la versión, lo que distingue a una muestra de otra del mismo tipo.
    tipo = re.sub(r"(\.v\d+)\..*", r"\1", dorado.stem)
    assert validar(dorado.read_bytes(), ESQUEMAS) == Validado(mensaje="hecho", tipo=tipo)


@pytest.mark.parametrize(
    ("cambios", "campo", "dice"),
    [
        ({"nna": SECRETO}, "datos.nna", "no, no-consta, si"),
        ({"nna": 3}, "datos.nna", "no, no-consta, si"),
        ({"idioma": SECRETO}, "datos.idioma", "ISO 639-3"),
        ({"riesgo": None}, "datos.riesgo", "Falta."),
        ({"alerta": SECRETO}, "datos.alerta", "un UUID"),
        ({"ries": SECRETO}, "datos.ries", "¿querías decir «riesgo»?"),
        ({SECRETO: 1}, "datos.?", "Los campos son: nna"),
        ({"relato": SECRETO}, "datos.relato", "solo puede ir sellado"),
    ],
)
def test_cada_fallo_con_su_campo_y_sin_el_valor(cambios: dict[str, Any], campo: str, dice: str):
    (fallo,) = revisado(con(**cambios)).fallos
    assert fallo.campo == campo
    assert dice in fallo.que_hacer
    assert SECRETO not in fallo.que_hacer


@pytest.mark.parametrize("fecha", ["2026-02-30T14:20:00Z", "2026-05-03", "2026-05-03T14:20:00"])
def test_una_fecha_que_no_existe_o_sin_zona_no_pasa(fecha: str):
    (fallo,) = revisado(con() | {"ocurrido": fecha}).fallos
    assert (fallo.campo, fallo.linea) == ("ocurrido", 6)


def test_dice_la_linea_de_cada_uno():
    texto = """{
 "id": "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42", "tipo": "senda.deteccion.detectar-presunta-victima.v1",
 "institucion": "GT-PGN", "agente": "ag-7c1e90aa", "ocurrido": "2026-05-03T14:20:00Z",
 "datos": {
   "nna":
      "quiza",
   "extranjera": "no", "riesgo": "alto",
   "pais_deteccion": "gt", "riesgo": "bajo",
   "relato": "a \\" } b"
 }
}"""
    validado = validar(texto.encode(), ESQUEMAS)
    assert [(f.linea, f.campo) for f in validado.fallos] == [
        (4, "datos.idioma"), (5, "datos.nna"), (8, "datos.riesgo"), (9, "datos.relato"),
    ]  # fmt: skip
    assert validado.avisos == ()


def test_lo_sellable_en_claro_tambien_se_nota_donde_el_esquema_admite_de_mas():
    hecho = json.loads((DORADOS / "senda.deteccion.alerta-recibida.v1.json").read_bytes())
    hecho["data"]["territorio"] = "GT-01"
    (fallo,) = revisado(hecho).fallos
    assert fallo.campo == "data.territorio"


@pytest.mark.parametrize(
    ("cuerpo", "linea"),
    [
        (b'{\n "tipo": "x",\n "a": ]\n}', 3),
        (b'{\n "tipo": "x",\n', 2),
        (b'{\n "tipo": "\xff"}', 2),
        (b"", 1),
        (b"[1]", 1),
        (b'{"hola": 1}', 1),
        (b"[" * 100_000, 1),
        (b'{\n"tipo": "senda.deteccion.detectar-presunta-victima.v9", "datos": {}}', 2),
        (b'{\n"tipo": ["a"], "datos": {}}', 2),
        (b'{\n"tipo": "../acuse.v1", "datos": {}}', 2),
        (b'{"tipo": "%s", "datos": "%s"}' % (DETECTAR.encode(), b"x" * 40_000), 1),
    ],
)
def test_lo_que_no_es_un_mensaje_se_dice_una_vez(cuerpo: bytes, linea: int):
    (fallo,) = validar(cuerpo, ESQUEMAS).fallos
    assert fallo.linea == linea


def test_un_acuse_y_un_aviso_se_reconocen():
    acuse = {"huella": "0" * 64, "servicio": "deteccion", "origen": "/gt/deteccion", "resultado": "quizas"}
    validado = revisado(acuse | {"instante": "2026-05-03T14:20:00Z"})
    assert (validado.mensaje, [f.campo for f in validado.fallos]) == ("acuse", ["resultado"])
    validado = revisado({"numero": 0, "evento": "x", "tipo": "senda.coordinacion.ruta-cerrada.v1"})
    assert validado.mensaje == "aviso"
    assert {"numero", "evento", "disponible"} <= {f.campo for f in validado.fallos}


def test_un_tipo_que_se_retira_vale_y_avisa():
    ruta = f"solicitudes/{DETECTAR}.json"
    obsoleto = ESQUEMAS[ruta] | {"x-retirada": {"desde": "2027-01-01", "retirada": "2027-09-01"}}
    validado = validar(json.dumps(con()).encode(), ESQUEMAS | {ruta: obsoleto})
    assert validado.fallos == ()
    (aviso,) = validado.avisos
    assert (aviso.campo, "2027-09-01" in aviso.que_hacer) == ("tipo", True)


def test_la_orden_lee_de_un_archivo_o_de_la_entrada(tmp_path: Path):
    bueno = tmp_path / "bueno.json"
    bueno.write_text(json.dumps(con()))
    assert CliRunner().invoke(app, ["contratos", "validar", str(bueno)]).exit_code == 0
    dicho = CliRunner().invoke(app, ["contratos", "validar", "-"], input=json.dumps(con(relato=SECRETO)))
    assert (dicho.exit_code, SECRETO in dicho.output, "datos.relato" in dicho.output) == (1, False, True)
    dicho = CliRunner().invoke(app, ["contratos", "validar", "-", "--json"], input=json.dumps(con(nna=None)))
    assert json.loads(dicho.stdout)["fallos"] == [{"linea": 1, "campo": "datos.nna", "que_hacer": "Falta."}]
    assert CliRunner().invoke(app, ["contratos", "validar", str(tmp_path / "no.json")]).exit_code == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda dentro: st.lists(dentro, max_size=4) | st.dictionaries(st.text(), dentro, max_size=4),
    max_leaves=20,
)


def contadas(valor: Any, camino: tuple[str | int, ...], linea: int, lineas: dict[tuple[str | int, ...], int]) -> int:
    """Las líneas que ``json.dumps(indent=1)`` da a cada camino, contadas al revés que quien las busca."""
    lineas[camino] = linea
    if not isinstance(valor, dict | list) or not valor:
        return linea
    for paso, hijo in valor.items() if isinstance(valor, dict) else enumerate(valor):
        linea = contadas(hijo, (*camino, paso), linea + 1, lineas)
    return linea + 1


@given(JSON)
def test_las_posiciones_son_las_del_texto(valor: Any):
    esperadas: dict[tuple[str | int, ...], int] = {}
    contadas(valor, (), 1, esperadas)
    assert posiciones(json.dumps(valor, indent=1)).lineas == esperadas
    assert posiciones(json.dumps(valor, indent=1, ensure_ascii=False)).lineas == esperadas
