"""Abrir una base: qué direcciones valen, y quién espera a quién en SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import ArgumentError, OperationalError

from infra.almacen.motor import abrir_motor, leyendo


@pytest.mark.parametrize("esquema", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_se_escribe_como_cada_uno_la_escribe(esquema: str) -> None:
    """Es la dirección que un operador copia de otro sitio: no tiene por qué saber qué adaptador se instaló."""
    motor = abrir_motor(f"{esquema}://alguien@127.0.0.1/base")
    assert motor.dialect.driver == "psycopg"
    assert motor.url.username == "alguien"


@pytest.mark.parametrize("direccion", ["mysql://alguien@127.0.0.1/base", "postgresql+asyncpg://127.0.0.1/base"])
def test_otra_base_se_rechaza_diciendo_cual_vale(direccion: str) -> None:
    with pytest.raises(ArgumentError, match="usa postgresql://"):
        abrir_motor(direccion)


@pytest.fixture
def motor(tmp_path: Path) -> Iterator[Engine]:
    """Uno de SQLite que no espera a nadie: quien no puede tomar el turno lo dice."""
    motor = abrir_motor(f"sqlite:///{tmp_path / 'una.db'}")
    event.listen(motor, "checkout", lambda cruda, *_: cruda.execute("PRAGMA busy_timeout=0"))
    with motor.begin() as conexion:
        conexion.execute(text("CREATE TABLE cosas (cual TEXT)"))
    yield motor
    motor.dispose()


def test_quien_lee_no_espera_a_quien_escribe(motor: Engine) -> None:
    with motor.begin() as escribe, leyendo(motor) as lee:
        escribe.execute(text("INSERT INTO cosas VALUES ('una')"))
        assert lee.execute(text("SELECT count(*) FROM cosas")).scalar() == 0


def test_quien_escribe_toma_el_turno_al_empezar(motor: Engine) -> None:
    """También en una conexión con la que antes solo se leía: sin el turno, fallaría a mitad de lo suyo."""
    for _ in range(2):
        with leyendo(motor) as conexion:
            conexion.execute(text("SELECT 1"))
    with closing(motor.connect()) as primera, closing(motor.connect()) as segunda:
        primera.begin()
        with pytest.raises(OperationalError):
            segunda.begin()


def test_lo_que_se_dijo_de_una_conexion_no_le_queda_a_la_siguiente(motor: Engine) -> None:
    """Quien la tomó para leer y no llegó a empezar la devuelve; quien la toma después escribe, y con su turno."""
    for _ in range(3):
        motor.connect().execution_options(solo_lee=True).close()
    with closing(motor.connect()) as primera, closing(motor.connect()) as segunda:
        primera.begin()
        with pytest.raises(OperationalError):
            segunda.begin()
