"""Dónde corre el banco: una base de PostgreSQL propia que se borra al final o, si no hay servidor, SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from infra.almacen.motor import abrir_motor

#: Donde escucha un PostgreSQL recién instalado.
DE_LA_MAQUINA: Final = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Sitio:
    """``url`` de SQLAlchemy, y qué es: ``PostgreSQL 15.4``, ``SQLite 3.40``."""

    url: str
    que_es: str

    @property
    def es_postgresql(self) -> bool:
        return not self.url.startswith("sqlite")


class SinBase(Exception):
    """La base que se pidió no atiende, o no deja crear otra en ella."""

    def __str__(self) -> str:
        return "la base indicada no atiende o su usuario no puede crear bases (CREATEDB)"


@contextmanager
def sitio(pedida: str | None, carpeta: Path) -> Iterator[Sitio]:
    """Una base vacía. ``pedida``: URL de un servidor; sin ella, el de la máquina y, si no hay, SQLite en ``carpeta``.

    Errores: `SinBase` si se pidió una y no sirve.
    """
    servidor = pedida or DE_LA_MAQUINA
    if servidor.startswith("sqlite"):
        yield en_sqlite(carpeta / "banco.db")
        return
    nombre = f"senda_banco_{uuid4().hex[:12]}"
    try:
        version = _ordenar(servidor, f"CREATE DATABASE \"{nombre}\" TEMPLATE template0 ENCODING 'UTF8'")
    except SQLAlchemyError:
        if pedida:
            raise SinBase from None
        yield en_sqlite(carpeta / "banco.db")
        return
    try:
        yield Sitio(sa.make_url(servidor).set(database=nombre).render_as_string(hide_password=False), version)
    finally:
        _ordenar(servidor, f'DROP DATABASE "{nombre}" WITH (FORCE)')


def exigir_postgresql(donde: Sitio) -> None:
    """Errores: `SinBase` si lo que hay es SQLite."""
    if not donde.es_postgresql:
        raise SinBase


def en_sqlite(archivo: Path) -> Sitio:
    """Una base en ese archivo, que se crea al usarla."""
    motor = sa.create_engine("sqlite://")
    with motor.connect() as conexion:
        version = conexion.scalar(sa.text("SELECT sqlite_version()"))
    motor.dispose()
    return Sitio(f"sqlite:///{archivo}", f"SQLite {version}")


def _ordenar(servidor: str, orden: str) -> str:
    """Ejecuta algo que no admite transacción, y dice qué servidor es."""
    motor = abrir_motor(servidor)
    try:
        with motor.connect().execution_options(isolation_level="AUTOCOMMIT") as conexion:
            conexion.execute(sa.text(orden))
            return f"PostgreSQL {str(conexion.scalar(sa.text('SHOW server_version'))).split()[0]}"
    finally:
        motor.dispose()


__all__ = ["DE_LA_MAQUINA", "SinBase", "Sitio", "en_sqlite", "exigir_postgresql", "sitio"]
