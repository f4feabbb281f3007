"""Lo que toca hacer sin que nadie lo pida: plazos que vencen y encargos en manos de quien ya no puede atenderlos.

Está en la base, no en un temporizador: sobrevive a cualquier parada, y lo hecho deja de tocar.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from eventos.coordinacion import Etapa
from infra.almacen.recuento import hasta_tope
from infra.almacen.tanda import Tanda
from infra.mensajeria.puertos import Medida
from servicios.comun import directorio
from servicios.comun.mesa import Interna
from servicios.comun.vencimientos import plazos_vencidos
from servicios.coordinacion.dominio.derivacion import PENDIENTES
from servicios.coordinacion.expediente import rectora
from servicios.coordinacion.internas import RelevarSuspendida, VencerDerivacion
from servicios.coordinacion.tablas import derivaciones, plazos

_VENCIDOS = (
    sa.select(plazos)
    .where(plazos.c.vence <= sa.bindparam("ahora"))
    .order_by(plazos.c.vence, plazos.c.derivacion, plazos.c.etapa)
    .limit(sa.bindparam("maximo"))
)
_PENDIENTES = sa.select(plazos.c.derivacion).where(plazos.c.vence <= sa.bindparam("ahora"))
_PRIMERO = sa.select(plazos.c.vence).order_by(plazos.c.vence).limit(1)
_SIN_MANOS = (
    sa.select(derivaciones.c.ruta, derivaciones.c.derivacion)
    .where(
        derivaciones.c.a.in_(sa.bindparam("suspendidas", expanding=True)),
        derivaciones.c.estado.in_([estado.value for estado in PENDIENTES]),
    )
    .order_by(derivaciones.c.emitida, derivaciones.c.derivacion)
    .limit(sa.bindparam("maximo"))
)


def vencidos(tanda: Tanda, maximo: int) -> Sequence[Interna]:
    """Hasta ``maximo`` asuntos: primero lo que nadie puede atender; luego, los plazos, del más antiguo al último."""
    relevos = _por_relevar(tanda, maximo)
    cuantos = {"ahora": tanda.ahora, "maximo": maximo - len(relevos)}
    return [
        *relevos,
        *(
            VencerDerivacion(ruta=fila.ruta, derivacion=fila.derivacion, etapa=Etapa(fila.etapa))
            for fila in tanda.leer(_VENCIDOS, cuantos)
        ),
    ]


def proximo(tanda: Tanda) -> datetime | None:
    """Cuándo toca el siguiente (UTC), o None."""
    if _por_relevar(tanda, 1):
        return tanda.ahora
    filas = tanda.leer(_PRIMERO)
    return filas[0].vence if filas else None


def medir(conexion: Connection, ahora: datetime) -> Sequence[Medida]:
    """Cuántos plazos vencieron y nadie ha escalado aún."""
    return [plazos_vencidos(hasta_tope(conexion, _PENDIENTES, {"ahora": ahora}))]


def _por_relevar(tanda: Tanda, maximo: int) -> list[RelevarSuspendida]:
    instituciones = directorio.todas(tanda)
    suspendidas = [codigo for codigo, ficha in instituciones.items() if not ficha.activa]
    # Sin rectora activa no hay a quién pasarlos en último caso: esperan a que la haya.
    if not suspendidas or rectora(instituciones) is None:
        return []
    filas = tanda.leer(_SIN_MANOS, {"suspendidas": suspendidas, "maximo": maximo})
    return [RelevarSuspendida(ruta=fila.ruta, derivacion=fila.derivacion) for fila in filas]
