"""La tabla de demandas no miente: todo lo que cita existe, y nada queda sin respuesta dicha."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import contratos.solicitudes  # noqa: F401  (llena PETICIONES)
import eventos.catalogo  # noqa: F401  (llena CATALOGO)
from contratos.base import PETICIONES
from eventos.base import CATALOGO

TABLA = Path("docs/demandas.md")
ESTADOS = {"sí", "en parte", "no hay todavía", "no es de un sistema"}
_CITA = re.compile(r"`([^`]+)`")
_MENSAJE = re.compile(r"[a-z]+\.[a-z-]+")
_RUTA = re.compile(r"(?P<archivo>[\w./-]+\.(?:py|toml|md))(?::(?P<nombre>\w+))?")
#: Valores de una lista que la tabla menciona; no son código que citar.
_VALORES = {"otro-pais", "proteccion"}
_CONOCIDOS = {t.removeprefix("senda.").rpartition(".v")[0] for t in (*PETICIONES, *CATALOGO)}


class Fila(NamedTuple):
    clave: str
    pide: str
    estado: str
    responde: str

    @property
    def citas(self) -> list[str]:
        return [c for c in _CITA.findall(self.responde) if c not in _VALORES]


def filas() -> Iterator[Fila]:
    for linea in TABLA.read_text().splitlines():
        celdas = [c.strip() for c in linea.strip("|").split("|")]
        if linea.startswith("| S0"):
            yield Fila(*celdas)


@cache
def declarado_en(archivo: Path) -> frozenset[str]:
    nombres: set[str] = set()
    for nodo in ast.parse(archivo.read_text()).body:
        match nodo:
            case ast.FunctionDef(name=nombre) | ast.ClassDef(name=nombre):
                nombres.add(nombre)
            case ast.Assign(targets=destinos):
                nombres.update(d.id for d in destinos if isinstance(d, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=nombre)):
                nombres.add(nombre)
            case _:
                pass
    return frozenset(nombres)


def existe(cita: str) -> bool:
    if hallada := _RUTA.fullmatch(cita):
        archivo = Path(hallada["archivo"])
        return archivo.is_file() and (hallada["nombre"] is None or hallada["nombre"] in declarado_en(archivo))
    return bool(_MENSAJE.fullmatch(cita)) and cita in _CONOCIDOS


@pytest.mark.parametrize("fila", list(filas()), ids=lambda f: f.clave)
def test_todo_lo_citado_existe_y_el_estado_se_sostiene(fila):
    assert fila.estado in ESTADOS
    assert [c for c in fila.citas if not existe(c)] == []
    if fila.estado in {"sí", "en parte"}:
        assert fila.citas, "dice que algo lo responde y no cita qué"
    if fila.estado == "en parte":
        assert ";" in fila.responde or "(" in fila.responde, "dice «en parte» y no dice qué falta"
    if fila.estado == "no hay todavía":
        assert fila.responde, "no dice qué falta"


def test_cada_clave_una_vez_y_los_archivos_en_orden():
    claves = [f.clave for f in filas()]

    assert [c for c, veces in Counter(claves).items() if veces > 1] == []
    assert [c[:4] for c in claves] == sorted(c[:4] for c in claves)
    assert {c[:4] for c in claves} == {"S000", "S001", "S002", "S003", "S004"}


def test_estan_las_43_directrices_y_los_indicadores_de_casos():
    claves = {f.clave for f in filas()}

    assert {f"S004-{n}" for n in range(1, 44)} <= claves
    del_plan = {"A1", "A2", *(f"B{n}" for n in range(1, 5)), *(f"C{n}" for n in range(1, 8))}
    assert {f"S001-{n}" for n in del_plan} <= claves
    assert {f"D{n}" for n in range(1, 7)} <= {c.partition("-")[2][:2] for c in claves if c.startswith("S003")}


def test_la_prueba_nota_una_cita_que_no_existe():
    assert not existe("coordinacion.aceptar-derivaciones")
    assert not existe("servicios/justicia/dominio.py:absolver")
    assert not existe("servicios/justicia/dominios.py")
    assert existe("servicios/justicia/dominio.py:investigar")
