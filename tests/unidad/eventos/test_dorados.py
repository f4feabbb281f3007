"""Los bytes de ayer se leen hoy, y lo que se escribe hoy es lo mismo que ayer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from eventos.base import UNSET, campos_sellados
from eventos.catalogo import CATALOGO
from eventos.sobre import codificar, decodificar
from tests.dorados.ejemplo import CARPETA, cifra_fija, descifra_fija, ejemplo

DORADOS = sorted(CARPETA.glob("*.json"))


def tipo_de(archivo: Path) -> str:
    """Lo que sigue al tipo dice qué le faltaba entonces: los bytes de antes de un campo nuevo también se conservan."""
    return ".".join(archivo.stem.split(".")[:4])


def test_cada_tipo_tiene_su_dorado():
    """Si falta: ``python -m tests.dorados.generar``."""
    assert [t for t in CATALOGO if not (CARPETA / f"{t}.json").exists()] == []


@pytest.mark.parametrize("archivo", DORADOS, ids=lambda a: a.stem)
def test_se_lee_siempre(archivo: Path):
    cuerpo = archivo.read_bytes()
    sin_clave, con_clave = decodificar(cuerpo), decodificar(cuerpo, descifra_fija)
    sellados = campos_sellados(type(sin_clave.hecho))
    assert all(getattr(sin_clave.hecho, c) is UNSET for c in sellados)
    assert any(getattr(con_clave.hecho, c) is not UNSET for c in sellados) == (b'"sellado":' in cuerpo)
    assert not sellados or b'"sellado":' in cuerpo or archivo.stem not in CATALOGO


@pytest.mark.parametrize("archivo", [a for a in DORADOS if tipo_de(a) in CATALOGO], ids=lambda a: a.stem)
def test_escribirlo_otra_vez_da_los_mismos_bytes(archivo: Path):
    cuerpo = archivo.read_bytes()
    assert codificar(decodificar(cuerpo, descifra_fija), cifra_fija(archivo.stem)) == cuerpo
    sin_sellar = msgspec.json.decode(cuerpo)
    sin_sellar["data"].pop("sellado", None)
    assert codificar(decodificar(cuerpo), None) == msgspec.json.encode(sin_sellar)


def test_el_ejemplo_llena_todos_los_campos():
    for clase in CATALOGO.values():
        hecho = ejemplo(clase).hecho
        assert [c for c in hecho.__struct_fields__ if getattr(hecho, c) in (None, UNSET, ())] == []
