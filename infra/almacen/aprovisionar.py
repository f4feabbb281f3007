"""Dar a cada servicio su esquema y su usuario en PostgreSQL: escribe lo suyo y no puede tocar un hecho ya escrito."""

from __future__ import annotations

import re

from sqlalchemy import Engine, make_url, text

from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from infra.azar import Azar

#: Tablas de todo servicio a las que su usuario solo puede añadir.
SOLO_ANEXAR = ("eventos", "solicitudes", "entregas", "aplicaciones", "repuestas")
_NOMBRE = re.compile(r"[a-z][a-z0-9_]{0,50}")


def aprovisionar(base: str, nombre: str, instalacion: Instalacion, azar: Azar) -> str:
    """Deja listos esquema, tablas y usuario ``nombre`` y devuelve la URL con que el servicio se conecta.

    ``base``: URL de SQLAlchemy de alguien que puede crear esquemas y usuarios. Las tablas son suyas, no del servicio:
    así el servicio no puede quitarles los disparadores. Errores: `ValueError` si el nombre no es un identificador
    llano; los de la base salen tal cual.
    """
    url = crear_usuario(base, nombre, azar)
    actualizar(base, nombre, instalacion)
    return url


def actualizar(base: str, nombre: str, instalacion: Instalacion) -> None:
    """Lleva al esquema vigente las tablas de ``nombre``, con los permisos de su usuario, que sigue como estaba.

    Repetirlo no cambia nada. ``base``: como en `aprovisionar`. Errores: los de la base salen tal cual.
    """
    dueno = abrir_motor(base, nombre)
    try:
        instalar(dueno, instalacion)
        _conceder(dueno, nombre, SOLO_ANEXAR + instalacion.solo_anexar)
    finally:
        dueno.dispose()


def crear_usuario(base: str, nombre: str, azar: Azar, *, dueno: bool = False) -> str:
    """Crea (o renueva) un usuario con un esquema de su nombre; ``dueno``: si el esquema es suyo. Devuelve su URL."""
    if not _NOMBRE.fullmatch(nombre):
        raise ValueError("el nombre del esquema ha de ser un identificador llano")
    contrasena = azar.bytes(24).hex()
    admin = abrir_motor(base)
    with admin.begin() as conexion:
        existe = conexion.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :rol"), {"rol": nombre})
        orden = "ALTER" if existe else "CREATE"
        conexion.execute(text(f"{orden} ROLE {nombre} LOGIN PASSWORD '{contrasena}'"))
        autorizado = f" AUTHORIZATION {nombre}" if dueno else ""
        conexion.execute(text(f"CREATE SCHEMA IF NOT EXISTS {nombre}{autorizado}"))
    admin.dispose()
    return make_url(base).set(username=nombre, password=contrasena).render_as_string(hide_password=False)


def _conceder(dueno: Engine, nombre: str, protegidas: tuple[str, ...]) -> None:
    with dueno.begin() as conexion:
        for orden in (
            f"GRANT USAGE ON SCHEMA {nombre} TO {nombre}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {nombre} TO {nombre}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {nombre} TO {nombre}",
            *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {nombre}.{tabla} FROM {nombre}" for tabla in protegidas),
        ):
            conexion.execute(text(orden))
