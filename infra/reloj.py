"""El tiempo, siempre inyectado: real, simulado (lo mueve quien prueba) o acelerado (una demo de meses en minutos).

`Reloj.ahora` es el tiempo de las instituciones: plazos, sobres, caducidades. `Reloj.monotono` mide la paciencia de la
máquina: retrocesos, vigencias de caché. Por eso el acelerado acelera el primero y no el segundo.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Protocol, Self


class Reloj(Protocol):
    """Lo que necesita quien pregunta la hora."""

    def ahora(self) -> datetime:
        """Fecha y hora en UTC, con zona."""
        ...

    def monotono(self) -> float:
        """Segundos desde un origen cualquiera; nunca retrocede. Solo sirven las diferencias, dentro de un proceso."""
        ...


class RelojReal:
    """El de la máquina."""

    def ahora(self) -> datetime:
        return datetime.now(UTC)

    def monotono(self) -> float:
        return time.monotonic()


class RelojSimulado:
    """Parado hasta que alguien lo adelanta. `monotono` son los segundos simulados desde el inicio."""

    def __init__(self, inicio: datetime) -> None:
        """``inicio`` con zona; se guarda en UTC. Errores: `ValueError` si no la lleva."""
        self._inicio = _en_utc(inicio)
        self._ahora = self._inicio

    def ahora(self) -> datetime:
        return self._ahora

    def monotono(self) -> float:
        return (self._ahora - self._inicio).total_seconds()

    def adelantar(self, cuanto: timedelta) -> None:
        """Errores: `ValueError` si ``cuanto`` es negativo."""
        if cuanto < timedelta(0):
            raise ValueError("el reloj no retrocede")
        self._ahora += cuanto

    def adelantar_hasta(self, instante: datetime) -> None:
        """Va a ``instante``; si ya pasó, se queda donde está (lo vencido se atiende ahora, no en el pasado)."""
        self._ahora = max(self._ahora, _en_utc(instante))


class RelojAcelerado:
    """Tiempo simulado que corre ``factor`` veces más deprisa que el real desde un punto común.

    Varios procesos de una máquina con los mismos tres datos comparten el tiempo simulado (arquitectura, «Pasos y
    anfitriones»). Tras arrancar se guía por el reloj monótono: un ajuste de hora de 1 s no se vuelve ``factor`` s.
    """

    def __init__(
        self,
        inicio_simulado: datetime,
        inicio_real: float,
        factor: float,
        *,
        epoca: Callable[[], float] = time.time,
        monotono: Callable[[], float] = time.monotonic,
    ) -> None:
        """``inicio_real``: segundos desde 1970 (UTC) en que el tiempo simulado valía ``inicio_simulado``.

        Errores: `ValueError` si el inicio no lleva zona o los números no son finitos y el factor positivo.
        """
        if not (factor > 0 and isfinite(factor) and isfinite(inicio_real)):
            raise ValueError("el reloj acelerado pide un inicio finito y un factor positivo y finito")
        self._inicio_simulado = _en_utc(inicio_simulado)
        self._inicio_real = inicio_real
        self._factor = factor
        self._monotono = monotono
        self._ancla = inicio_real - epoca() + monotono()

    @classmethod
    def desde_texto(cls, texto: str) -> Self:
        """Lee lo que escribe `texto`: ``acelerado:3600:2026-01-05T00:00:00Z:1767571200.0``. Errores: `ValueError`."""
        try:
            clase, factor, resto = texto.split(":", 2)
            inicio, epoca = resto.rsplit(":", 1)
            datos = (datetime.fromisoformat(inicio), float(epoca), float(factor)) if clase == "acelerado" else None
        except ValueError:
            datos = None
        if datos is None:
            raise ValueError("se esperaba acelerado:FACTOR:INICIO_ISO:EPOCA_REAL")
        return cls(*datos)

    def texto(self) -> str:
        """Los tres datos en una línea, para dársela a otro proceso."""
        inicio = self._inicio_simulado.isoformat().replace("+00:00", "Z")
        return f"acelerado:{self._factor!r}:{inicio}:{self._inicio_real!r}"

    @property
    def factor(self) -> float:
        """Segundos simulados por segundo de verdad."""
        return self._factor

    def ahora(self) -> datetime:
        transcurrido = self._monotono() - self._ancla
        return self._inicio_simulado + timedelta(seconds=transcurrido * self._factor)

    def monotono(self) -> float:
        """Segundos reales, sin acelerar."""
        return self._monotono()


def reloj_desde(texto: str) -> Reloj:
    """``real`` o ``acelerado:FACTOR:INICIO_ISO:EPOCA_REAL``. Errores: `ValueError`."""
    return RelojReal() if texto == "real" else RelojAcelerado.desde_texto(texto)


def _en_utc(instante: datetime) -> datetime:
    if instante.tzinfo is None:
        raise ValueError("el instante debe llevar zona horaria")
    return instante.astimezone(UTC)


__all__ = ["Reloj", "RelojAcelerado", "RelojReal", "RelojSimulado", "reloj_desde"]
