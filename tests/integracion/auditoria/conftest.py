"""Las dos bases de verdad: SQLite en archivo y PostgreSQL en un esquema propio que se borra al acabar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from servicios.auditoria import libro


@pytest.fixture
def postgresql(url_base: str) -> Iterator[Engine]:
    esquema = f"p_{uuid4().hex}"
    dueno = sa.create_engine(url_base)
    with dueno.begin() as conexion:
        conexion.execute(sa.text(f"CREATE SCHEMA {esquema}"))
    motor = abrir_motor(url_base, esquema)
    yield motor
    motor.dispose()
    with dueno.begin() as conexion:
        conexion.execute(sa.text(f"DROP SCHEMA {esquema} CASCADE"))
    dueno.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    motor = abrir_motor(f"sqlite:///{tmp_path / 'auditoria.db'}")
    yield motor
    motor.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def motor(request: pytest.FixtureRequest) -> Engine:
    elegido: Engine = request.getfixturevalue(request.param)
    return elegido


@pytest.fixture
def abierto(motor: Engine) -> Engine:
    """Una base con el esquema del libro."""
    instalar(motor, Instalacion(Lecturas((), ()), migraciones=(Path(libro.__file__).with_name("migraciones"),)))
    return motor
