"""Lo que se entregó con el código de entonces se verifica con el de hoy, y así será siempre."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from senda_verificar import confianza, directorio, prueba
from senda_verificar.faltas import Informe
from tests.unidad.verificador.mundo import empacar

DORADOS = Path(__file__).parents[2] / "dorados"
LIBRO, PRUEBA = DORADOS / "libro", DORADOS / "prueba.zip"
#: SHA-256 de los archivos dorados, por orden. Si cambia, alguien los regeneró: no se hace; se añade otro al lado.
HUELLA = "1333eb81b22445f77823b7ae2f5ad1f57f6dcb0d90e6df695ba010dd667528c6"
ESTABLES = ("verificado", "raiz", "tamano", "firmado_hasta", "testigos", "hechos", "faltas")


@pytest.fixture(scope="module")
def claves() -> confianza.Confianza:
    return confianza.leer((DORADOS / "libro.claves").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def retenido() -> str:
    return (DORADOS / "libro.retenido").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def entonces() -> dict[str, dict[str, object]]:
    leido: dict[str, dict[str, object]] = json.loads((DORADOS / "libro.informes.json").read_text(encoding="utf-8"))
    return leido


def archivos() -> list[Path]:
    return sorted([a for a in LIBRO.rglob("*") if a.is_file()] + [PRUEBA, *DORADOS.glob("libro.*")])


def igual_que_entonces(hoy: Informe, entonces: dict[str, object]) -> None:
    dicho = {
        "verificado": hoy.correcto, "raiz": hoy.raiz.hex(), "tamano": hoy.tamano, "firmado_hasta": hoy.firmado_hasta,
        "testigos": list(hoy.testigos), "hechos": dict(hoy.hechos), "faltas": list(hoy.faltas),
    }  # fmt: skip
    assert dicho == {c: entonces[c] for c in ESTABLES}


def test_nadie_los_ha_regenerado():
    total = sha256()
    for archivo in archivos():
        total.update(f"{archivo.relative_to(DORADOS)}\n".encode() + sha256(archivo.read_bytes()).digest())
    assert total.hexdigest() == HUELLA


def test_el_libro_dorado(claves, retenido, entonces):
    hoy = directorio.verificar(LIBRO, claves, retenidos=[retenido], procesos=1)
    igual_que_entonces(hoy, entonces["libro"])
    assert hoy.correcto
    assert hoy.sin_comprobar == ()


def test_la_prueba_dorada(claves, retenido, entonces):
    hoy = prueba.verificar(PRUEBA, claves, retenidos=[retenido])
    igual_que_entonces(hoy, entonces["prueba"])
    assert hoy.correcto


@pytest.mark.parametrize("archivo", [str(a.relative_to(LIBRO)) for a in archivos() if a.is_relative_to(LIBRO)])
def test_el_libro_dorado_con_un_byte_cambiado(claves, archivo, tmp_path):
    tocado = Path(shutil.copytree(LIBRO, tmp_path / "libro")) / archivo
    datos = bytearray(tocado.read_bytes())
    donde = datos.index(b'"hash":"') + 8 if archivo == "cabeceras.jsonl" else len(datos) // 2
    datos[donde] ^= 1
    tocado.write_bytes(datos)
    assert not directorio.verificar(tmp_path / "libro", claves, procesos=1).correcto


def test_la_prueba_dorada_con_un_byte_cambiado(claves, tmp_path):
    with ZipFile(PRUEBA) as zip_:
        miembros = {nombre: zip_.read(nombre) for nombre in zip_.namelist()}
    cambiables = [n for n in miembros if n != "LEEME.txt" and not n.startswith("consistencia/")]
    for nombre in [*cambiables[:4], *cambiables[-4:]]:
        datos = miembros[nombre]
        tocado = datos[: len(datos) // 2] + bytes([datos[len(datos) // 2] ^ 1]) + datos[len(datos) // 2 + 1 :]
        archivo = empacar(tmp_path / "p.zip", miembros | {nombre: tocado})
        assert not prueba.verificar(archivo, claves).correcto, nombre


def test_no_se_pueden_regenerar():
    from tests.dorados.generar_libro import generar

    with pytest.raises(FileExistsError):
        generar()
