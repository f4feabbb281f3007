"""Días hábiles y fechas de calendario: cuándo empiezan, cuándo acaban y cómo se cuentan. El calendario es dato."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol


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


def es_habil(dia: date, calendario: Calendario) -> bool:
    """Si un día cuenta."""
    return (
        dia.isoweekday() in calendario.dias_semana
        and f"{dia:%m-%d}" not in calendario.feriados_fijos
        and dia not in calendario.feriados
    )


def habiles_antes(dia: date, cuantos: int, calendario: Calendario) -> date:
    """El día en que faltan ``cuantos`` hábiles para ``dia``, que no se cuenta."""
    while cuantos:
        dia -= timedelta(days=1)
        cuantos -= es_habil(dia, calendario)
    return dia


def comienzo_del_dia(dia: date, calendario: Calendario) -> datetime:
    """El instante (UTC) en que empieza un día en hora oficial."""
    return datetime.combine(dia, time.min, calendario.zona).astimezone(UTC)


def fin_del_dia(dia: date, calendario: Calendario) -> datetime:
    """El instante (UTC) en que acaba un día en hora oficial."""
    return comienzo_del_dia(dia + timedelta(days=1), calendario)


__all__ = ["Calendario", "comienzo_del_dia", "es_habil", "fin_del_dia", "habiles_antes"]
