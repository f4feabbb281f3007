"""Quién pide demasiado: solicitudes y negativas por institución en los últimos minutos, en memoria.

La métrica dice cuánto, nunca quién: el nombre lo da `senda operar instituciones`. Solo cuenta a quien firmó y está
inscrita (o a quien el bus autentica), así que no crece con lo que cualquiera invente.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from infra.reloj import Reloj

#: Minutos que abarca la ventana.
VENTANA: Final = 5


@dataclass
class _Minuto:
    numero: int
    pedidas: Counter[str] = field(default_factory=Counter)
    negadas: Counter[str] = field(default_factory=Counter)


@dataclass
class Afluencia:
    """Una ventana de `VENTANA` minutos (reloj monótono)."""

    reloj: Reloj
    _minutos: deque[_Minuto] = field(default_factory=deque)

    def anotar(self, institucion: str, *, negada: bool) -> None:
        """Una solicitud respondida a esa institución."""
        self._olvidar()
        numero = self._minuto()
        if not self._minutos or self._minutos[-1].numero != numero:
            self._minutos.append(_Minuto(numero))
        self._minutos[-1].pedidas[institucion] += 1
        if negada:
            self._minutos[-1].negadas[institucion] += 1

    def de_quien_mas_pide(self) -> float:
        """Solicitudes por minuto, de media en la ventana, de la institución que más manda."""
        return self._mayor([minuto.pedidas for minuto in self._vigentes()])

    def de_quien_mas_falla(self) -> float:
        """Solicitudes negadas por minuto de la institución a la que más se niegan."""
        return self._mayor([minuto.negadas for minuto in self._vigentes()])

    def _vigentes(self) -> deque[_Minuto]:
        self._olvidar()
        return self._minutos

    @staticmethod
    def _mayor(cuentas: list[Counter[str]]) -> float:
        total: Counter[str] = Counter()
        for cuenta in cuentas:
            total.update(cuenta)
        return max(total.values(), default=0) / VENTANA

    def _olvidar(self) -> None:
        while self._minutos and self._minutos[0].numero <= self._minuto() - VENTANA:
            self._minutos.popleft()

    def _minuto(self) -> int:
        return int(self.reloj.monotono() // 60)


__all__ = ["VENTANA", "Afluencia"]
