"""Copiar un despliegue entero para mentir sobre la copia: una carpeta, y en PostgreSQL además una base por copia."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import msgspec
import sqlalchemy as sa

from senda.despliegue import ARCHIVO, Despliegue, leer

#: Lo que la demostración deja entregado: cada mentira entrega lo suyo.
_ENTREGADO = ("libro", "libro.claves")


@contextmanager
def copia(carpeta: Path, destino: Path, admin: str | None) -> Iterator[str | None]:
    """Copia en ``destino`` el despliegue de ``carpeta``. Da la URL de superusuario de su base, si es PostgreSQL.

    ``admin``: la URL de superusuario de la base que se copia; None con SQLite.
    """
    shutil.copytree(carpeta, destino, ignore=shutil.ignore_patterns(*_ENTREGADO))
    despliegue = leer(carpeta)
    if admin is None:
        _mudar(destino, despliegue, lambda url: url.replace(str(carpeta), str(destino)))
        yield None
        return
    with base_nueva(admin, plantilla=sa.make_url(admin).database) as suya:
        nombre = sa.make_url(suya).database
        _mudar(destino, despliegue, lambda url: _escrita(sa.make_url(url).set(database=nombre)))
        yield suya


@contextmanager
def base_nueva(admin: str, plantilla: str | None = None) -> Iterator[str]:
    """Una base de PostgreSQL que se borra al salir; da su URL. ``plantilla``: de cuál se copia."""
    nombre = f"mentira_{uuid4().hex[:12]}"
    de_quien = sa.make_url(admin)
    motor = sa.create_engine(de_quien.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with motor.connect() as conexion:
            conexion.execute(sa.text(f'CREATE DATABASE {nombre} TEMPLATE "{plantilla or "template0"}"'))
        yield _escrita(de_quien.set(database=nombre))
    finally:
        with motor.connect() as conexion:
            conexion.execute(sa.text(f"DROP DATABASE IF EXISTS {nombre} WITH (FORCE)"))


def _mudar(destino: Path, despliegue: Despliegue, cambiar: Callable[[str], str]) -> None:
    bases = {nombre: msgspec.structs.replace(b, url=cambiar(b.url)) for nombre, b in despliegue.bases.items()}
    guardar(destino, msgspec.structs.replace(despliegue, bases=bases))


def guardar(carpeta: Path, despliegue: Despliegue) -> None:
    """Vuelve a escribir qué es cada cosa de un despliegue."""
    (carpeta / ARCHIVO).write_bytes(msgspec.json.encode(despliegue))


def _escrita(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


__all__ = ["base_nueva", "copia", "guardar"]
