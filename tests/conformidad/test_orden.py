"""`senda conformidad` como se teclea, y las piezas del juego que una orden no enseña."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import json
from typer.testing import CliRunner

from infra.azar import AzarReal
from infra.mensajeria.transportes.base import TransporteCaido
from infra.reloj import RelojReal
from senda.arena import ArenaRota, Historia, estrenar_arena
from senda.conformidad.escenarios import TODOS, nombre_de
from senda.conformidad.examinar import BusLejano, acceso_al_bus, examinar
from senda.conformidad.puente import Puente
from senda.orden import app
from tests.espera import hasta
from tests.servidores_propios import puerto_libre


def correr(*argumentos: object) -> tuple[int, str]:
    hecho = CliRunner().invoke(app, ["conformidad", *map(str, argumentos)])
    return hecho.exit_code, hecho.output


def mal_pedido(*argumentos: object) -> str:
    """Lo que dice al salir con 2, sin los saltos de línea que pone la terminal."""
    codigo, dicho = correr(*argumentos)
    assert codigo == 2
    return " ".join(dicho.split())


def test_la_lista_dice_cada_escenario_y_que_hace():
    codigo, dice = correr("--lista")
    assert codigo == 0
    lineas = dice.splitlines()
    assert [linea.split()[0] for linea in lineas] == [nombre_de(e) for e in TODOS]
    assert all(linea.strip().endswith(".") for linea in lineas)


@pytest.mark.parametrize(
    ("argumentos", "dice"),
    [
        ([], "Falta cómo se arranca"),
        (["--escenario", "no-hay", "--", "true"], "--lista"),
        (["--amqp", "http://127.0.0.1", "--", "true"], "se espera amqp://"),
        (["--amqp", "amqps://bus.example/examen?ca=ca.pem", "--", "true"], "ha de estar en esta máquina"),
        (["--amqp", "amqp://127.0.0.1:1/", "--amqp-cliente", "amqps://bus.example/e", "--", "true"], "en esta máquina"),
    ],
    ids=["sin-orden", "escenario", "direccion", "lejos", "lejos-el-cliente"],
)
def test_lo_mal_pedido_dice_que_hacer(argumentos: list[str], dice: str):
    dicho = mal_pedido(*argumentos)
    assert dice in dicho
    assert "Traceback" not in dicho


def test_sin_bus_se_dice_y_no_se_repite_la_direccion():
    dicho = mal_pedido("--amqp", f"amqp://guest:clave-secreta@127.0.0.1:{puerto_libre()}/examen", "--", "true")
    assert "No hay un RabbitMQ" in dicho
    assert "clave-secreta" not in dicho


def test_una_orden_que_no_existe_se_dice():
    dicho = mal_pedido("--escenario", "encargos", "--", "/no/hay/tal-cliente")
    assert "No se puede arrancar el cliente" in dicho


def test_las_notas_en_json_y_sale_con_1_si_alguna_no_pasa():
    codigo, dicho = correr("--json", "--escenario", "encargos", "--", "true")
    assert codigo == 1
    (nota,) = json.decode(dicho)
    assert nota == {
        "escenario": "encargos", "que": "Recibe, acepta y atiende cada encargo, con la prueba de lo que hizo.",
        "pasa": False, "motivo": "el programa acabó solo",
    }  # fmt: skip


def test_el_cliente_recibe_lo_suyo_y_nada_de_otro_y_corre_en_su_carpeta(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SENDA_AMQP", "amqp://otro:secreta@bus/")
    monkeypatch.setenv("SENDA_BASE_URL", "postgresql://otro:secreta@base/")
    monkeypatch.setenv("SENDA_CADA", "7")
    guion = 'env | grep ^SENDA_ | sort; pwd; stat -c %a "$SENDA_CLAVE"; sleep 60'
    (tmp_path / "e").mkdir()
    encargos = [e for e in TODOS if nombre_de(e) == "encargos"]
    (nota,) = examinar(["sh", "-c", guion], tmp_path / "e", encargos, RelojReal(), AzarReal(), plazo=3.0)
    assert "en 3 s no atendió todos sus encargos (emitida:" in nota.motivo
    suya = tmp_path / "e" / "cliente"
    *entorno, carpeta, modo = (tmp_path / "e" / "cliente.log").read_text().splitlines()
    dado = dict(linea.split("=", 1) for linea in entorno)
    assert (carpeta, modo) == (str(suya), "600")
    assert dado["SENDA_CLAVE"] == f"{suya}/clave.pem"
    assert set(json.decode((suya / "claves.json").read_bytes())) == {"recepcion", "origenes"}
    assert dado.keys() == {
        "SENDA_INSTITUCION", "SENDA_CLAVE", "SENDA_CLAVES", "SENDA_ESTADO", "SENDA_URL", "SENDA_CADA"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("direccion", "acceso"),
    [
        ("amqp://u:c@h:5672/v", {"SENDA_AMQP": "amqp://u:c@h:5672/v"}),
        (
            "amqps://GT-PRUEBA@localhost:5671/v?ca=/t/ca.pem&certificado=/t/p.pem&llave=/t/p.key",
            {
                "SENDA_AMQP": "amqps://localhost:5671/v", "SENDA_CA": "/t/ca.pem", "SENDA_CERTIFICADO": "/t/p.pem",
                "SENDA_CERTIFICADO_CLAVE": "/t/p.key",
            },
        ),
        ("amqps://u:c@h/v?ca=/t/ca.pem", {"SENDA_AMQP": "amqps://u:c@h/v", "SENDA_CA": "/t/ca.pem"}),
    ],
    ids=["llana", "con-certificado", "con-contrasena"],
)  # fmt: skip
def test_los_certificados_van_en_sus_variables(direccion: str, acceso: dict[str, str]):
    assert acceso_al_bus(direccion) == acceso


def test_un_parametro_mal_escrito_no_se_traga():
    with pytest.raises(ValueError, match="ca, certificado y llave"):
        acceso_al_bus("amqps://localhost/v?cert=/t/p.pem")


def test_con_tls_el_bus_del_cliente_esta_en_esta_maquina(tmp_path: Path):
    with pytest.raises(BusLejano):
        examinar([], tmp_path, [], RelojReal(), AzarReal(), bus="amqps://bus.example/v")
    assert not any(tmp_path.iterdir())


@pytest.fixture
def eco() -> Iterator[int]:
    """Un servidor que devuelve lo que le llega."""
    with socket.create_server(("127.0.0.1", 0)) as zocalo:

        def devolver(otro: socket.socket) -> None:
            with otro, contextlib.suppress(OSError):
                while octetos := otro.recv(99):
                    otro.sendall(octetos)

        def atender() -> None:
            while True:
                try:
                    otro, _ = zocalo.accept()
                except OSError:
                    return
                threading.Thread(target=devolver, args=(otro,), daemon=True).start()

        threading.Thread(target=atender, daemon=True).start()
        yield zocalo.getsockname()[1]
        zocalo.shutdown(socket.SHUT_RDWR)


def test_el_puente_se_corta_y_se_repone(eco: int):
    puente = Puente("127.0.0.1", eco)

    def pasa() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", puente.entrada), 5) as enchufe:
                enchufe.sendall(b"hola")
                return enchufe.recv(99) == b"hola"
        except OSError:
            return False

    with socket.create_connection(("127.0.0.1", puente.entrada), 5) as abierta:
        abierta.sendall(b"hola")
        assert abierta.recv(99) == b"hola"
        puente.cortar()
        with contextlib.suppress(ConnectionError):
            assert abierta.recv(99) == b""
    assert not pasa()
    puente.tender()
    hasta(pasa, 5)
    puente.cerrar()
    assert not pasa()


def test_en_la_arena_lo_rechazado_es_un_defecto_suyo_y_se_dice_sin_datos(tmp_path: Path):
    arena = estrenar_arena(tmp_path / "a", "GT-PRUEBA", RelojReal(), AzarReal())
    try:
        assert arena.abrir_ruta(Historia()) != arena.abrir_ruta(Historia(nna=True, extranjera=True))
        with pytest.raises(ArenaRota, match=r"^institucion-ya-inscrita$"):
            arena.presentar()
    finally:
        arena.cerrar()
    with pytest.raises(FileExistsError):
        estrenar_arena(tmp_path / "a", "GT-PRUEBA", RelojReal(), AzarReal())


def test_sin_bus_la_arena_no_deja_nada(tmp_path: Path):
    with pytest.raises(TransporteCaido):
        estrenar_arena(
            tmp_path / "a", "GT-PRUEBA", RelojReal(), AzarReal(), bus=f"amqp://guest:x@127.0.0.1:{puerto_libre()}/"
        )
    assert not (tmp_path / "a").exists()
