"""La orden: qué devuelve, qué escribe y que ninguna entrada, por hostil que sea, acabe en una traza."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from senda_verificar import confianza
from senda_verificar.cabeceras import Firmadas
from senda_verificar.faltas import Registro
from senda_verificar.lento import nombrar
from senda_verificar.orden import main
from senda_verificar.paquetes import juzgar
from senda_verificar.rapido import recorrer
from tests.unidad.verificador.mundo import Escribano, cerrar, empacar, empezado, prueba_de, sano
from tests.unidad.verificador.piezas import DETECCION, LIBRO, claves, compacto, poner, punto

VERIFICADOR = Path(__file__).parents[3] / "verificador"


@pytest.fixture(scope="module")
def libro() -> Escribano:
    libro = empezado(60)
    libro.acceder()
    return cerrar(libro)


@pytest.fixture
def entregado(libro, tmp_path) -> Path:
    carpeta: Path = libro.escribir(tmp_path / "libro")
    return carpeta


@pytest.fixture
def archivo_de_claves(tmp_path) -> str:
    (tmp_path / "claves").write_text(claves())
    return str(tmp_path / "claves")


def correr(capsys, *argumentos) -> tuple[int, str, str]:
    capsys.readouterr()
    salida = main([*map(str, argumentos), "--procesos", "1"])
    return salida, *capsys.readouterr()


def test_sin_faltas(capsys, entregado, archivo_de_claves):
    salida, escrito, error = correr(capsys, entregado, "--clave", archivo_de_claves)
    assert (salida, error) == (0, "")
    assert "SIN FALTAS: 60 entradas, firmado hasta 60" in escrito
    assert "refrendado por defensoria, corte, universidad" in escrito


def test_con_faltas(capsys, entregado, archivo_de_claves):
    (entregado / "tile/0/000.p/60").unlink()
    salida, escrito, _ = correr(capsys, entregado, "--clave", archivo_de_claves)
    assert salida == 1
    assert "✗ archivo-ausente · tesela · 0: tile/0/000.p/60: no está" in escrito
    assert "1 FALTAS" in escrito


def test_en_json(capsys, libro, entregado, archivo_de_claves):
    libro_malo = entregado / "cabeceras.jsonl"
    libro_malo.write_text(libro_malo.read_text() + "{}\n")
    salida, escrito, _ = correr(capsys, entregado, "--clave", archivo_de_claves, "--json")
    dicho = json.loads(escrito)
    assert (salida, dicho["verificado"], dicho["tamano"], dicho["firmado_hasta"]) == (1, False, 60, 60)
    assert dicho["faltas"] == [
        {
            "codigo": "cabecera-falsa",
            "donde": "cabecera",
            "origen": "",
            "posicion": 0,
            "que": "la cabecera no dice de qué origen es",
        }
    ]
    assert sum(dicho["hechos"].values()) == 60


def test_retenidos_y_recibos(capsys, libro, entregado, archivo_de_claves, tmp_path):
    (tmp_path / "bueno").write_text(libro.puntos[0])
    (tmp_path / "otro").write_text(sano(60, "otra").punto)
    (tmp_path / "recibos").write_bytes(b"\n".join(compacto(f) for f in libro.filas.values()) + b"\n")
    bien = ["--clave", archivo_de_claves, "--retenido", tmp_path / "bueno", "--recibos", tmp_path / "recibos"]
    assert correr(capsys, entregado, *bien)[0] == 0
    salida, escrito, _ = correr(capsys, entregado, *bien, "--retenido", tmp_path / "otro")
    assert salida == 1
    assert "✗ libro-bifurcado" in escrito


def test_unas_cabeceras_guardadas_delatan_lo_que_el_directorio_ya_no_trae(capsys, libro, entregado, archivo_de_claves):
    guardadas = entregado / "cabeceras.jsonl"
    aparte = guardadas.rename(entregado.parent / "guardadas.jsonl")
    guardadas.write_bytes(b"")
    pedir = [entregado, "--clave", archivo_de_claves, "--cabeceras", aparte]
    assert correr(capsys, *pedir)[0] == 0  # el libro las cumple
    otro, antes = deepcopy(libro), libro.ahora - timedelta(hours=1)
    otro.cabecera(DETECCION, posicion=libro.ultimos[DETECCION][0] + 3, hoja_=b"\x07" * 32, a=antes)
    aparte.write_text(otro.cabeceras[-1] + "\n")
    salida, escrito, _ = correr(capsys, *pedir)
    assert salida == 1
    assert "✗ truncado · libro · /gt/deteccion" in escrito


def test_lo_que_no_es_un_libro_o_no_permite_lo_que_se_pide(capsys, libro, entregado, archivo_de_claves, tmp_path):
    (tmp_path / "vacia").mkdir()
    salida, _, error = correr(capsys, tmp_path / "vacia", "--clave", archivo_de_claves)
    assert (salida, "no hay un libro exportado" in error) == (2, True)
    publico = libro.escribir(tmp_path / "publico", publico=True)
    (tmp_path / "recibos").write_bytes(b"\n".join(compacto(f) for f in libro.filas.values()) + b"\n")
    pedir = ["--clave", archivo_de_claves, "--recibos"]
    salida, _, error = correr(capsys, publico, *pedir, tmp_path / "recibos")
    assert (salida, "no las trae" in error) == (2, True)
    (tmp_path / "recibos").write_bytes(b"")
    salida, _, error = correr(capsys, entregado, *pedir, tmp_path / "recibos")
    assert (salida, "ningún recibo" in error) == (2, True)


def test_con_mandato_y_sin_entradas_falta_algo(capsys, entregado, archivo_de_claves):
    shutil.rmtree(entregado / "tile" / "entries")
    salida, escrito, _ = correr(capsys, entregado, "--clave", archivo_de_claves)
    assert salida == 1
    assert "✗ archivo-ausente · tesela · 0: se entregó con mandato" in escrito


def test_a_quien_deja_de_leer_no_se_le_da_una_traza(entregado, archivo_de_claves):
    orden = [sys.executable, "-m", "senda_verificar", str(entregado), "--clave", archivo_de_claves, "--procesos", "1"]
    entorno = {**os.environ, "PYTHONPATH": str(VERIFICADOR)}
    leer, escribir = os.pipe()
    os.close(leer)  # como `| head -0`
    proceso = subprocess.run(orden, stdout=escribir, stderr=subprocess.PIPE, env=entorno, check=False)
    os.close(escribir)
    assert (proceso.returncode, proceso.stderr) == (0, b"")


def test_la_prueba_de_una_ruta(capsys, libro, archivo_de_claves, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro))
    assert correr(capsys, archivo, "--clave", archivo_de_claves)[0] == 0
    salida, _, error = correr(capsys, archivo, "--clave", archivo_de_claves, "--recibos", archivo_de_claves)
    assert salida == 2
    assert "contra el directorio del libro" in error


@pytest.mark.parametrize("que", ["nada", "MARIA" * 2000, "a\x00b", "claves/dentro"])
def test_lo_que_no_se_puede_verificar(capsys, archivo_de_claves, tmp_path, que):
    salida, escrito, error = correr(capsys, tmp_path / que, "--clave", archivo_de_claves)
    assert (salida, escrito) == (2, "")
    assert error.startswith("senda-verificar: ")
    assert "MARIA" not in error


@pytest.mark.parametrize("claves_", [b"", b"\xff\xfe", b"MARIA", b"log MARIA+00+00"])
def test_unas_claves_que_no_lo_son(capsys, entregado, tmp_path, claves_):
    (tmp_path / "malas").write_bytes(claves_)
    salida, escrito, error = correr(capsys, entregado, "--clave", tmp_path / "malas")
    assert (salida, escrito) == (2, "")
    assert "MARIA" not in error


def test_las_claves_con_marca_de_windows(capsys, entregado, tmp_path):
    (tmp_path / "claves").write_bytes(b"\xef\xbb\xbf" + claves().replace("\n", "\r\n").encode())
    assert correr(capsys, entregado, "--clave", tmp_path / "claves")[0] == 0


def test_lo_que_no_es_un_zip(capsys, archivo_de_claves):
    salida, _, error = correr(capsys, archivo_de_claves, "--clave", archivo_de_claves)
    assert (salida, error) == (2, "senda-verificar: no es un zip que se pueda leer\n")


HOSTILES = {
    "vacío": b"",
    "nulos": bytes(5000),
    "no es UTF-8": b"\xff\xfe\xfd\n" * 100,
    "JSON hondo": b'{"a":' * 50_000 + b"\n" + b"[" * 50_000,
    "claves repetidas": b'{"origen":"a","origen":"b"}\n',
    "un sustituto suelto": b'{"origen":"\\ud800\\u001b[2J","posicion":1}\n"\\ud800"\n',
    "un número enorme": b'{"numero":' + b"9" * 5000 + b"}\n",
    "una línea enorme": b"x" * 3_000_000 + b"\n{}\n",
    "muchas líneas": b"{}\n" * 20_000,
}


@pytest.mark.parametrize("hostil", HOSTILES)
@pytest.mark.parametrize(
    "archivo",
    ["checkpoint", "puntos.jsonl", "cabeceras.jsonl", "accesos.jsonl", "solicitudes/000.jsonl", "tile/0/000.p/60",
     "tile/entries/000.p/60"],
)  # fmt: skip
def test_un_archivo_hostil_acaba_en_informe(capsys, entregado, archivo_de_claves, archivo, hostil):
    poner(entregado, archivo, HOSTILES[hostil])
    for opciones in ([], ["--json"]):
        salida, escrito, _ = correr(capsys, entregado, "--clave", archivo_de_claves, *opciones)
        escrito.encode()  # nada que un terminal no pueda escribir
        assert "\x1b" not in escrito
        # Un nombre de origen sin clave no es falta: se dice. Y sin cabeceras se dice hasta dónde nadie firmó.
        calla = archivo == "cabeceras.jsonl" and hostil == "vacío"
        assert salida == (0 if calla else 1)


def test_un_tamano_de_10_18_no_cuesta_nada(capsys, entregado, archivo_de_claves, libro):
    """Ni firmado por el propio libro: se mira lo que hay y se para."""
    for texto in (punto(10**18, bytes(32)), punto(10**18, bytes(32), de="otra clave")):
        poner(entregado, "checkpoint", texto.encode())
        salida, escrito, _ = correr(capsys, entregado, "--clave", archivo_de_claves)
        assert salida == 1
        assert "archivo-ausente" in escrito


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="sin tuberías con nombre")
def test_una_tuberia_en_vez_de_un_archivo_no_lo_cuelga(capsys, entregado, archivo_de_claves):
    for archivo in ("checkpoint", "accesos.jsonl", "tile/entries/000.p/60"):
        (entregado / archivo).unlink()
        os.mkfifo(entregado / archivo)
    (entregado / "cabeceras.jsonl").unlink()
    (entregado / "cabeceras.jsonl").symlink_to("/dev/zero")
    assert correr(capsys, entregado, "--clave", archivo_de_claves)[0] == 1


def test_un_terminal_sin_utf_8_tambien_recibe_el_informe(monkeypatch, entregado, archivo_de_claves):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main([str(entregado), "--clave", archivo_de_claves, "--procesos", "1"]) == 0
    terminal.flush()
    assert b"SIN FALTAS" in terminal.buffer.getvalue()


def test_lo_que_venga_en_los_datos_no_manda_en_el_terminal(capsys, archivo_de_claves, tmp_path):
    libro = Escribano()
    libro.anotar("/gt/\x1b[31m", b"MARIA")
    libro.cabecera(DETECCION)
    libro.sellar()
    _, escrito, _ = correr(capsys, libro.escribir(tmp_path / "libro"), "--clave", archivo_de_claves)
    assert "\x1b" not in escrito
    assert "MARIA" not in escrito
    assert LIBRO in escrito or "fila-ilegible" in escrito


def test_la_memoria_no_crece_con_el_libro(tmp_path):
    """El triple de libro, la misma memoria: ninguna de las pasadas guarda entradas ni hashes."""
    picos: dict[str, list[int]] = {}
    for paquetes in (17, 51):  # más que los lotes en que trabaja cada una
        libro = Escribano()
        for _ in range(paquetes * 256):
            libro.hecho(DETECCION, data={"relleno": "x" * 500})
        carpeta, tamano = libro.escribir(tmp_path / str(paquetes)), len(libro.entradas)
        confiadas, nadie = confianza.leer(claves()), frozenset[str]()
        del libro
        pasadas: dict[str, Callable[[], object]] = {
            "rápida": partial(recorrer, carpeta, tamano, [], {}, con_entradas=True, procesos=1),
            "lenta": partial(nombrar, carpeta, tamano, [], Firmadas(), Registro(), con_entradas=True),
            "actos": partial(juzgar, carpeta, tamano, confiadas, nadie, Registro(), 1),
        }
        for nombre, pasada in pasadas.items():
            tracemalloc.start()
            pasada()
            picos.setdefault(nombre, []).append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # Lo que se añadió pesa 8 MB; crece solo con la raíz de cada tesela: unos bytes por cada 256 entradas.
    for nombre, (antes, despues) in picos.items():
        assert despues - antes < 200_000, nombre


def test_en_un_entorno_vacio(entregado, archivo_de_claves, tmp_path):
    """Instalado solo, con la biblioteca estándar y cryptography: sin nada de quien escribe."""
    entorno = tmp_path / "entorno"
    subprocess.run([sys.executable, "-m", "venv", entorno], check=True, capture_output=True)
    pip = [entorno / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    instalado = subprocess.run([*pip, VERIFICADOR, "cryptography"], check=False, capture_output=True, text=True)
    assert instalado.returncode == 0, instalado.stderr
    paquetes = subprocess.run(
        [entorno / "bin/pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    )
    nombres = {linea.partition("==")[0] for linea in paquetes.stdout.split()}
    assert nombres <= {"senda-verificar", "cryptography", "cffi", "pycparser", "pip", "setuptools", "typing_extensions"}
    corrida = subprocess.run(
        [entorno / "bin/senda-verificar", entregado, "--clave", archivo_de_claves, "--json"],
        check=False, capture_output=True, text=True, cwd=tmp_path, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert corrida.returncode == 0, corrida.stderr
    assert json.loads(corrida.stdout)["verificado"]
