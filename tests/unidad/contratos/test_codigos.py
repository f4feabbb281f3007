"""Los códigos de rechazo son contrato: todos documentados, y ninguno significa dos cosas a la vez."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

from contratos.base import PETICIONES
from contratos.codigos import DE_EXAMEN
from infra.seguridad.firma import CodigoFirma
from senda.codigos import DESTINO, documento
from senda.composicion import CONTEXTOS


def test_el_documento_dice_lo_que_dice_el_codigo():
    assert DESTINO.read_text() == documento()


def test_todo_codigo_que_la_mensajeria_escribe_esta_en_la_lista():
    usados = set()
    for archivo in Path("infra/mensajeria").glob("*.py"):
        for nodo in ast.walk(ast.parse(archivo.read_text())):
            if isinstance(nodo, ast.Call) and getattr(nodo.func, "id", "") == "SolicitudInvalida":
                primero = nodo.args[0]
                if isinstance(primero, ast.Constant):
                    usados.add(primero.value)
    assert usados
    assert usados | set(get_args(CodigoFirma)) <= set(DE_EXAMEN)


def test_todo_codigo_escrito_en_el_proyecto_esta_en_el_documento():
    """La lista sale de las clases importadas: un módulo que nadie importa se quedaría fuera sin que nada lo dijera."""
    escritos = {
        codigo
        for carpeta in ("contratos", "eventos", "infra", "servicios", "senda")
        for archivo in Path(carpeta).rglob("*.py")
        for codigo in re.findall(r'^    codigo = "([a-z-]+)"$', archivo.read_text(), re.MULTILINE)
    }
    assert len(escritos) > 100
    assert {c for c in escritos if f"| `{c}` |" not in documento()} == set()


def test_toda_peticion_del_contrato_tiene_quien_la_atienda():
    atendidas = {clase for contexto in CONTEXTOS.values() for clase in contexto.casos.clases()}
    assert set(PETICIONES.values()) <= atendidas


def test_cada_peticion_la_atiende_el_servicio_que_dice():
    for clase in PETICIONES.values():
        assert clase in CONTEXTOS[clase.servicio].casos.clases()
