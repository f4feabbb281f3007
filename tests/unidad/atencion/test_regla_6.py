"""Regla 6: ni la atención ni la permanencia miran si la persona denunció, declaró o coopera."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from contratos.solicitudes import PETICIONES
from eventos.base import CATALOGO

#: Lo que un juez resuelve para proteger no es denuncia, declaración ni cooperación (dominio.md, regla 6).
_PERMITIDOS = {"AutorizacionDeProteccion", "Autorizacion", "Resolucion"}
_SIN_CONDICION = sorted([*Path("servicios/atencion").rglob("*.py"), *Path("servicios/deteccion").rglob("*.py")])


def importado_de_justicia(archivo: Path) -> set[str]:
    nodos = ast.walk(ast.parse(archivo.read_text()))
    return {
        alias.name
        for nodo in nodos
        if isinstance(nodo, ast.ImportFrom) and (nodo.module or "").endswith("justicia")
        for alias in nodo.names
    } | {a.name for nodo in ast.walk(ast.parse(archivo.read_text())) if isinstance(nodo, ast.Import)
         for a in nodo.names if a.name.endswith("justicia")}  # fmt: skip


@pytest.mark.parametrize("archivo", _SIN_CONDICION, ids=str)
def test_atencion_no_conoce_los_hechos_de_justicia(archivo):
    assert importado_de_justicia(archivo) <= _PERMITIDOS


@pytest.mark.parametrize("clase", [c for c in PETICIONES.values() if c.servicio == "atencion"], ids=lambda c: c.tipo)
def test_ninguna_peticion_de_atencion_pregunta_por_el_proceso(clase):
    prohibidos = {"proceso", "denuncia", "denunciante", "coopera", "declaracion", "expediente"}

    assert prohibidos.isdisjoint(clase.__struct_fields__)


def test_la_unica_mencion_a_cooperar_es_para_probar_que_no_se_exige():
    con_ello = {tipo for tipo, clase in CATALOGO.items() if "coopera" in clase.__struct_fields__}

    assert con_ello == {"senda.repatriacion.permanencia-concedida.v1"}
