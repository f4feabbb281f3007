"""Hasta cuándo: plazos en horas o en días hábiles del calendario del protocolo (regla 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from eventos.calendario import Calendario, es_habil, fin_del_dia


class Plazo(Protocol):
    """Cantidad y unidad: ``horas`` o ``dias-habiles``."""

    @property
    def cantidad(self) -> int: ...

    @property
    def unidad(self) -> str: ...


def vence(plazo: Plazo, desde: datetime, calendario: Calendario) -> datetime:
    """Cuándo vence (UTC) un plazo que corre desde ``desde``.

    Las horas son corridas. Los días hábiles se cuentan desde el siguiente a ``desde`` y el plazo acaba al terminar el
    último, en hora oficial.
    """
    if plazo.unidad == "horas":
        return desde + timedelta(hours=plazo.cantidad)
    dia, faltan = desde.astimezone(calendario.zona).date(), plazo.cantidad
    while faltan:
        dia += timedelta(days=1)
        faltan -= es_habil(dia, calendario)
    return fin_del_dia(dia, calendario)
