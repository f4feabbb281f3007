"""La tabla `salida`: acuses, buzones y reparaciones que esperan a que el relevo los publique."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BindParameter, Connection, Row

from infra.almacen.esquema import entregas, salida
from infra.almacen.insertar import Altas
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.llenas import BUZON

# Se pregunta en cada vuelta: construirla cada vez costaba más que contestarla.
_AHORA: BindParameter[datetime] = sa.bindparam("ahora")
_TOPE: BindParameter[datetime] = sa.bindparam("tope")
_TOCAN = (
    sa.select(salida)
    .where((salida.c.proximo <= _AHORA) | (salida.c.proximo > _TOPE))
    # Por su hora y no por su número: lo que no sale se reintenta detrás de lo que aún no se probó. Quien no lee no
    # ocupa el principio de cada lote.
    .order_by(salida.c.proximo, salida.c.numero)
    .limit(sa.bindparam("lote", type_=sa.Integer))
    .subquery()
)
_DESPUES = (
    sa.select(sa.func.min(salida.c.proximo).label("despues"))
    .where(salida.c.proximo > _AHORA, salida.c.proximo <= _TOPE)
    .subquery()
)
_POR_SALIR = (
    sa.select(_DESPUES.c.despues, *_TOCAN.c)
    .select_from(_DESPUES.outerjoin(_TOCAN, sa.true()))
    .order_by(_TOCAN.c.proximo, _TOCAN.c.numero)
)
_PRIMERA_CITA = sa.select(sa.func.min(salida.c.proximo))
_APLAZAR = (
    sa.update(salida)
    .where(salida.c.numero.in_(sa.bindparam("cuales", expanding=True)))
    .values(intentos=salida.c.intentos + sa.bindparam("mas"), proximo=sa.bindparam("cuando"))
)
_URGENTES = sa.select(sa.func.count()).where(salida.c.urgente, salida.c.creado <= sa.bindparam("limite"))


def por_salir(
    conexion: Connection, ahora: datetime, tope: datetime, lote: int
) -> tuple[Sequence[Row[Any]], datetime | None]:
    """Las filas que toca publicar, también las citadas después de ``tope`` (`Ajustes.toca`), y cuándo tocan otras."""
    filas = conexion.execute(_POR_SALIR, {"ahora": ahora, "tope": tope, "lote": lote}).all()
    return [fila for fila in filas if fila.numero is not None], filas[0].despues


def primera_cita(conexion: Connection) -> datetime | None:
    """Cuándo toca publicar la primera (UTC), o None si no hay ninguna."""
    cita: datetime | None = conexion.scalar(_PRIMERA_CITA)
    return cita


def aplazar(conexion: Connection, numeros: Sequence[int], cuando: datetime, *, intentadas: bool) -> None:
    """Las cita todas para entonces (UTC). ``intentadas``: si se publicaron y volvieron."""
    conexion.execute(_APLAZAR, {"cuales": numeros, "mas": int(intentadas), "cuando": cuando})


def constar(altas: Altas, salidas: Sequence[Row[Any]], confirmado: datetime) -> None:
    """Qué avisos de buzón quedaron al alcance de su institución, y desde cuándo: no está en ningún hecho."""
    avisos = [
        {"institucion": f.clave, "mensaje": f.id, "instante": confirmado} for f in salidas if f.intercambio == BUZON
    ]
    altas.anadir(entregas, avisos)


def urgentes_sin_entregar(conexion: Connection, ahora: datetime, ajustes: Ajustes) -> int:
    """Avisos urgentes que nadie ha recibido y ya deberían: cada derivación así es alguien a quien nadie va a buscar."""
    return conexion.scalar(_URGENTES, {"limite": ahora - ajustes.alarma_urgente}) or 0
