"""`senda buzon`: lo que se dejó a una institución, tal como se le mandó, sin poner nada en marcha."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from typer.testing import CliRunner, Result

from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda.cliente import Credencial
from senda.embebido import estrenar
from senda.orden import app
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from tests.integracion.pilas import INICIO
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import anotado

RECTORA = "GT-SVET"


@pytest.fixture
def carpeta(tmp_path: Path) -> Path:
    """Un despliegue con la rectora sola, que se queda con todos los encargos de dos rutas."""
    azar = AzarSembrado(3)
    sistema = estrenar(tmp_path / "pais", Credencial.generar(RECTORA, azar), RelojSimulado(INICIO), azar)
    for n in (1, 2):
        with sistema.estaciones["coordinacion"].almacen.tanda() as tanda:
            COORDINACION.conocer(tanda, anotado(deteccion(ruta=UUID(int=n)), 100 + n))
    sistema.cerrar()
    return tmp_path / "pais"


def buzon(carpeta: Path, *argumentos: str) -> Result:
    return CliRunner().invoke(app, ["buzon", *argumentos, "--carpeta", str(carpeta)])


def test_da_los_bytes_que_se_mandaron_desde_el_numero_que_se_diga(carpeta: Path):
    todo = msgspec.json.decode(buzon(carpeta, RECTORA, "--json").stdout)
    numeros = [d["numero"] for d in todo["avisos"]]
    assert numeros == list(range(1, todo["ultimo"] + 1))
    assert len(numeros) > 5
    assert all(d["aviso"]["numero"] == d["numero"] and d["aviso"]["tipo"] == d["tipo"] for d in todo["avisos"])
    resto = msgspec.json.decode(buzon(carpeta, RECTORA, "--desde", "5", "--json").stdout)
    assert (resto["ultimo"], resto["avisos"]) == (todo["ultimo"], todo["avisos"][4:])


def test_en_el_terminal_se_lee_que_es_cada_uno_y_cual_es_el_ultimo(carpeta: Path):
    ultimo = msgspec.json.decode(buzon(carpeta, RECTORA, "--json").stdout)["ultimo"]
    dicho = buzon(carpeta, RECTORA).stdout
    assert "Derivación emitida" in dicho
    assert f"el último de {RECTORA} es el {ultimo}." in dicho
    assert "Ningún aviso desde ese número" in buzon(carpeta, RECTORA, "--desde", str(ultimo + 1)).stdout


def test_lo_que_no_esta_se_dice_y_sale_con_su_codigo(carpeta: Path, tmp_path: Path):
    assert buzon(carpeta, "GT-NADIE").exit_code == 1
    assert buzon(tmp_path / "otra", RECTORA).exit_code == 2
    assert buzon(carpeta, RECTORA, "--desde", "0").exit_code == 2
    assert buzon(carpeta, RECTORA, "--desde", "9" * 30).exit_code == 2
