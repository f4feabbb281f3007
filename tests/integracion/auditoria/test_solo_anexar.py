"""La base, no el código, es quien impide cambiar lo escrito."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from infra.almacen.solo_anexar import claves_de, solo_anexar

hechos = sa.Table(
    "hechos",
    sa.MetaData(),
    sa.Column("posicion", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("flujo", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("cuerpo", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("flujo", "version"),
)
FILAS = [(1, "a", 1, b"uno"), (2, "a", 2, b"dos"), (3, "b", 1, b"tres")]


def proteger(motor: Engine) -> Engine:
    with motor.begin() as conexion:
        hechos.create(conexion)
        for sentencia in solo_anexar("hechos", motor.dialect.name, claves_de(hechos)) * 2:
            conexion.execute(sa.text(sentencia))
        conexion.execute(sa.insert(hechos).values(FILAS))
    return motor


@pytest.fixture
def protegida(motor: Engine) -> Engine:
    return proteger(motor)


def contenido(motor: Engine) -> list[tuple[object, ...]]:
    with motor.connect() as conexion:
        return [tuple(f) for f in conexion.execute(sa.select(hechos).order_by(hechos.c.posicion))]


@pytest.mark.parametrize(
    "sentencia",
    [
        "UPDATE hechos SET cuerpo = cuerpo WHERE posicion = 2",
        "UPDATE hechos SET posicion = 9 WHERE posicion = 3",
        "DELETE FROM hechos WHERE posicion = 2",
        "DELETE FROM hechos",
        "INSERT INTO hechos VALUES (2, 'x', 1, 'y') ON CONFLICT (posicion) DO UPDATE SET cuerpo = excluded.cuerpo",
        "INSERT INTO hechos VALUES (9, 'a', 2, 'y') ON CONFLICT (flujo, version) DO UPDATE SET posicion = 9",
        "INSERT INTO hechos VALUES (2, 'x', 1, 'y')",
        "INSERT INTO hechos VALUES (9, 'a', 2, 'y')",
    ],
)
def test_lo_escrito_no_se_toca(protegida: Engine, sentencia: str) -> None:
    with pytest.raises(IntegrityError), protegida.begin() as conexion:
        conexion.execute(sa.text(sentencia))
    assert contenido(protegida) == FILAS


def test_lo_nuevo_si_entra(protegida: Engine) -> None:
    nuevas = [(4, "b", 2, b"cuatro"), (5, "c", 1, b"cinco")]
    with protegida.begin() as conexion:
        conexion.execute(sa.insert(hechos), [dict(zip(hechos.c.keys(), f, strict=True)) for f in nuevas])
    assert contenido(protegida) == FILAS + nuevas


@pytest.mark.real
def test_truncate_y_modo_replica(postgresql: Engine) -> None:
    protegida = proteger(postgresql)
    for orden in ("TRUNCATE hechos", "SET session_replication_role = replica; DELETE FROM hechos"):
        with pytest.raises(IntegrityError), protegida.begin() as conexion:
            conexion.execute(sa.text(orden))
    assert contenido(protegida) == FILAS


@pytest.mark.real
def test_en_un_esquema_nombrado(postgresql: Engine) -> None:
    with postgresql.begin() as conexion:
        hechos.create(conexion)
        esquema = conexion.scalar(sa.text("SELECT current_schema()"))
        conexion.execute(sa.text("SET search_path = public"))
        for sentencia in solo_anexar(f"{esquema}.hechos", "postgresql"):
            conexion.execute(sa.text(sentencia))
        conexion.execute(sa.text(f"INSERT INTO {esquema}.hechos VALUES (1, 'a', 1, 'x')"))
        with pytest.raises(IntegrityError):
            conexion.execute(sa.text(f"DELETE FROM {esquema}.hechos"))


@pytest.fixture(params=["ON", "OFF"])
def cruda(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """SQLite sin SQLAlchemy: como quien abre el archivo con otra herramienta."""
    conexion = sqlite3.connect(":memory:", isolation_level=None)
    conexion.execute(f"PRAGMA recursive_triggers={request.param}")
    conexion.execute(
        "CREATE TABLE hechos (posicion INTEGER NOT NULL, flujo TEXT, version INTEGER, cuerpo BLOB, "
        "PRIMARY KEY (posicion, flujo), UNIQUE (flujo, version))"
    )
    for sentencia in solo_anexar("hechos", "sqlite", [("posicion", "flujo"), ("flujo", "version")]):
        conexion.execute(sentencia)
    conexion.executemany("INSERT INTO hechos VALUES (?, ?, ?, ?)", FILAS)
    yield conexion
    conexion.close()


@pytest.mark.parametrize(
    "sentencia",
    [
        "INSERT OR REPLACE INTO hechos VALUES (2, 'a', 7, 'y')",
        "REPLACE INTO hechos VALUES (9, 'a', 2, 'y')",
        "REPLACE INTO hechos (rowid, posicion, flujo, version, cuerpo) VALUES (2, 9, 'z', 1, 'y')",
        "UPDATE OR REPLACE hechos SET posicion = 1 WHERE posicion = 2",
        "DELETE FROM hechos",
    ],
)
def test_replace_no_pisa_con_o_sin_recursive_triggers(cruda: sqlite3.Connection, sentencia: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        cruda.execute(sentencia)
    assert cruda.execute("SELECT * FROM hechos ORDER BY posicion").fetchall() == FILAS
    cruda.execute("REPLACE INTO hechos VALUES (4, 'a', 3, 'nuevo')")


@pytest.mark.parametrize(
    ("tabla", "dialecto", "claves"),
    [
        ("hechos; DROP TABLE x", "sqlite", [("a",)]),
        ("a.b.c", "postgresql", []),
        ("hechos", "sqlite", []),
        ("hechos", "sqlite", [()]),
        ("hechos", "sqlite", [("a b",)]),
        ("hechos", "mysql", [("a",)]),
    ],
)
def test_solo_identificadores_llanos(tabla: str, dialecto: str, claves: list[tuple[str, ...]]) -> None:
    with pytest.raises(ValueError):
        solo_anexar(tabla, dialecto, claves)


def test_las_claves_de_una_tabla_incluyen_los_indices_unicos() -> None:
    tabla = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("b", sa.Integer, unique=True),
        sa.Column("c", sa.Integer, index=True, unique=True),
        sa.Column("d", sa.Integer, index=True),
    )
    assert claves_de(tabla) == [("a",), ("b",), ("c",)]
