"""Los clientes que se reparten pasan el examen que se pide a cualquiera: por AMQP con su certificado, y por HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformidad.conftest import KIT, BusDelExamen, segun

Examinar = Callable[..., dict[str, str]]


@pytest.mark.real
@pytest.mark.timeout(600)
def test_el_de_python(examen: Examinar, bus_con_permisos: BusDelExamen, python_de_institucion: str):
    pocos = segun("encargos", "corte", "hueco", "firma-falsa", "clave-nueva", "muerte-subita")
    assert examen([python_de_institucion, str(KIT / "python" / "cliente.py")], pocos, bus_con_permisos) == {}


@pytest.mark.real
@pytest.mark.timeout(600)
def test_el_de_node(examen: Examinar, bus_con_permisos: BusDelExamen, carpeta_de_node: Path):
    pocos = segun("encargos", "acuse-perdido", "campos-nuevos", "tipo-desconocido", "corte", "dia-sin-conexion")
    assert examen(["node", str(carpeta_de_node / "cliente.mjs")], pocos, bus_con_permisos) == {}


@pytest.mark.timeout(900)
def test_el_de_la_terminal(examen: Examinar):
    for programa in ("curl", "openssl", "jq"):
        if not shutil.which(programa):
            pytest.skip(f"falta {programa}: el cliente de kit/http/cliente.sh queda SIN PROBAR")
    pocos = segun("corte")
    assert examen([str(KIT / "http" / "cliente.sh")], pocos, plazo=120.0) == {}
