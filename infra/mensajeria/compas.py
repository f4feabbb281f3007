"""El compás: si últimamente piden varias instituciones, y cuánto descansar entre dos tragos de la que hace cola sola.

Lo que se atiende de una ocupa también a los servicios que siguen a este: con los núcleos llenos de lo suyo, cada
solicitud de las demás esperaría en todos. Mientras pidan otras, a la que hace cola ella sola se la atiende a ratos, y
nunca justo detrás de lo de otra, que aún ha de salir (decisión 040).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from infra.mensajeria.turnos import DE_NADIE, Turno
from infra.reloj import Reloj

#: Segundos (monótonos) que se recuerda que alguien pidió.
VARIAS: Final = 5.0
#: Segundos que se descansa por cada uno que costó el trago, y los más que se descansa de una vez.
DESCANSO: Final = 2.0
DESCANSO_MAXIMO: Final = 0.1
#: Segundos que se le dejan a lo que se atendió de otra al llegar, para que salga su acuse y lo que causa. Pidan cuantas
#: pidan, la que hace cola no espera por ellas más que el tope desde su último trago.
CEDER: Final = 0.1
CEDER_MAXIMO: Final = 0.2
#: Segundos que lo recibido y aún sin guardar espera a que salga lo de otra.
CEDER_RECIBIDO: Final = 0.02
#: Segundos desde lo último que se atendió de otra al llegar en que se la espera de un momento a otro.
SEGUIDO: Final = 0.5
_NUNCA: Final = float("-inf")


@dataclass
class _Oidas:
    """De quién fue lo último que llegó, y cuándo llegó lo último suyo y lo último de cualquier otra (monótono)."""

    ultima: object = None
    suyo: float = _NUNCA
    ajeno: float = _NUNCA

    def oir(self, quien: object, ahora: float) -> None:
        if quien != self.ultima:
            self.ultima, self.ajeno = quien, self.suyo
        self.suyo = ahora

    def de_otra_que(self, quien: object) -> float:
        """Cuándo llegó lo último que no es de ``quien``."""
        return self.ajeno if quien == self.ultima else self.suyo


@dataclass
class Compas:
    """El de las solicitudes de un servicio, en un proceso."""

    reloj: Reloj
    _turnos: _Oidas = field(default_factory=_Oidas)
    #: Aparte: lo urgente de una y lo que no lo es son dos turnos, y una institución no descansa de sí misma.
    _instituciones: _Oidas = field(default_factory=_Oidas)
    #: De quién fue el último trago, si lo llenó ella sola y no espera nadie más.
    _sola: Turno | None = None
    #: Cuándo acabó el último trago, y hasta cuándo se descansa (monótono).
    _trago: float = _NUNCA
    _hasta: float = _NUNCA
    #: Cuándo se cedió por última vez a lo de otra (monótono).
    _cedio: float = _NUNCA

    def oir(self, turnos: Iterable[Turno]) -> None:
        """Llegó algo de cada uno, en este orden."""
        ahora = self.reloj.monotono()
        for turno in turnos:
            self._turnos.oir(turno, ahora)
            if turno != DE_NADIE:
                self._instituciones.oir(turno.institucion, ahora)

    def esperan(self, turnos: Iterable[Turno]) -> None:
        """Lo de cada uno queda en la bandeja. Lo de otro turno no espera a que se descanse."""
        if set(turnos) - {DE_NADIE, self._sola}:
            self._sola, self._hasta = None, _NUNCA

    def atendidas_al_llegar(self, turnos: Iterable[Turno]) -> None:
        """Lo de cada uno se atendió al llegar y causó algo. A lo de otra, la que hace cola ella sola no se le cruza."""
        if self._sola is not None and any(turno.institucion != self._sola.institucion for turno in turnos):
            self._cedio = ahora = self.reloj.monotono()
            self._hasta = max(self._hasta, min(ahora + CEDER, self._trago + CEDER_MAXIMO))

    def piden_varias(self) -> bool:
        """Si hace menos de `VARIAS` que llegaron cosas de dos turnos."""
        return self._hace_poco(self._turnos.ajeno)

    def espera_una_sola(self) -> bool:
        """Si, pidiendo otras, lo que queda por atender parece de una sola."""
        return self._sola is not None and self._hace_poco(self._instituciones.de_otra_que(self._sola.institucion))

    def cede_seguido(self) -> bool:
        """Si otra pide una tras otra: el trago de la que hace cola cae entre dos suyas, y ha de ser corto."""
        return self._hace_poco(self._cedio, SEGUIDO)

    def atendido(self, turnos: Collection[Turno], desde: float) -> None:
        """Acaba de confirmarse un trago empezado en ``desde`` (monótono), y de esos turnos puede quedar más.

        De uno a medias, ninguno: no deja cola de la que descansar.
        """
        self._sola = next(iter(turnos)) if len(turnos) == 1 else None
        self._trago = ahora = self.reloj.monotono()
        self._hasta = ahora + self._descanso_tras(ahora - desde) if self.espera_una_sola() else _NUNCA

    def cede_lo_recibido(self) -> float:
        """Segundos que conviene que lo recibido y aún sin guardar espere a que salga el acuse de otra."""
        return max(0.0, self._cedio + CEDER_RECIBIDO - self.reloj.monotono())

    def descanso(self) -> float:
        """Segundos que aún conviene dejar la máquina a los demás."""
        return max(0.0, self._hasta - self.reloj.monotono())

    def _descanso_tras(self, costo: float) -> float:
        return DESCANSO_MAXIMO if self.cede_seguido() else min(DESCANSO * costo, DESCANSO_MAXIMO)

    def _hace_poco(self, instante: float, segundos: float = VARIAS) -> bool:
        return self.reloj.monotono() - instante < segundos


__all__ = ["CEDER", "CEDER_MAXIMO", "CEDER_RECIBIDO", "DESCANSO", "DESCANSO_MAXIMO", "SEGUIDO", "VARIAS", "Compas"]
