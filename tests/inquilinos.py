"""Un rincón propio en cada servidor: un vhost y una base por corrida y trabajador, que se borran al final."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import sqlalchemy as sa

from infra.mensajeria.topologia import Cola, Topologia
from infra.mensajeria.transportes.base import Transporte
from senda.despliegue import Despliegue
from tests.servicios_reales import falla_amqp
from tests.servidores_propios import NoArranca, Servidor, ejecutar

#: Donde escucha la API de gestión si no se dice otra cosa con SENDA_AMQP_API (http://host:puerto).
PUERTO_API = 15672
#: Igual en toda máquina: sin esto, el orden de los textos y la codificación serían los del servidor que toque.
FORMA = "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"


@dataclass(frozen=True)
class Bus:
    """Dónde trabaja una corrida. Sin vhost propio, `prefijo` separa sus nombres de los de otras; con él, va vacío."""

    url: str
    prefijo: str
    modo: str


@contextmanager
def bus_propio(servidor: Servidor, nombre: str) -> Iterator[Bus]:
    """Crea el vhost por la API de gestión o con rabbitmqctl; si no se puede, da un prefijo en el vhost que hay."""
    partes = urlsplit(servidor.url)
    usuario = unquote(partes.username or "guest")
    url = urlunsplit(partes._replace(path="/" + quote(nombre, safe="")))
    control = servidor.rabbitmqctl or (["rabbitmqctl"] if partes.hostname in {"127.0.0.1", "localhost"} else [])
    for modo, crear, borrar in (
        (
            "API de gestión",
            lambda: _por_api(servidor, "PUT", nombre, usuario),
            lambda: _por_api(servidor, "DELETE", nombre),
        ),
        (
            "rabbitmqctl",
            lambda: _con_ctl(servidor, control, nombre, usuario),
            lambda: _con_ctl(servidor, control, nombre),
        ),
    ):
        # Se comprueba entrando: rabbitmqctl podría mandar en otro nodo que el de la dirección.
        if crear() and not falla_amqp(url):
            try:
                yield Bus(url=url, prefijo="", modo=f"vhost propio, por {modo}")
            finally:
                borrar()
            return
    yield Bus(url=servidor.url, prefijo=f"{nombre}.", modo="prefijo propio en el vhost dado")


@contextmanager
def base_propia(servidor: Servidor, nombre: str) -> Iterator[str]:
    """Crea una base vacía y da su dirección. Errores: `NoArranca` si el usuario no puede crear bases."""
    motor = sa.create_engine(servidor.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with motor.connect() as conexion:
            conexion.execute(sa.text(f'CREATE DATABASE "{nombre}" TEMPLATE template0 {FORMA}'))
    except sa.exc.ProgrammingError as error:
        raise NoArranca("el usuario de SENDA_BASE_URL no puede crear bases: dale CREATEDB") from error
    try:
        yield sa.make_url(servidor.url).set(database=nombre).render_as_string(hide_password=False)
    finally:
        with motor.connect() as conexion:
            # FORCE: una prueba que mata procesos puede dejar sesiones a medias.
            conexion.execute(sa.text(f'DROP DATABASE IF EXISTS "{nombre}" WITH (FORCE)'))


def soltar_despliegue(
    despliegue: Despliegue, base: str, transporte: Transporte, topologia: Topologia, colas: Iterable[Cola]
) -> None:
    """Borra lo que un despliegue de prueba dejó en el bus y en la base de la corrida, y cierra el transporte."""
    canal: Any = transporte
    for cola in (*topologia.colas, *colas):
        canal._en_canal(lambda c, nombre=cola.nombre: c.queue_delete(nombre))
    for intercambio in topologia.intercambios:
        canal._en_canal(lambda c, nombre=intercambio.nombre: c.exchange_delete(nombre))
    transporte.cerrar()
    motor = sa.create_engine(base, poolclass=sa.NullPool)
    with motor.begin() as conexion:
        for suya in despliegue.bases.values():
            usuario = sa.make_url(suya.url).username
            conexion.execute(sa.text(f"DROP SCHEMA {suya.esquema} CASCADE"))
            conexion.execute(sa.text(f"DROP OWNED BY {usuario}"))
            conexion.execute(sa.text(f"DROP ROLE {usuario}"))


def _con_ctl(servidor: Servidor, control: list[str], nombre: str, usuario: str = "") -> bool:
    """Crea el vhost para `usuario`, o lo borra si no se da ninguno. Devuelve si se pudo."""
    if not control:
        return False
    pasos = [["add_vhost", nombre], ["set_permissions", "-p", nombre, usuario, ".*", ".*", ".*"]]
    try:
        for paso in pasos if usuario else [["delete_vhost", nombre]]:
            ejecutar([*control, *paso], servidor.entorno)
    except (NoArranca, OSError):
        return False
    return True


def _por_api(servidor: Servidor, metodo: str, nombre: str, usuario: str = "") -> bool:
    """Lo mismo por HTTP. Devuelve si se pudo; que no haya API no es un error."""
    partes = urlsplit(servidor.url)
    api = urlsplit(os.environ.get("SENDA_AMQP_API") or f"http://{partes.hostname}:{PUERTO_API}")
    clave = f"{unquote(partes.username or 'guest')}:{unquote(partes.password or 'guest')}"
    cabeceras = {
        "Authorization": "Basic " + base64.b64encode(clave.encode()).decode(),
        "Content-Type": "application/json",
    }
    pasos = [(f"/api/vhosts/{nombre}", "{}")]
    if usuario:
        permiso = '{"configure":".*","write":".*","read":".*"}'
        pasos.append((f"/api/permissions/{nombre}/{quote(usuario, safe='')}", permiso))
    conexion = HTTPConnection(api.hostname or "127.0.0.1", api.port or PUERTO_API, timeout=5)
    try:
        for camino, cuerpo in pasos:
            conexion.request(metodo, camino, cuerpo if metodo == "PUT" else None, cabeceras)
            respuesta = conexion.getresponse()
            respuesta.read()
            if respuesta.status not in {201, 204}:
                return False
    except (OSError, HTTPException):
        return False
    finally:
        conexion.close()
    return True
