"""`senda caja-de-arena` y `senda portal` como los usa quien integra: procesos de verdad, y cada error con qué hacer."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from msgspec import json
from typer.testing import CliRunner

from infra.azar import AzarReal
from senda.cliente import Credencial
from senda.composicion import instalaciones
from senda.despliegue import crear
from senda.orden import app
from tests.espera import hasta
from tests.servidores_propios import puerto_libre

ORDEN = [sys.executable, "-c", "from senda.orden import app; app()"]


def correr(*argumentos: object):
    resultado = CliRunner().invoke(app, [str(a) for a in argumentos])
    return resultado.exit_code, " ".join(resultado.output.split())


def pedir(puerto: int, camino: str, cuerpo: bytes | None = None) -> tuple[int, bytes]:
    peticion = urllib.request.Request(f"http://127.0.0.1:{puerto}{camino}", data=cuerpo)
    peticion.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(peticion, timeout=10) as respuesta:  # noqa: S310  la nuestra
            return respuesta.status, respuesta.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


@pytest.fixture
def en_marcha(tmp_path: Path):
    """Arranca una orden que se queda sirviendo; al final no queda ningún proceso."""
    procesos: list[subprocess.Popen[str]] = []

    def arrancar(*argumentos: object) -> subprocess.Popen[str]:
        orden = [*ORDEN, *map(str, argumentos)]
        procesos.append(subprocess.Popen(orden, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return procesos[-1]

    yield arrancar
    for proceso in procesos:
        if proceso.poll() is None:
            proceso.kill()
        proceso.communicate()


@pytest.mark.parametrize("senal", [signal.SIGINT, signal.SIGTERM])
def test_la_caja_de_arena_atiende_y_se_va_limpia(tmp_path, en_marcha, senal):
    puerto, carpeta = puerto_libre(), tmp_path / "arena"
    proceso = en_marcha("caja-de-arena", "--puerto", puerto, "--carpeta", carpeta)
    hasta(lambda: pedir(puerto, "/salud/listo")[0] == 200, 60)

    assert set(json.decode(pedir(puerto, "/v1/claves")[1])) == {"recepcion", "origenes"}
    assert pedir(puerto, "/v1/contrato/openapi.json")[0] == 200
    assert "ruta" in json.decode(pedir(puerto, "/arena/rutas", b'{"nna": true}')[1])
    assert (carpeta / "credenciales" / "GT-PRUEBA.pem").stat().st_mode & 0o777 == 0o600
    proceso.send_signal(senal)
    salida, _ = proceso.communicate(timeout=20)

    assert proceso.returncode == 0, salida
    assert f"http://127.0.0.1:{puerto}" in salida
    assert "Traceback" not in salida


def test_un_puerto_ocupado_se_dice_y_no_deja_nada(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as otro:
        puerto = otro.getsockname()[1]
        for orden in (("caja-de-arena",), ("portal",)):
            codigo, dice = correr(*orden, "--puerto", puerto, "--carpeta", tmp_path / "arena")
            assert codigo == 2
            assert "elige otro con --puerto" in dice
    assert not (tmp_path / "arena").exists()


@pytest.mark.parametrize(
    ("opciones", "dice"),
    [
        (["--institucion", "juana"], "código del directorio"),
        (["--institucion", "GT-ARENA"], "elige otro"),
        (["--institucion", "GT-SVET"], "elige otro"),
        (["--amqp", "http://127.0.0.1"], "amqp://"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_lo_mal_pedido_dice_que_hacer_y_no_deja_nada(tmp_path, opciones, dice):
    codigo, texto = correr("caja-de-arena", "--puerto", 0, "--carpeta", tmp_path / "arena", *opciones)
    assert codigo == 2
    assert dice in texto
    assert not (tmp_path / "arena").exists()


def test_sin_rabbitmq_se_dice_y_no_deja_nada(tmp_path):
    direccion = f"amqp://guest:clave-secreta@127.0.0.1:{puerto_libre()}/"
    codigo, texto = correr("caja-de-arena", "--puerto", 0, "--carpeta", tmp_path / "arena", "--amqp", direccion)
    assert codigo == 2
    assert "No hay un RabbitMQ" in texto
    assert "clave-secreta" not in texto
    assert not (tmp_path / "arena").exists()


def test_una_carpeta_con_algo_no_se_toca(tmp_path):
    (tmp_path / "mio").write_text("no tocar")
    codigo, texto = correr("caja-de-arena", "--puerto", 0, "--carpeta", tmp_path)
    assert codigo == 2
    assert "no está vacía" in texto
    assert [a.name for a in tmp_path.iterdir()] == ["mio"]


def test_un_portal_sin_despliegue_o_con_bus_en_memoria_dice_que_hacer(tmp_path):
    assert "no hay un despliegue" in correr("portal", "--puerto", 0, "--carpeta", tmp_path / "nada")[1]
    _instalar(tmp_path / "uno", "memory://")
    codigo, texto = correr("portal", "--puerto", 0, "--carpeta", tmp_path / "uno")
    assert codigo == 2
    assert "caja-de-arena" in texto


def test_un_portal_sin_bus_arranca_dice_que_no_esta_listo_y_se_va_limpio(tmp_path, en_marcha):
    puerto = puerto_libre()
    _instalar(tmp_path / "uno", f"amqp://guest:guest@127.0.0.1:{puerto_libre()}/")
    proceso = en_marcha("portal", "--puerto", puerto, "--carpeta", tmp_path / "uno")
    hasta(lambda: pedir(puerto, "/salud/vivo")[0] == 200, 60)

    estado, salud = pedir(puerto, "/salud/listo")
    assert (estado, json.decode(salud)["alarmas"]) == (503, ["sin-bus"])
    assert b'senda_fallos_de_bucle_total{bucle="preparar",servicio="portal"}' in pedir(puerto, "/metricas")[1]
    proceso.terminate()
    salida, _ = proceso.communicate(timeout=30)

    assert proceso.returncode == 0, salida
    assert "Traceback" not in salida


def _instalar(carpeta: Path, bus: str) -> None:
    rectora = Credencial.generar("GT-SVET", AzarReal())
    crear(
        carpeta, instalaciones(), pais="gt", bus=bus, base=None, prefijo="", reloj="real", rectora=rectora.codigo,
        clave_rectora=rectora.publica, azar=AzarReal(),
    )  # fmt: skip
