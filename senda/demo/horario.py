"""A qué hora despachan las instituciones de la demostración: como en la realidad, agrupan lo que hacen."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Lo que espera menos que esto lo atiende la guardia, a cualquier hora en punto.
DE_GUARDIA = timedelta(hours=2)
#: Horas (UTC) en que las instituciones despachan lo del día: mañana y tarde en Guatemala.
TANDAS = (14, 20)
#: Días de la semana (ISO) en que despachan lo que lleva más de un día: mesas y audiencias señaladas.
JORNADAS = (2,)
_DIA = timedelta(days=1)
_HORA = timedelta(hours=1)


def a_su_hora(ahora: datetime, espera: timedelta) -> datetime:
    """Cuándo se despacha lo que tarda ``espera``: ya, en la siguiente hora de guardia, tanda o jornada."""
    if not espera:
        return ahora
    instante = ahora + espera
    hora = instante.replace(minute=0, second=0, microsecond=0)
    en_punto = hora if hora == instante else hora + _HORA
    if espera <= DE_GUARDIA:
        return en_punto
    return a_la_tanda(en_punto) if espera <= _DIA else a_la_jornada(en_punto)


def a_la_tanda(hora: datetime) -> datetime:
    """La primera tanda desde una hora en punto."""
    while hora.hour not in TANDAS:
        hora += _HORA
    return hora


def a_la_jornada(hora: datetime) -> datetime:
    """La primera tanda de la mañana de un día señalado desde una hora en punto."""
    while hora.hour != TANDAS[0] or hora.isoweekday() not in JORNADAS:
        hora += _HORA
    return hora


__all__ = ["a_la_jornada", "a_la_tanda", "a_su_hora"]
