"""`senda bench libro` como se usa: corre entero y deja sus cifras. Ninguna prueba afirma cuánto tarda algo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from senda.orden import app

HECHOS = 3000
#: Lo que sale sea cual sea la base; ``{}`` es ella.
CLAVES = {
    "ingesta-sqlite-razon",
    "inclusion-base-3000",
    "inclusion-planas-30000",
    "memoria-exportar-3000",
    "memoria-verificar-3000",
    "verificar-primitiva",
    "verificar-libro-2-razon",
    "verificar-libro-1-razon",
    "verificar-todo-2",
    "verificar-todo-2-razon",
    "reproducir-{}",
    "reproducir-{}-razon",
    "firmadas-primitiva",
    "firmadas-dos-razon",
}


@pytest.mark.parametrize("base", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def test_corre_y_deja_sus_cifras_en_json(base, request, tmp_path: Path) -> None:
    url = "sqlite://" if base == "sqlite" else request.getfixturevalue("url_base")
    archivo = tmp_path / "banco.json"
    salida = CliRunner().invoke(
        app, ["bench", "libro", "--hechos", str(HECHOS), "--base", url, "--json", str(archivo)], terminal_width=200
    )
    # 1: alguna meta no se alcanzó, que en una máquina ocupada no dice nada.
    assert salida.exit_code in {0, 1}, salida.output
    assert salida.exception is None or isinstance(salida.exception, SystemExit)
    informe = json.loads(archivo.read_bytes())
    cifras = {c["clave"]: c for c in informe["cifras"]}
    assert {clave.format(base) for clave in CLAVES} <= cifras.keys()
    assert all(c["valor"] > 0 and c["unidad"] and "cumple" in c for c in cifras.values())
    assert (cifras["verificar-todo-2-razon"]["meta"], cifras["inclusion-base-3000"]["meta"]) == (0.5, 5)
    assert bool(informe["avisos"]) is (base == "sqlite")
    if base == "postgresql":
        assert "ingesta-postgresql-razon" in cifras
        with sa.create_engine(url).connect() as conexion:
            assert not list(conexion.scalars(sa.text("SELECT 1 FROM pg_database WHERE datname LIKE 'senda_banco_%'")))


def test_una_base_que_no_atiende_se_dice() -> None:
    salida = CliRunner().invoke(app, ["bench", "libro", "--base", "postgresql://nadie@127.0.0.1:1/nada"])
    assert salida.exit_code == 2
    assert "Traceback" not in salida.output
