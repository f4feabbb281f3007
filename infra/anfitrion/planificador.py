"""El planificador: llama a los pasos de todas las estaciones en un solo proceso, sin hilos.

Con reloj simulado, cuando nadie tiene nada que hacer, quien lo usa adelanta el tiempo hasta `proximo`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from infra.anfitrion.estacion import Bucle, Paso
from infra.reloj import Reloj


class ConBucles(Protocol):
    """A quien se dan rondas: una estación, o el portal."""

    bucles: tuple[Bucle, ...]


E = TypeVar("E", bound=ConBucles)


@dataclass
class Planificador(Generic[E]):
    """Reparte turnos entre estaciones, siempre en el mismo orden."""

    estaciones: Sequence[E]
    reloj: Reloj

    def ronda(self) -> bool:
        """Escucha cada cola y da cada paso que toque. Dice si alguno hizo algo."""
        trabajo = False
        for estacion in self.estaciones:
            for bucle in estacion.bucles:
                if bucle.escucha is not None:
                    trabajo = bucle.escucha(0.0) or trabajo
                for paso in bucle.pasos:
                    if paso.toca(self.reloj.ahora()):
                        trabajo = paso.correr() or trabajo
        return trabajo

    def hasta_reposo(self, tope: int = 100_000) -> None:
        """Rondas hasta que nadie tenga nada que hacer ahora. Errores: `RuntimeError` si no se llega al reposo."""
        for _ in range(tope):
            if not self.ronda():
                return
        raise RuntimeError("los servicios no llegan al reposo: algún paso dice siempre que queda trabajo")

    def proximo(self) -> datetime | None:
        """El primer instante (UTC) en que el paso del tiempo dará trabajo a alguien."""
        citas = (paso.cita for paso in self._pasos())
        return min((cita for cita in citas if cita is not None), default=None)

    def sondear(self) -> None:
        """Avisa a todos los pasos: por si algún aviso se perdió."""
        for paso in self._pasos():
            paso.avisar()

    def _pasos(self) -> Iterator[Paso]:
        return (paso for estacion in self.estaciones for bucle in estacion.bucles for paso in bucle.pasos)
