"""Llevar las bases con servicios en marcha: se niega si hay algo que llevar, y solo entonces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from infra.almacen.esquema import TABLA_DE_VERSION, arriendos
from infra.azar import AzarReal
from senda.cliente import Credencial
from senda.composicion import instalaciones
from senda.consulta import base_abierta
from senda.despliegue import crear, leer, por_migrar
from senda.orden import app


@pytest.fixture
def carpeta(tmp_path):
    rectora = Credencial.generar("GT-SVET", AzarReal())
    crear(
        tmp_path / "d", instalaciones(), pais="gt", bus="amqps://bus:5671/senda", base=None, prefijo="",
        reloj="real", rectora="GT-SVET", clave_rectora=rectora.publica, azar=AzarReal(),
    )  # fmt: skip
    return tmp_path / "d"


def escribir(carpeta, servicio, sentencia):
    with base_abierta(leer(carpeta).bases[servicio]) as motor, motor.begin() as conexion:
        conexion.execute(sentencia)


def migrar(carpeta, *opciones):
    return CliRunner().invoke(app, ["operar", "migrar", "--carpeta", str(carpeta), *opciones])


def anda(carpeta, servicio):
    vence = datetime.now(UTC) + timedelta(minutes=5)
    fila = {"nombre": "proceso:uno", "titular": "uno", "valla": 0, "vence": vence}
    escribir(carpeta, servicio, sa.insert(arriendos).values(fila))


def test_recien_instalado_no_queda_nada_por_llevar(carpeta):
    assert por_migrar(leer(carpeta), instalaciones()) == []


def test_con_servicios_en_marcha_y_sin_nada_que_llevar_pasa(carpeta):
    anda(carpeta, "justicia")
    assert migrar(carpeta).exit_code == 0


@pytest.mark.parametrize(
    "atraso",
    [
        sa.text(f"UPDATE {TABLA_DE_VERSION} SET version_num = '005' WHERE version_num = '006'"),
        sa.text("DROP TABLE derivaciones"),
    ],
)
def test_con_algo_que_llevar_los_quiere_parados(carpeta, atraso):
    if "UPDATE" in atraso.text:
        for quitar in (
            "DROP INDEX bandeja_por_ronda", "DROP INDEX bandeja_por_turno", "DROP INDEX salida_por_destino",
            "ALTER TABLE bandeja DROP COLUMN institucion", "ALTER TABLE bandeja DROP COLUMN urgente",
            "ALTER TABLE bandeja DROP COLUMN ronda",
        ):  # fmt: skip
            escribir(carpeta, "coordinacion", sa.text(quitar))
    escribir(carpeta, "coordinacion", atraso)
    assert por_migrar(leer(carpeta), instalaciones()) == ["coordinacion"]
    anda(carpeta, "justicia")
    negado = migrar(carpeta)
    assert (negado.exit_code, "justicia (1)" in negado.output) == (2, True)
    assert por_migrar(leer(carpeta), instalaciones()) == ["coordinacion"]
    assert migrar(carpeta, "--con-servicios-en-marcha").exit_code == 0
    assert por_migrar(leer(carpeta), instalaciones()) == []
