"""Hasta cuándo: plazos en horas o en días hábiles del calendario del protocolo (regla 10)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol


class Plazo(Protocol):
    """Cantidad y unidad: ``horas`` o ``dias-habiles``."""

    @property
    def cantidad(self) -> int: ...

    @property
    def unidad(self) -> str: ...


class Calendario(Protocol):
    """Qué días cuentan. ``zona``: hora oficial; ``dias_semana``: ISO 1-7; ``feriados_fijos``: MM-DD."""

    @property
    def zona(self) -> tzinfo: ...

    @property
    def dias_semana(self) -> Collection[int]: ...

    @property
    def feriados_fijos(self) -> Collection[str]: ...

    @property
    def feriados(self) -> Collection[date]: ...


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


def es_habil(dia: date, calendario: Calendario) -> bool:
    """Si un día cuenta."""
    return (
        dia.isoweekday() in calendario.dias_semana
        and f"{dia:%m-%d}" not in calendario.feriados_fijos
        and dia not in calendario.feriados
    )


def fin_del_dia(dia: date, calendario: Calendario) -> datetime:
    """El instante (UTC) en que acaba un día en hora oficial."""
    return datetime.combine(dia + timedelta(days=1), time.min, calendario.zona).astimezone(UTC)
