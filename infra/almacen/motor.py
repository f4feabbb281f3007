"""Abrir la base de un servicio con la misma conducta transaccional en SQLite y PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url


def abrir_motor(url: str, esquema: str | None = None) -> Engine:
    """Motor para una URL de SQLAlchemy; en PostgreSQL, ``esquema`` fija el ``search_path`` de cada conexión."""
    direccion = make_url(url)
    if direccion.get_backend_name() == "sqlite":
        motor = create_engine(direccion)
        _ajustar_sqlite(motor)
        return motor
    argumentos = {"options": f"-csearch_path={esquema}"} if esquema else {}
    return create_engine(direccion, connect_args=argumentos, pool_pre_ping=True, pool_size=5, max_overflow=5)


def _ajustar_sqlite(motor: Engine) -> None:
    @event.listens_for(motor, "connect")
    def _al_conectar(conexion: Any, _registro: object) -> None:
        # SQLAlchemy manda en las transacciones, no el módulo sqlite3 (que retrasa BEGIN y rompe los SAVEPOINT).
        conexion.isolation_level = None
        conexion.execute("PRAGMA journal_mode=WAL")
        conexion.execute("PRAGMA synchronous=NORMAL")
        conexion.execute("PRAGMA busy_timeout=10000")
        # Sin esto, INSERT OR REPLACE borra sin despertar al disparador que prohíbe borrar.
        conexion.execute("PRAGMA recursive_triggers=ON")

    @event.listens_for(motor, "begin")
    def _al_empezar(conexion: Connection) -> None:
        solo_lee = conexion.get_execution_options().get("solo_lee", False)
        # IMMEDIATE: quien va a escribir espera su turno al empezar, no falla a la mitad.
        conexion.exec_driver_sql("BEGIN" if solo_lee else "BEGIN IMMEDIATE")


@contextmanager
def leyendo(motor: Engine) -> Iterator[Connection]:
    """Una transacción que solo lee: en SQLite no espera a quien escribe."""
    with motor.connect().execution_options(solo_lee=True) as conexion, conexion.begin():
        yield conexion
