"""Cómo va cada origen que se sigue, en una sola consulta: qué se aplicó, qué espera y qué falta."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import avances, entrada, fallos


class Vista(NamedTuple):
    """Un origen visto por quien lo sigue. Posiciones desde 1; tiempos en UTC.

    ``ultima``: la mayor recibida. ``sigue``: si está la siguiente a la aplicada. ``reintento``: cuándo volver a probar
    la siguiente, si falló. ``falta`` y ``falta_desde``: el hueco que ya se notó; ``pedidos``, cuántas veces se pidió.
    """

    origen: str
    aplicada: int
    anunciada: int
    ultima: int
    sigue: bool
    alto: str | None
    reintento: datetime | None
    falta: int | None
    falta_desde: datetime | None
    pedidos: int

    @property
    def hueco(self) -> int | None:
        """La primera posición que falta y debería haber llegado, o None."""
        if self.alto is not None or self.sigue or max(self.ultima, self.anunciada) <= self.aplicada:
            return None
        return self.aplicada + 1


_SIGUIENTE = avances.c.aplicada + 1
#: Se pregunta en cada vuelta: construirla cada vez costaba más que contestarla.
_CONSULTA = (
    sa.select(
        avances.c.origen,
        avances.c.aplicada,
        avances.c.anunciada,
        sa.select(sa.func.coalesce(sa.func.max(entrada.c.posicion), 0))
        .where(entrada.c.origen == avances.c.origen)
        .scalar_subquery(),
        sa.exists().where(entrada.c.origen == avances.c.origen, entrada.c.posicion == _SIGUIENTE),
        avances.c.alto,
        fallos.c.proximo,
        avances.c.falta,
        avances.c.falta_desde,
        avances.c.pedidos,
    )
    .outerjoin(fallos, (fallos.c.origen == avances.c.origen) & (fallos.c.posicion == _SIGUIENTE))
    .where(avances.c.origen.in_(sa.bindparam("origenes", expanding=True)))
)


def panorama(conexion: Connection, origenes: Collection[str]) -> list[Vista]:
    """La vista de cada origen, en el orden dado. Los que aún no tienen fila de avance no salen."""
    vistas = {fila[0]: Vista(*fila) for fila in conexion.execute(_CONSULTA, {"origenes": list(origenes)})}
    return [vistas[origen] for origen in origenes if origen in vistas]
