"""Los plazos que corren: cuáles vencieron y cuándo vence el siguiente. Están en la base, no en un temporizador."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from eventos.coordinacion import Etapa
from infra.almacen.tanda import Tanda
from servicios.comun.mesa import Interna
from servicios.coordinacion.internas import VencerDerivacion
from servicios.coordinacion.tablas import plazos


def vencidos(tanda: Tanda, maximo: int) -> Sequence[Interna]:
    """Hasta ``maximo`` plazos ya vencidos, del más antiguo al más reciente."""
    consulta = (
        sa.select(plazos)
        .where(plazos.c.vence <= tanda.ahora)
        .order_by(plazos.c.vence, plazos.c.derivacion, plazos.c.etapa)
        .limit(maximo)
    )
    return [
        VencerDerivacion(ruta=fila.ruta, derivacion=fila.derivacion, etapa=Etapa(fila.etapa))
        for fila in tanda.leer(consulta)
    ]


def proximo(tanda: Tanda) -> datetime | None:
    """Cuándo vence el siguiente (UTC), o None."""
    filas = tanda.leer(sa.select(plazos.c.vence).order_by(plazos.c.vence).limit(1))
    return filas[0].vence if filas else None
