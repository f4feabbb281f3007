"""Lo que solo auditoría sabe medir: hasta dónde llega el libro, cuándo se selló y cuándo lo miró alguien de fuera."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.mensajeria.puertos import Medida
from servicios.auditoria.libro import puntos
from servicios.auditoria.refrendos import refrendos

_ULTIMO_PUNTO = sa.select(puntos.c.tamano, puntos.c.instante).order_by(puntos.c.tamano.desc()).limit(1)
_ULTIMO_REFRENDO = sa.select(refrendos.c.tamano, refrendos.c.instante).order_by(refrendos.c.tamano.desc()).limit(1)
_PRIMERO_DESDE = (
    sa.select(puntos.c.instante).where(puntos.c.tamano > sa.bindparam("refrendado")).order_by(puntos.c.tamano).limit(1)
)


def medir(conexion: Connection, ahora: datetime) -> Sequence[Medida]:
    """Edades en segundos. Sin puntos no hay nada que medir; sin refrendos, cuenta desde el primer punto."""
    punto = conexion.execute(_ULTIMO_PUNTO).first()
    if punto is None:
        return ()
    refrendo = conexion.execute(_ULTIMO_REFRENDO).first()
    refrendado = 0 if refrendo is None else refrendo.tamano
    primero = conexion.scalar(_PRIMERO_DESDE, {"refrendado": refrendado})
    medidas = [
        Medida("libro_entradas", "Entradas del libro que cubre el último punto de control", punto.tamano),
        Medida("punto_de_control_edad_segundos", "Edad del último punto de control", _edad(punto.instante, ahora)),
        Medida("sin_refrendar_segundos", "Edad del punto más viejo sin refrendar", _edad(primero, ahora)),
    ]
    if refrendo is not None:
        edad = _edad(refrendo.instante, ahora)
        medidas.append(Medida("refrendo_edad_segundos", "Edad del último refrendo de un testigo", edad))
    return medidas


def _edad(desde: datetime | None, ahora: datetime) -> float:
    return 0.0 if desde is None else max(0.0, (ahora - desde).total_seconds())


__all__ = ["medir"]
