"""Llevar la base de un servicio al esquema vigente (Alembic) y crear sus lecturas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from infra.almacen.esquema import TABLA_DE_VERSION
from infra.almacen.lecturas import Lecturas

_MIGRACIONES = Path(__file__).with_name("migraciones")


@dataclass(frozen=True)
class Instalacion:
    """Lo que un servicio necesita en su base.

    ``migraciones``: carpetas de Alembic propias, además de la común. ``solo_anexar``: tablas suyas, además de
    `eventos`, que la base ha de proteger (las carpetas ponen los disparadores; aquí se quitan los permisos).
    """

    lecturas: Lecturas
    migraciones: tuple[Path, ...] = ()
    solo_anexar: tuple[str, ...] = ()


def instalar(motor: Engine, instalacion: Instalacion) -> None:
    """Aplica las migraciones pendientes y crea las lecturas que falten. Lo llama el dueño de la base."""
    ajustes = _ajustes(instalacion)
    with motor.begin() as conexion:
        ajustes.attributes["connection"] = conexion
        command.upgrade(ajustes, "heads")
        instalacion.lecturas.crear(conexion)


def al_dia(motor: Engine, instalacion: Instalacion) -> bool:
    """Si `instalar` no tendría nada que aplicar ni que crear. No escribe."""
    versiones = ScriptDirectory.from_config(_ajustes(instalacion)).get_heads()
    with motor.connect() as conexion:
        puestas = MigrationContext.configure(conexion, opts={"version_table": TABLA_DE_VERSION}).get_current_heads()
        hay = set(inspect(conexion).get_table_names())
    return set(versiones) == set(puestas) and all(tabla.name in hay for tabla in instalacion.lecturas.todas())


def _ajustes(instalacion: Instalacion) -> Config:
    ajustes = Config()
    ajustes.set_main_option("script_location", str(_MIGRACIONES))
    ajustes.set_main_option("path_separator", "newline")
    carpetas = (_MIGRACIONES / "versions", *instalacion.migraciones)
    ajustes.set_main_option("version_locations", "\n".join(map(str, carpetas)))
    return ajustes
