"""Que nadie arranque sobre una base restaurada sin comprobar qué perdió.

PostgreSQL estrena línea de tiempo cada vez que una copia se abre para escribir: al restaurarla a un instante y también
al promover una réplica; y un volcado que se carga estrena tablas, aunque sea en el mismo clúster. Cada servicio
recuerda en la suya en qué clúster, línea y tabla trabajaba. Si cambió la línea, antes de aceptar trabajo se comprueba
lo mismo que comprueba el operador, y una réplica que no perdió nada pasa sola. Un volcado cargado, nunca: lo que perdió
puede no estar más que en las colas, y eso solo lo mira `senda operar recuperar`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from infra.almacen.esquema import arriendos
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import base_caida, leyendo
from senda.composicion import CONTEXTOS
from senda.despliegue import Despliegue
from senda.restauracion.bases import Bases, bases_de
from senda.restauracion.comprobacion import comprobar
from senda.restauracion.hallazgos import Veredicto

registro = structlog.get_logger(__name__)

#: Fila de `arriendos` en que consta la línea; el titular es su texto.
_FILA: Final = "linea"
_CONSTA = sa.select(arriendos.c.titular).where(arriendos.c.nombre == _FILA)
_AHORA = sa.text(
    "SELECT system_identifier || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || "
    "CAST('eventos' AS regclass)::oid FROM pg_control_system()"
)


class BaseRestaurada(Exception):
    """La base se restauró de una copia y no consta que esté completa: no se acepta trabajo."""

    def __init__(self, servicio: str, codigos: tuple[str, ...]) -> None:
        super().__init__(servicio, codigos)
        self.servicio, self.codigos = servicio, codigos

    def __str__(self) -> str:
        que = ", ".join(self.codigos) or "no se pudo comprobar"
        return f"la base de {self.servicio} es otra ({que}): corre «senda operar comprobar-restauracion --aceptar»"


def exigir_linea(carpeta: Path, despliegue: Despliegue, servicio: str, motor: Engine, ahora: datetime) -> None:
    """Deja pasar si la base es la de siempre, o si es otra y no le falta nada. ``ahora`` en UTC.

    Errores: `BaseRestaurada`; los de la base.
    """
    actual = _actual(motor)
    if actual is None:
        return
    with leyendo(motor) as conexion:
        consta = conexion.scalar(_CONSTA)
    if consta == actual:
        return
    if consta is not None:
        registro.warning("base-distinta", servicio=servicio)
        if _tablas(consta) != _tablas(actual):
            raise BaseRestaurada(servicio, ("copia-cargada",))
        _exigir_completa(carpeta, despliegue, servicio)
    with motor.begin() as conexion:
        _apuntar(conexion, actual, ahora)


def aceptar(bases: Bases, ahora: datetime) -> None:
    """Da por buenas las bases tal como están. ``ahora`` en UTC. Lo llama quien acaba de comprobarlas."""
    for motor in bases.motores.values():
        if (actual := _actual(motor)) is not None:
            with motor.begin() as conexion:
                _apuntar(conexion, actual, ahora)


def _exigir_completa(carpeta: Path, despliegue: Despliegue, servicio: str) -> None:
    if not CONTEXTOS.keys() <= despliegue.bases.keys():
        # En su contenedor solo tiene la suya (`senda desplegar repartir`): ídem, quien administra.
        raise BaseRestaurada(servicio, ())
    try:
        with bases_de(carpeta, despliegue) as bases:
            informe = comprobar(bases, claves=False)
    except DBAPIError as error:
        if base_caida(error):
            raise
        # No alcanza las demás (cada servicio en su máquina): que lo compruebe quien sí.
        raise BaseRestaurada(servicio, ()) from None
    if informe.veredicto is not Veredicto.CONTINUA:
        raise BaseRestaurada(servicio, tuple(sorted({h.codigo.value for h in informe.hallazgos})))


def _tablas(linea: str) -> tuple[str, str]:
    """Su clúster y su tabla de hechos: si son otros no se promovió una réplica, se cargó una copia."""
    cluster, _, tabla = linea.split("/")
    return cluster, tabla


def _actual(motor: Engine) -> str | None:
    """El clúster, su línea de tiempo y su tabla de hechos; None en SQLite, o si la base no deja saberlo."""
    if motor.dialect.name != "postgresql":
        return None
    try:
        with leyendo(motor) as conexion:
            linea: str | None = conexion.scalar(_AHORA)
    except DBAPIError as error:
        if base_caida(error):
            raise
        registro.warning("linea-desconocida")
        return None
    return linea


def _apuntar(conexion: Connection, linea: str, ahora: datetime) -> None:
    insertar_si_falta(conexion, arriendos, [{"nombre": _FILA, "titular": linea, "valla": 0, "vence": ahora}])
    conexion.execute(sa.update(arriendos).where(arriendos.c.nombre == _FILA).values(titular=linea, vence=ahora))


__all__ = ["BaseRestaurada", "aceptar", "exigir_linea"]
