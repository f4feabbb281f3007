"""El compás: si últimamente piden varias instituciones, y cuánto descansar entre dos tragos de la que no para.

Lo que se atiende de una ocupa también a los servicios que siguen a este: con los núcleos llenos de lo suyo, cada
solicitud de las demás esperaría en todos. Mientras pidan otras, a quien tiene cola ella sola se la atiende a ratos
(decisión 040).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from infra.mensajeria.turnos import Turno
from infra.reloj import Reloj

#: Segundos (monótonos) que se recuerda que piden varias.
VARIAS: Final = 5.0
#: Segundos que se descansa por cada uno que costó el trago, y los más que se descansa de una vez.
DESCANSO: Final = 2.0
DESCANSO_MAXIMO: Final = 0.1
_NUNCA: Final = float("-inf")


@dataclass
class Compas:
    """El de las solicitudes de un servicio, en un proceso."""

    reloj: Reloj
    #: De quién fue lo último que llegó, y cuándo (monótono) llegó algo de otra.
    _ultimo: Turno | None = None
    _mezcla: float = _NUNCA
    #: De quién fue el último trago, si fue de una sola y no llegó nada de otra, y hasta cuándo (monótono) se descansa.
    _sola: Turno | None = None
    _hasta: float = _NUNCA

    def oir(self, turnos: Iterable[Turno]) -> None:
        """Llegó algo de cada uno, en este orden. Lo de otra no espera a que se descanse."""
        for turno in turnos:
            if turno != self._ultimo:
                if self._ultimo is not None:
                    self._mezcla = self.reloj.monotono()
                self._ultimo = turno
            if turno != self._sola:
                self._sola, self._hasta = None, _NUNCA

    def piden_varias(self) -> bool:
        """Si hace menos de `VARIAS` que llegó algo de otra."""
        return self.reloj.monotono() - self._mezcla < VARIAS

    def espera_una_sola(self) -> bool:
        """Si, pidiendo varias, lo que queda por atender parece de una sola."""
        return self._sola is not None and self.piden_varias()

    def atendido(self, turnos: Collection[Turno], desde: float) -> None:
        """Un trago con solicitudes de esos turnos, empezado en ``desde`` (monótono), acaba de confirmarse."""
        self._sola, self._hasta = None, _NUNCA
        if len(turnos) == 1 and self.piden_varias():
            ahora = self.reloj.monotono()
            (self._sola,) = turnos
            self._hasta = ahora + min(DESCANSO * (ahora - desde), DESCANSO_MAXIMO)

    def descanso(self) -> float:
        """Segundos que aún conviene dejar la máquina a los demás."""
        return max(0.0, self._hasta - self.reloj.monotono())


__all__ = ["DESCANSO", "DESCANSO_MAXIMO", "VARIAS", "Compas"]
