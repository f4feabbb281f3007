from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from infra.almacen.motor import abrir_motor
from tests.integracion.boveda.mundo import Mundo
from tests.integracion.boveda.pais import Pais

BASE = os.environ.get("SENDA_PRUEBAS_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def mundo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mundo]:
    """Una bóveda vacía en una base propia de la prueba."""
    if request.param == "sqlite":
        motor = abrir_motor(f"sqlite:///{tmp_path / 'boveda.db'}")
        yield Mundo(motor, tmp_path)
        motor.dispose()
        return
    esquema = f"boveda_{uuid4().hex}"
    duena = create_engine(BASE)
    with duena.begin() as conexion:
        conexion.execute(text(f"CREATE SCHEMA {esquema}"))
    motor = abrir_motor(BASE, esquema)
    yield Mundo(motor, tmp_path)
    motor.dispose()
    with duena.begin() as conexion:
        conexion.execute(text(f"DROP SCHEMA {esquema} CASCADE"))
    duena.dispose()


@pytest.fixture
def pais(tmp_path: Path) -> Iterator[Pais]:
    """Un despliegue entero recién estrenado, con su bóveda."""
    abierto = Pais(tmp_path / "despliegue")
    yield abierto
    abierto.cerrar()
