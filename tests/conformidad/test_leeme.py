"""`contratos/README.md` no miente: quien lo sigue llega, y lo que da por resuelto sale igual."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from contratos.base import PETICIONES
from contratos.solicitud import Solicitud
from infra.seguridad import base64url
from infra.seguridad.firma import firmar, leer_cabecera, verificar
from infra.seguridad.sobre_cerrado import abrir
from senda.conformidad.escenarios import TODOS, nombre_de
from tests.espera import hasta
from tests.servidores_propios import puerto_libre

RAIZ = Path(__file__).parents[2]
LEEME = RAIZ / "contratos" / "README.md"
CLIENTE = RAIZ / "contratos" / "kit" / "http" / "cliente.py"
JOSE = "jose@6.2.17"


def bloques(clase: str) -> list[str]:
    """Los bloques de código de la página con ese nombre exacto, en orden."""
    hallados = re.findall(rf"^```{re.escape(clase)}\n(.*?)^```$", LEEME.read_text(), re.DOTALL | re.MULTILINE)
    assert hallados, clase
    return hallados


def test_el_cliente_de_la_pagina_es_el_del_kit_y_cabe_en_una_pantalla():
    assert bloques("python") == [CLIENTE.read_text()]
    assert len(CLIENTE.read_text().splitlines()) < 60


@pytest.fixture
def carpeta(tmp_path: Path) -> Path:
    """La de quien lee: vacía, con `senda` en su PATH como si lo hubiera instalado."""
    ordenes = tmp_path / "bin"
    ordenes.mkdir()
    senda = ordenes / "senda"
    senda.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from senda.orden import app; app()" "$@"\n')
    senda.chmod(0o755)
    vacia = tmp_path / "mia"
    vacia.mkdir()
    return vacia


@pytest.mark.timeout(240)
def test_quien_la_sigue_ve_los_cuatro_acuses(carpeta: Path):
    arena, seguir = bloques("sh")
    # Solo cambia el puerto, por si el de la página está tomado; y pip se deja instalar aunque alguien exija --user.
    puerto = str(puerto_libre())
    entorno = os.environ | {
        "PATH": f"{carpeta.parent / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(RAIZ), "PIP_USER": "0",
    }  # fmt: skip
    (carpeta / "cliente.py").write_text(bloques("python")[0])
    dicho = carpeta / "dicho.txt"

    def terminal(guion: str, salida: Path) -> subprocess.Popen[bytes]:
        with salida.open("wb") as archivo:
            return subprocess.Popen(
                ["sh", "-e", "-c", guion.replace("8080", puerto)], cwd=carpeta, env=entorno, stdout=archivo,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    abiertas = [terminal(arena, carpeta / "arena.txt")]
    try:
        hasta(lambda: "Ctrl-C" in (carpeta / "arena.txt").read_text(), 90)
        # Lo que la caja de arena propone se puede copiar entero.
        otra = re.search(r"curl .*", (carpeta / "arena.txt").read_text())
        assert otra
        abiertas.append(terminal(seguir, dicho))

        def acuses() -> list[str]:
            if abiertas[1].poll() is not None and "No matching distribution" in dicho.read_text():
                pytest.skip("sin red no se puede instalar cryptography: la página queda SIN SEGUIR")
            assert abiertas[1].poll() is None, dicho.read_text()
            # pip también habla.
            return re.findall(r"^[a-z-]+ (?:aceptada|rechazada.*)", dicho.read_text(), re.MULTILINE)

        esperados = bloques("text")[0].splitlines()
        hasta(lambda: acuses()[:4] == esperados, 90)
        antes = len(acuses())
        assert b'"ruta"' in subprocess.run(["sh", "-c", otra[0]], check=True, capture_output=True).stdout
        hasta(lambda: len(acuses()) > antes, 60)
        assert all(linea.endswith(" aceptada") for linea in acuses())
    finally:
        for abierta in abiertas:
            os.killpg(abierta.pid, signal.SIGKILL)
            abierta.wait()


def test_el_ejemplo_de_firma_sale_igual():
    (pem,), (cabecera,), (cuerpo,), (firma,) = (bloques(c) for c in ("pem", "cabecera", "cuerpo", "firma"))
    clave = load_pem_private_key(pem.encode(), None)
    assert isinstance(clave, Ed25519PrivateKey)
    octetos, firma = cuerpo.strip().encode(), firma.strip()
    datos = msgspec.json.decode(cabecera)
    caduca = datetime.fromtimestamp(datos["exp"], UTC)
    assert firmar(octetos, clave, datos["kid"], datos["servicio"], datos["id"], caduca) == firma
    verificar(firma, octetos, clave.public_key(), "coordinacion", datetime(2026, 1, 15, tzinfo=UTC))
    # Los tres pasos de la página, sin nuestra biblioteca.
    protegida = base64url.a_texto(cabecera.strip().encode())
    sello = clave.sign(f"{protegida}.{base64url.a_texto(octetos)}".encode())
    assert f"{protegida}..{base64url.a_texto(sello)}" == firma
    solicitud = msgspec.json.decode(octetos, type=Solicitud)
    assert str(solicitud.id) == leer_cabecera(firma).id
    msgspec.json.decode(solicitud.datos, type=PETICIONES[solicitud.tipo])


@pytest.fixture
def servicio() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


def test_lo_sellado_con_joserfc_lo_abre_el_servicio(tmp_path: Path, servicio: X25519PrivateKey):
    (guion,) = bloques("python sellar")
    assert _sellar([sys.executable, "-c", guion], servicio, tmp_path) == '{"relato": "señal"}'.encode()


def test_lo_sellado_con_jose_lo_abre_el_servicio(tmp_path: Path, servicio: X25519PrivateKey):
    if not shutil.which("npm"):
        pytest.skip("Node no está instalado: el ejemplo de sellar con jose queda SIN PROBAR")
    try:
        orden = ["npm", "install", "--silent", "--no-audit", "--no-fund", JOSE]
        subprocess.run(orden, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    except subprocess.SubprocessError:
        pytest.skip("no se pudo instalar jose (¿sin red?): su ejemplo queda SIN PROBAR")
    (tmp_path / "sellar.mjs").write_text(bloques("js sellar")[0])
    assert _sellar(["node", "sellar.mjs"], servicio, tmp_path) == '{"relato": "señal"}'.encode()


def _sellar(orden: list[str], servicio: X25519PrivateKey, carpeta: Path) -> bytes:
    publica = base64url.a_texto(servicio.public_key().public_bytes_raw())
    orden = [*orden, publica, '{"relato": "señal"}']
    return abrir(
        subprocess.run(orden, cwd=carpeta, check=True, capture_output=True, text=True).stdout.strip(), servicio
    )


def test_dice_todos_los_escenarios_y_enlaza_lo_que_hay():
    texto = LEEME.read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|$", texto, re.MULTILINE) == [nombre_de(e) for e in TODOS]
    for destino in re.findall(r"\]\(([^)#]+)\)", texto):
        assert (LEEME.parent / destino).exists(), destino


@pytest.mark.parametrize("pagina", ["README.md", "README.en.md", "docs/contratos.md"])
def test_se_llega_a_ella(pagina: str):
    assert "contratos/README.md" in (RAIZ / pagina).read_text()
