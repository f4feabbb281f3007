"""`senda testigo` y `senda auditar refrendar` como se usan: dos máquinas con HTTP de verdad, o un USB entre ellas."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import json
from sqlalchemy import Engine
from typer.testing import CliRunner

from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import testigo as testigos
from senda.auditoria.refrendo import QUE_SIGNIFICA, Motivo
from senda.auditoria.verificacion import vkey_del_libro
from senda.cliente import Credencial
from senda.composicion import instalaciones
from senda.despliegue import claves_de, crear
from senda.orden import app
from senda_verificar import nota
from servicios.auditoria.contexto import NOMBRE_DEL_LIBRO
from servicios.auditoria.refrendos import punto_refrendado
from servicios.testigo.dominio import MAXIMO_CUERPO
from tests.integracion.testigo.libro_de_verdad import crecer
from tests.integracion.testigo.servido import Servido
from tests.unidad.testigo.libreta import Libreta

LIBRO = Libreta()
FALSO = LIBRO.bifurcada(3)


def correr(*argumentos: object) -> tuple[int, str]:
    resultado = CliRunner().invoke(app, [str(a) for a in argumentos])
    return resultado.exit_code, " ".join(resultado.output.split())


class Despliegue(NamedTuple):
    """Un despliegue con su libro, y la vkey de ese libro en un archivo."""

    carpeta: Path
    libro: Engine
    vkey: Path

    def crecer(self, hasta: int, historia: str = "") -> str:
        clave = claves_de(self.carpeta, "auditoria").firma
        return crecer(self.libro, hasta, historia, nombre=NOMBRE_DEL_LIBRO, clave=clave)


@pytest.fixture
def despliegue(tmp_path: Path) -> Iterator[Despliegue]:
    carpeta, rectora = tmp_path / "despliegue", Credencial.generar("GT-SVET", AzarReal())
    creado = crear(
        carpeta, instalaciones(), pais="gt", bus="memory://", base=None, prefijo="", reloj="real",
        rectora=rectora.codigo, clave_rectora=rectora.publica, azar=AzarReal(),
    )  # fmt: skip
    (tmp_path / "libro.vkey").write_text(f"{vkey_del_libro(creado)}\n")
    motor = abrir_motor(creado.bases["auditoria"].url)
    yield Despliegue(carpeta, motor, tmp_path / "libro.vkey")
    motor.dispose()


@pytest.fixture
def vigilante(tmp_path: Path, despliegue: Despliegue) -> tuple[Path, Path]:
    """La carpeta de un testigo instalado con la orden para ese libro, y su vkey en un archivo."""
    carpeta, vkey = tmp_path / "vigilante", tmp_path / "testigo.vkey"
    opciones = ["--carpeta", str(carpeta), "--nombre", "pdh.example/testigo", "--libro", str(despliegue.vkey)]
    resultado = CliRunner().invoke(app, ["testigo", "instalar", *opciones])
    assert resultado.exit_code == 0
    vkey.write_text(resultado.stdout)
    return carpeta, vkey


def test_el_libro_pide_y_guarda_el_refrendo(
    despliegue: Despliegue, vigilante: tuple[Path, Path], servir: Callable[[Path], Servido]
) -> None:
    carpeta, vkey = vigilante
    url = servir(carpeta).url
    opciones = ["auditar", "refrendar", "--carpeta", despliegue.carpeta, "--vkey", vkey, "--testigo", url]
    assert correr(*opciones)[0] == 1  # aún no hay puntos
    for tamano in (7, 300):
        despliegue.crecer(tamano)
        salida, dice = correr(*opciones)
        assert (salida, f"Refrendado: {tamano} entradas" in dice) == (0, True)
        with despliegue.libro.begin() as conexion:
            texto = punto_refrendado(conexion)
        assert nota.exigir_firma(nota.leer(texto or ""), testigos.de_testigo(vkey.read_text().strip()))
    salida, dice = correr("testigo", "ver", "--carpeta", carpeta)
    assert (salida, "2 puntos refrendados; el último, 300 entradas" in dice) == (0, True)


def test_una_bifurcacion_es_una_alarma_en_los_dos_lados(
    despliegue: Despliegue, vigilante: tuple[Path, Path], servir: Callable[[Path], Servido]
) -> None:
    carpeta, vkey = vigilante
    despliegue.crecer(7)
    with testigos.abierto(carpeta, RelojReal()) as testigo:
        clave = claves_de(despliegue.carpeta, "auditoria").firma
        testigo.refrendar(Libreta(NOMBRE_DEL_LIBRO, clave).peticion(0, 7))
    salida, dice = correr(
        "auditar", "refrendar", "--carpeta", despliegue.carpeta, "--vkey", vkey, "--testigo", servir(carpeta).url
    )
    assert (salida, QUE_SIGNIFICA[Motivo.BIFURCACION] in dice) == (1, True)
    salida, dice = correr("testigo", "ver", "--carpeta", carpeta)
    assert (salida, "✗ bifurcacion" in dice) == (1, True)
    crudo = CliRunner().invoke(app, ["testigo", "ver", "--carpeta", str(carpeta), "--json"])
    (evidencia,) = json.decode(crudo.stdout)["evidencias"]
    assert nota.verificar(evidencia["texto"], despliegue.vkey.read_text().strip()).tamano == 7


def test_sin_red_con_dos_archivos(despliegue: Despliegue, vigilante: tuple[Path, Path], tmp_path: Path) -> None:
    carpeta, vkey = vigilante
    ida, vuelta = tmp_path / "ida", tmp_path / "vuelta"
    del_libro = ["auditar", "refrendar", "--carpeta", despliegue.carpeta, "--vkey", vkey]
    despliegue.crecer(7)
    assert correr(*del_libro, "--a-archivo", ida)[0] == 0
    dada = CliRunner().invoke(app, ["testigo", "refrendar", str(ida), "--carpeta", str(carpeta)])
    assert dada.exit_code == 0
    vuelta.write_text(dada.stdout)
    despliegue.crecer(9)
    salida, dice = correr(*del_libro, "--desde-archivo", vuelta)
    assert (salida, "Refrendado: 7 entradas" in dice) == (0, True)

    # Se perdió la vuelta: el testigo va por 9 y el libro cree que por 7.
    correr(*del_libro, "--a-archivo", ida)
    correr("testigo", "refrendar", ida, "--carpeta", carpeta)
    despliegue.crecer(12)
    correr(*del_libro, "--a-archivo", ida)
    salida, dice = correr("testigo", "refrendar", ida, "--carpeta", carpeta)
    assert (salida, "--desde 9" in dice) == (1, True)
    correr(*del_libro, "--a-archivo", ida, "--desde", 9)
    assert correr("testigo", "refrendar", ida, "--carpeta", carpeta)[0] == 0


def test_sin_red_tambien_se_niega_y_dice_por_que(carpeta: Path, tmp_path: Path) -> None:
    archivo = tmp_path / "peticion"
    for peticion, codigo in [
        (LIBRO.peticion(0, 5), ""),
        (FALSO.peticion(5, 5), "bifurcacion"),
        (b"a" * (MAXIMO_CUERPO * 2), "peticion-excesiva"),
    ]:
        archivo.write_bytes(peticion)
        salida, dice = correr("testigo", "refrendar", archivo, "--carpeta", carpeta)
        assert (salida, codigo in dice) == (1 if codigo else 0, True)
    assert correr("testigo", "refrendar", tmp_path / "no-esta", "--carpeta", carpeta)[0] == 2


def test_conocer_otro_libro(carpeta: Path, tmp_path: Path) -> None:
    otro = Libreta("senda.example/hn/libro")
    archivo, vkey = tmp_path / "peticion", tmp_path / "otra.vkey"
    archivo.write_bytes(otro.peticion(0, 5))
    vkey.write_text(otro.vkey)
    assert correr("testigo", "refrendar", archivo, "--carpeta", carpeta)[0] == 1
    for _ in range(2):
        assert correr("testigo", "conocer", "--libro", vkey, "--carpeta", carpeta)[0] == 0
    assert correr("testigo", "refrendar", archivo, "--carpeta", carpeta)[0] == 0


@pytest.mark.parametrize(
    ("respuesta", "motivo"),
    [
        (b"", "no se pudo hablar con el testigo"),
        (b"no es HTTP\r\n\r\n", "no se pudo hablar con el testigo"),
        # Nadie lee sin fin lo que un testigo quiera mandar.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"a" * 300_000, "no se pudo hablar con el testigo"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "respuesta-inesperada"),
    ],
    ids=["corta", "no-es-http", "enorme", "a-otra-parte"],
)
def test_un_testigo_que_no_contesta_como_debe(
    despliegue: Despliegue, vigilante: tuple[Path, Path], respuesta: bytes, motivo: str
) -> None:
    despliegue.crecer(7)
    with socket.create_server(("127.0.0.1", 0)) as zocalo:

        def contestar() -> None:
            conexion, _ = zocalo.accept()
            with conexion:
                conexion.recv(65536)
                try:
                    conexion.sendall(respuesta)
                except OSError:
                    return

        hilo = threading.Thread(target=contestar)
        hilo.start()
        url = f"http://127.0.0.1:{zocalo.getsockname()[1]}"
        salida, dice = correr(
            "auditar", "refrendar", "--carpeta", despliegue.carpeta, "--vkey", vigilante[1], "--testigo", url
        )
        hilo.join()
    assert (salida, motivo in dice) == (1, True)


def test_lo_mal_pedido_dice_que_hacer(
    despliegue: Despliegue, vigilante: tuple[Path, Path], carpeta: Path, tmp_path: Path
) -> None:
    _, vkey = vigilante
    base = ["auditar", "refrendar", "--carpeta", despliegue.carpeta, "--vkey"]
    for argumentos, esperado in [
        ([*base, vkey], "Elige uno"),
        ([*base, vkey, "--testigo", "http://a", "--a-archivo", tmp_path / "f"], "Elige uno"),
        ([*base, tmp_path / "no-esta", "--testigo", "http://a"], "no se puede leer"),
        ([*base, despliegue.vkey, "--a-archivo", tmp_path / "f"], "de un libro"),
        (["auditar", "refrendar", "--carpeta", tmp_path, "--vkey", vkey, "--testigo", "http://a"], "despliegue"),
        (["testigo", "instalar", "--nombre", "a b", "--libro", despliegue.vkey, "--carpeta", tmp_path / "x"], "nombre"),
        (["testigo", "instalar", "--nombre", "a", "--libro", despliegue.vkey, "--carpeta", carpeta], "ya hay"),
        (["testigo", "instalar", "--nombre", "a", "--libro", vkey, "--carpeta", tmp_path / "x"], "de un testigo"),
        (["testigo", "ver", "--carpeta", tmp_path / "x"], "no hay un testigo"),
        (["testigo", "conocer", "--libro", vkey, "--carpeta", carpeta], "de un testigo"),
    ]:
        salida, dice = correr(*argumentos)
        assert (salida, esperado in dice) == (2, True), dice
    despliegue.crecer(7)
    salida, dice = correr(*base, vkey, "--testigo", "http://127.0.0.1:1")
    assert (salida, "no se pudo hablar con el testigo" in dice) == (1, True)
