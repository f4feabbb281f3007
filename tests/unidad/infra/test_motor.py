"""Abrir una base: qué direcciones valen."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import ArgumentError

from infra.almacen.motor import abrir_motor


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
