"""Volver a citar las fechas de una ruta que no se pudieron revisar: al leerlas quedaron ya citadas para otro día."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from infra.almacen.tanda import Tanda
from servicios.comun.mesa import Interna
from servicios.comun.vencimientos import RevisarFechas, agenda


def aplazar(tanda: Tanda, interna: Interna, hasta: datetime) -> None:
    """Esa ruta se vuelve a mirar en ese instante (UTC)."""
    if isinstance(interna, RevisarFechas):
        tanda.conexion.execute(sa.update(agenda).where(agenda.c.ruta == interna.ruta).values(toca=hasta))


__all__ = ["aplazar"]
