"""Cuántos mensajes hay en la cola de muertos: lo que nadie pudo leer y solo una persona puede mirar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import TopologiaIncompatible, Transporte
from infra.reloj import Reloj

#: Segundos (monótonos) entre dos miradas.
CADA: Final = 15.0


@dataclass
class Muertos:
    """El paso que los cuenta. ``cuantos``: None si aún no se miró o el broker no deja mirar."""

    transporte: Transporte
    nombres: Nombres
    reloj: Reloj
    cuantos: int | None = None
    _mirado: float = float("-inf")

    def paso(self) -> bool:
        """Los cuenta si toca. Nunca cuenta como trabajo."""
        ahora = self.reloj.monotono()
        if ahora - self._mirado < CADA:
            return False
        self._mirado = ahora
        try:
            self.cuantos = self.transporte.pendientes(self.nombres.muertos)
        except TopologiaIncompatible:
            # RabbitMQ 4.2.6 no deja ni mirar lo que no se usa: que lo diga su propio Prometheus.
            self.cuantos = None
        return False


__all__ = ["Muertos"]
