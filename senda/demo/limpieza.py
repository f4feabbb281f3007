"""Quitar del broker y de la base lo que una demostración creó en ellos. Solo lo que lleva su prefijo."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from infra.almacen.motor import abrir_motor
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.borrado import borrar
from senda.composicion import mapa
from senda.despliegue import Despliegue


def limpiar(despliegue: Despliegue, base: str, instituciones: Collection[str]) -> None:
    """Borra colas, intercambios, esquemas y usuarios. ``base``: la URL de quien los creó. Errores: los del servidor."""
    _del_broker(despliegue, instituciones)
    _de_la_base(despliegue, base)


def _del_broker(despliegue: Despliegue, instituciones: Collection[str]) -> None:
    suyas = (cola.nombre for codigo in instituciones for cola in colas_de_institucion(codigo, despliegue.prefijo))
    borrar(despliegue.bus, mapa(despliegue.prefijo), suyas)


def _de_la_base(despliegue: Despliegue, base: str) -> None:
    motor = abrir_motor(base).execution_options(isolation_level="AUTOCOMMIT")
    citar = motor.dialect.identifier_preparer.quote
    with motor.connect() as conexion:
        for suya in despliegue.bases.values():
            nombre = citar(suya.esquema or "")
            conexion.execute(sa.text(f"DROP SCHEMA IF EXISTS {nombre} CASCADE"))
            conexion.execute(sa.text(f"DROP OWNED BY {nombre} CASCADE"))
            conexion.execute(sa.text(f"DROP ROLE IF EXISTS {nombre}"))
    motor.dispose()


__all__ = ["limpiar"]
