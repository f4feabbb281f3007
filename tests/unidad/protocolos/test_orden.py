"""«senda protocolo» de punta a punta: lo que imprime, sus códigos de salida y lo que dice cuando no puede."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contratos.protocolos import lector
from infra.reloj import RelojSimulado
from senda.orden import app, protocolo


@pytest.fixture(autouse=True)
def parado(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocolo, "reloj", RelojSimulado(datetime(2026, 5, 4, 14, tzinfo=UTC)))


def senda(*argumentos: str, espera: int = 0) -> str:
    salida = CliRunner().invoke(app, ["protocolo", *argumentos])
    assert salida.exit_code == espera, salida.output
    return salida.output


def test_simular_cuenta_encargos_plazos_fuentes_y_derechos():
    texto = senda("simular", "gt", "--edad", "15", "--sexo", "mujer", "--nacionalidad", "HND")
    for dice in (
        "GT-PGN · proteccion-nna · inmediata",
        "24 horas, hasta mar 2026-05-05 08:00",
        "5 días hábiles, hasta lun 2026-05-11 24:00",
        "https://agn.gt/",
        "Derechos exigibles (16)",
        "se la trata como niña, niño o adolescente; extranjera: si",
    ):
        assert dice in texto
    assert "BORRADOR" not in texto


def test_un_borrador_lo_dice_en_cuanto_se_mira():
    assert "BORRADOR" in senda("simular", "mx", "--edad", "34", "--nacionalidad", "PER")
    datos = json.loads(senda("simular", "mx", "--json"))
    assert (datos["estado"], datos["rige_rutas"]) == ("borrador", False)


def test_el_json_es_estable():
    datos = json.loads(senda("simular", "gt", "--edad", "15", "--nacionalidad", "HND", "--json"))
    assert set(datos) == {
        "protocolo", "version", "pais", "nombre", "estado", "revisor", "rige_rutas", "persona", "desde", "pasos",
        "derechos",
    }  # fmt: skip
    assert datos["persona"]["nna"] == "si"
    assert datos["desde"] == "2026-05-04T14:00:00Z"
    [paso] = datos["pasos"]
    assert paso["encargos"][0] == {
        "regla": "proteccion-de-ninez",
        "de": "GT-SVET",
        "a": "GT-PGN",
        "institucion": "Procuraduría General de la Nación",
        "servicio": "proteccion-nna",
        "urgencia": "inmediata",
        "motivo": "lo-manda-el-protocolo",
        "acuse": {"cantidad": 2, "unidad": "horas", "vence": "2026-05-04T16:00:00Z"},
        "atencion": {"cantidad": 24, "unidad": "horas", "vence": "2026-05-05T14:00:00Z"},
        "plazo_legal": False,
        "fuente": "https://agn.gt/procedimientos-de-la-pgn-para-el-rescate-y-proteccion-de-menores-vulnerados",
        "por_defecto": False,
        "fuente_del_plazo": "valor por defecto del proyecto, sin fuente legal",
        "revisor": lector.ultimo("gt").revisor,
    }
    assert datos["derechos"][0].keys() == {"derecho", "estado", "fuente", "por_defecto"}


def test_con_dos_nacionalidades_basta_que_una_sea_la_del_pais():
    datos = json.loads(senda("simular", "gt", "--nacionalidad", "HND", "--nacionalidad", "GTM", "--json"))
    assert datos["persona"]["extranjera"] == "no"


@pytest.mark.parametrize(
    ("argumentos", "codigo"),
    [
        (("gt", "--edad", "200"), "edad-imposible"),
        (("gt", "--edad", "-1"), "edad-imposible"),
        (("gt", "--edad", "quince"), "edad-imposible"),
        (("gt", "--edad", "١٥"), "edad-imposible"),
        (("gt", "--nacionalidad", "GT"), "nacionalidad-desconocida"),
        (("gt", "--nacionalidad", "hnd"), "nacionalidad-desconocida"),
        (("gt", "--nacionalidad", "ZZZ"), "nacionalidad-desconocida"),
        (("gt", "--sexo", "f"), "sexo-desconocido"),
        (("gt", "--riesgo", "altisimo"), "riesgo-desconocido"),
        (("gt", "--desde", "ayer"), "instante-invalido"),
        (("gt", "--desde", "9999-12-31"), "instante-invalido"),
        (("gt", "--historia", "deteccion,bautizo"), "hecho-desconocido"),
        (("ni",), "pais-sin-paquete"),
        (("comun",), "pais-sin-paquete"),
        (("../gt",), "pais-sin-paquete"),
    ],
)
def test_lo_que_no_puede_ser_sale_con_2_codigo_y_que_hacer(argumentos: tuple[str, ...], codigo: str):
    texto = senda("simular", *argumentos, espera=2)
    assert texto.startswith(f"{codigo} (")
    assert "Traceback" not in texto


def test_listar_dice_estado_revisor_y_cuanto_tiene_fuente():
    filas = {f["protocolo"]: f for f in json.loads(senda("listar", "--json"))}
    assert {p: f["estado"] for p, f in filas.items()} == {
        "gt": "completo", "hn": "borrador", "mx": "borrador", "pe": "completo", "sv": "borrador",
    }  # fmt: skip
    assert filas["pe"]["reglas_por_defecto"] == 2
    assert "borrador" in senda("listar")


@pytest.mark.parametrize("pais", ["gt", "hn", "mx", "pe", "sv"])
def test_comprobar_da_por_bueno_lo_que_trae_el_proyecto(pais: str):
    assert senda("comprobar", pais).startswith(f"{pais} 1.0 (")


def test_comprobar_una_carpeta_dice_todos_sus_errores_y_sale_con_1(tmp_path: Path):
    carpeta = tmp_path / "1.0"
    shutil.copytree(lector.carpeta_de("gt", "1.0"), carpeta)
    for archivo, de, a in (
        ("protocolo.toml", 'rectora = "GT-SVET"', 'rectora = "GT-MP"'),
        ("derivaciones.toml", 'a = "GT-PGN"', 'a = "GT-NADIE"'),
    ):
        texto = (carpeta / archivo).read_text(encoding="utf-8")
        (carpeta / archivo).write_text(texto.replace(de, a, 1), encoding="utf-8")
    texto = senda("comprobar", str(carpeta), espera=1)
    assert "GT-NADIE no está entre las instituciones" in texto
    assert "mandato de rectoria" in texto
    assert len(json.loads(senda("comprobar", str(carpeta), "--json", espera=1))["errores"]) == 2


def test_comprobar_lo_que_no_es_un_paquete_sale_con_2(tmp_path: Path):
    assert senda("comprobar", str(tmp_path), espera=2).startswith("carpeta-sin-paquete")


@pytest.mark.parametrize(("pais", "codigo"), [("hn", "paquete-en-borrador"), ("ni", "pais-sin-paquete")])
def test_no_se_instala_un_despliegue_sobre_un_borrador(tmp_path: Path, pais: str, codigo: str):
    salida = CliRunner().invoke(app, ["instalar", "--carpeta", str(tmp_path / "d"), "--pais", pais])
    assert salida.exit_code == 2
    assert codigo in salida.output
    assert not (tmp_path / "d").exists()
