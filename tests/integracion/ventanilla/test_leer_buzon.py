"""`senda buzon`: lo que se dejó a una institución, tal como se le mandó, sin poner nada en marcha."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from infra.almacen.motor import leyendo
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda.cliente import Credencial
from senda.consulta import base_abierta
from senda.despliegue import leer
from senda.embebido import estrenar
from senda.orden import app
from servicios.auditoria.accesos import Asiento, comprobar, filas
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


def accesos(carpeta: Path) -> list[Asiento]:
    with base_abierta(leer(carpeta).bases["auditoria"]) as motor, leyendo(motor, en_flujo=True) as conexion:
        assert comprobar(conexion) is None
        return list(filas(conexion))


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


def test_leerlo_deja_constancia_de_cada_ruta_que_ensena_y_de_ninguna_mas(carpeta: Path):
    todo = msgspec.json.decode(buzon(carpeta, RECTORA, "--json").stdout)["avisos"]
    rutas = list(dict.fromkeys(d["ruta"] for d in todo if d["ruta"]))
    assert len(rutas) == 2
    assert [(a.institucion, a.ruta, a.motivo) for a in accesos(carpeta)] == [
        (RECTORA, ruta, "operacion") for ruta in rutas
    ]
    buzon(carpeta, RECTORA, "--desde", str(len(todo)), "--motivo", "supervision")
    assert [(a.ruta, a.motivo) for a in accesos(carpeta)[2:]] == [(todo[-1]["ruta"], "supervision")]
    buzon(carpeta, RECTORA, "--desde", str(len(todo) + 1))
    assert len(accesos(carpeta)) == 3


def test_en_nombre_de_quien_no_puede_no_se_ensena_ni_consta(carpeta: Path):
    negado = buzon(carpeta, RECTORA, "--como", "GT-OTRA")
    assert (negado.exit_code, negado.stdout) == (1, "")
    assert "Ese buzón es de otra institución" in negado.stderr
    assert accesos(carpeta) == []


def test_si_no_se_puede_dejar_constancia_no_se_ensena(carpeta: Path):
    with base_abierta(leer(carpeta).bases["auditoria"]) as motor, motor.begin() as conexion:
        conexion.execute(text("ALTER TABLE accesos RENAME TO otra"))
    negado = buzon(carpeta, RECTORA, "--json")
    assert (negado.exit_code, negado.stdout) == (2, "")


def test_ver_y_reprocesar_lo_apartado_deja_constancia_de_las_rutas_que_nombra(carpeta: Path):
    ruta = UUID(int=1)
    with base_abierta(leer(carpeta).bases["atencion"]) as motor, motor.begin() as conexion:
        for posicion, sujeto in enumerate((str(ruta), RECTORA, "<<nada>>", str(ruta)), 901):
            conexion.execute(
                text("INSERT INTO apartados VALUES ('/gt/justicia', :p, :s, 'ilegible', '2026-05-04 12:00:00')"),
                {"p": posicion, "s": sujeto},
            )
    visto = CliRunner().invoke(app, ["operar", "apartados", "--carpeta", str(carpeta)])
    assert visto.exit_code == 0
    assert [(a.institucion, a.ruta, a.motivo) for a in accesos(carpeta)] == [(RECTORA, str(ruta), "operacion")]
    reprocesar = ["operar", "reprocesar", "atencion", "--carpeta", str(carpeta)]
    assert str(ruta) in CliRunner().invoke(app, reprocesar).stderr
    assert [a.ruta for a in accesos(carpeta)] == [str(ruta)] * 2
