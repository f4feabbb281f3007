"""La demostración sobre la que se miente: pocas personas, en un proceso, sobre SQLite o PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
import structlog

from infra.azar import AzarSembrado
from senda.consulta import base_abierta
from senda.demo import funcion
from senda.demo.funcion import Marcha
from senda.demo.obra import de_historias
from senda.despliegue import leer
from servicios.auditoria.accesos import TODAS, Acceso, MotivoAcceso, registrar
from tests.mentiras.copia import base_nueva
from tests.mentiras.guardado import Guardado, guardar

PERSONAS = 9
COMIENZO = datetime(2026, 1, 5, 8, tzinfo=UTC)
#: La lectura que después alguien querrá borrar.
CURIOSO = "GT-MP"


@dataclass(frozen=True)
class Demostracion:
    """Un despliegue en reposo y lo que se guardó de él. ``admin``: URL de superusuario, si es PostgreSQL."""

    carpeta: Path
    guardado: Guardado
    admin: str | None = None


@dataclass
class _Lectura:
    """Alguien lee todas las rutas a media función: así lo abarca un punto de control."""

    hecha: bool = field(default=False)

    def __call__(self, marcha: Marcha) -> None:
        if self.hecha or marcha.terminadas == 0:
            return
        self.hecha = True
        acceso = Acceso(CURIOSO, TODAS, MotivoAcceso.SUPERVISION, marcha.ahora)
        with base_abierta(marcha.despliegue.bases["auditoria"]) as motor, motor.begin() as conexion:
            registrar(conexion, acceso)


def en_sqlite(taller: Path) -> Demostracion:
    """Monta la demostración dentro de ``taller``."""
    return _montar(taller, None)


@contextmanager
def en_postgresql(taller: Path, servidor: str) -> Iterator[Demostracion]:
    """Lo mismo en una base propia, que se borra al final con sus usuarios. ``servidor``: URL de superusuario."""
    with base_nueva(servidor) as admin:
        try:
            yield _montar(taller, admin)
        finally:
            _borrar_usuarios(taller / "despliegue", admin)


def recordar(taller: Path) -> Demostracion:
    """La que otro proceso montó en ``taller`` (SQLite)."""
    return Demostracion(taller / "despliegue", Guardado.en(taller / "guardado"))


def _montar(taller: Path, admin: str | None) -> Demostracion:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    carpeta = taller / "despliegue"
    prefijo = f"mentira-{uuid4().hex[:8]}." if admin else ""
    funcion.embebida(
        carpeta, de_historias(PERSONAS), AzarSembrado(7), COMIENZO, _Lectura(), base=admin, prefijo=prefijo
    )
    return Demostracion(carpeta, guardar(carpeta, taller / "guardado", AzarSembrado(8)), admin)


def _borrar_usuarios(carpeta: Path, admin: str) -> None:
    motor = sa.create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with motor.connect() as conexion:
        for suya in leer(carpeta).bases.values():
            conexion.execute(sa.text(f"DROP OWNED BY {suya.esquema} CASCADE"))
            conexion.execute(sa.text(f"DROP SCHEMA IF EXISTS {suya.esquema} CASCADE"))
            conexion.execute(sa.text(f"DROP ROLE IF EXISTS {suya.esquema}"))


__all__ = ["CURIOSO", "Demostracion", "en_postgresql", "en_sqlite", "recordar"]
