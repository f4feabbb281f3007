"""La tabla `salida`: acuses, buzones y reparaciones que esperan a que el relevo los publique."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from infra.almacen.esquema import entregas, salida
from infra.almacen.insertar import anadir
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.llenas import BUZON

# Se pregunta en cada vuelta: construirla cada vez costaba más que contestarla.
_POR_SALIR = (
    sa.select(salida)
    .where((salida.c.proximo <= sa.bindparam("ahora")) | (salida.c.proximo > sa.bindparam("tope")))
    # Por su hora y no por su número: lo que no sale se reintenta detrás de lo que aún no se probó. Quien no lee no
    # ocupa el principio de cada lote.
    .order_by(salida.c.proximo, salida.c.numero)
    .limit(sa.bindparam("lote", type_=sa.Integer))
)
_PRIMERA_CITA = sa.select(sa.func.min(salida.c.proximo))
_QUITAR = sa.delete(salida).where(salida.c.numero.in_(sa.bindparam("cuales", expanding=True)))
_APLAZAR = (
    sa.update(salida)
    .where(salida.c.numero.in_(sa.bindparam("cuales", expanding=True)))
    .values(intentos=salida.c.intentos + sa.bindparam("mas"), proximo=sa.bindparam("cuando"))
)
_URGENTES = sa.select(sa.func.count()).where(salida.c.urgente, salida.c.creado <= sa.bindparam("limite"))


def por_salir(conexion: Connection, ahora: datetime, tope: datetime, lote: int) -> Sequence[Row[Any]]:
    """Las filas que toca publicar. También las citadas después de ``tope`` (`Ajustes.toca`)."""
    return conexion.execute(_POR_SALIR, {"ahora": ahora, "tope": tope, "lote": lote}).all()


def primera_cita(conexion: Connection) -> datetime | None:
    """Cuándo toca publicar la primera (UTC), o None si no hay ninguna."""
    cita: datetime | None = conexion.scalar(_PRIMERA_CITA)
    return cita


def quitar(conexion: Connection, numeros: Collection[int]) -> None:
    """Saca las publicadas."""
    if numeros:
        conexion.execute(_QUITAR, {"cuales": sorted(numeros)})


def aplazar(conexion: Connection, numeros: Sequence[int], cuando: datetime, *, intentadas: bool) -> None:
    """Las cita todas para entonces (UTC). ``intentadas``: si se publicaron y volvieron."""
    conexion.execute(_APLAZAR, {"cuales": numeros, "mas": int(intentadas), "cuando": cuando})


def constar(conexion: Connection, salidas: Sequence[Row[Any]], confirmado: datetime) -> None:
    """Qué avisos de buzón quedaron al alcance de su institución, y desde cuándo: no está en ningún hecho."""
    avisos = [
        {"institucion": f.clave, "mensaje": f.id, "instante": confirmado} for f in salidas if f.intercambio == BUZON
    ]
    anadir(conexion, entregas, avisos)


def urgentes_sin_entregar(conexion: Connection, ahora: datetime, ajustes: Ajustes) -> int:
    """Avisos urgentes que nadie ha recibido y ya deberían: cada derivación así es alguien a quien nadie va a buscar."""
    return conexion.scalar(_URGENTES, {"limite": ahora - ajustes.alarma_urgente}) or 0
