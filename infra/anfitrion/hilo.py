"""Un hilo de los de siempre que da rondas: para procesos que no van sobre hilos verdes (el portal).

Un fallo no lo para ni quita el turno a las demás rondas: se registra su clase, esa espera y se vuelve a intentar; lo
que quedó a medias se revirtió en la base o sigue en su cola.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

import structlog

from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.transportes.base import TransporteCaido
from infra.observabilidad.salud import Vida
from infra.reloj import Reloj, RelojReal

registro = structlog.get_logger(__name__)

#: Segundos.
_DESCANSO: Final = 0.02
_RETROCESO: Final = 0.2
_RETROCESO_MAXIMO: Final = 10.0
_PARADA: Final = 10.0
#: Sin acabar una vuelta, se da por colgado.
_SIN_LATIR: Final = 120.0
#: Cada cuántos descansos se da por perdido algún aviso y se mira todo.
_SONDEO: Final = 10


@dataclass
class _Ronda:
    """Una ronda y cómo le va. ``fallos``: desde el arranque; ``seguidos``: los últimos; ``no_antes``: monótono."""

    nombre: str
    dar: Callable[[], bool]
    fallos: int = 0
    seguidos: int = 0
    no_antes: float = float("-inf")
    bus: bool = False

    def intentar(self, ahora: float) -> bool:
        """La da si le toca. Dice si hizo algo."""
        if ahora < self.no_antes:
            return False
        try:
            hizo = self.dar()
        except Exception as error:  # noqa: BLE001  lo que sea: se registra y se repite; el proceso sigue
            self.fallos += 1
            self.seguidos += 1
            self.no_antes = ahora + min(_RETROCESO_MAXIMO, _RETROCESO * 2 ** min(self.seguidos - 1, 10))
            caido = isinstance(error, TransporteCaido)
            self.bus = self.bus and not caido
            nivel = registro.warning if caido else registro.error
            nivel(
                "ronda-con-fallo",
                ronda=self.nombre,
                clase=type(error).__name__,
                lugar=lugar(error),
                seguidos=self.seguidos,
            )
            return False
        self.seguidos = 0
        self.bus = True
        return hizo


class EnHilo:
    """Da ``rondas`` (por nombre; cada una dice si hizo algo) por turno hasta que se le pide parar.

    ``sondear``: avisa a todos los pasos. ``preparar``: una vez antes de la primera; se repite hasta que salga.
    """

    def __init__(
        self, rondas: Mapping[str, Callable[[], bool]], sondear: Callable[[], None], *,
        preparar: Callable[[], None] = lambda: None, cerrar: Callable[[], None] = lambda: None,
        reloj: Reloj | None = None,
    ) -> None:  # fmt: skip
        self._rondas = [_Ronda(nombre, dar) for nombre, dar in rondas.items()]
        self._preparar = _Ronda("preparar", _que_siempre_hace_algo(preparar))
        self._sondear, self._cerrar, self._reloj = sondear, cerrar, reloj or RelojReal()
        self._parada, self._despertador = Event(), Event()
        self._preparado = False
        self._latido = self._reloj.monotono()
        self._hilo: Thread | None = None

    def arrancar(self) -> None:
        """Echa a andar."""
        self._latido = self._reloj.monotono()
        self._hilo = Thread(target=self._correr, name="rondas", daemon=True)
        self._hilo.start()

    def despertar(self) -> None:
        """Puede haber trabajo."""
        self._despertador.set()

    def parar(self) -> None:
        """Termina la ronda empezada y suelta lo suyo."""
        self._parada.set()
        self._despertador.set()
        if self._hilo is not None:
            self._hilo.join(_PARADA)

    @property
    def bus(self) -> bool:
        """Si el último uso del bus salió bien en todas las rondas. Sin preparar o parando, no."""
        return self._preparado and not self._parada.is_set() and all(ronda.bus for ronda in self._rondas)

    def vida(self) -> Vida:
        """Si el hilo da vueltas. No toca la base ni el bus."""
        edad = round(self._reloj.monotono() - self._latido, 3)
        anda = self._hilo is not None and self._hilo.is_alive()
        return Vida(vivo=anda and edad < _SIN_LATIR, bucles={"rondas": edad})

    def fallos(self) -> dict[str, int]:
        """Fallos de cada ronda desde el arranque."""
        return {ronda.nombre: ronda.fallos for ronda in (self._preparar, *self._rondas)}

    def _correr(self) -> None:
        descansos = 0
        while not self._parada.is_set():
            if self._vuelta():
                continue
            self._despertador.wait(_DESCANSO)
            self._despertador.clear()
            descansos += 1
            if descansos % _SONDEO == 0:
                self._sondear()
        self._cerrar()

    def _vuelta(self) -> bool:
        self._latido = ahora = self._reloj.monotono()
        if not self._preparado:
            self._preparado = self._preparar.intentar(ahora)
            return self._preparado
        hizo = False
        for ronda in self._rondas:
            hizo = ronda.intentar(ahora) or hizo
        return hizo


def _que_siempre_hace_algo(hacer: Callable[[], None]) -> Callable[[], bool]:
    def hacerlo() -> bool:
        hacer()
        return True

    return hacerlo


__all__ = ["EnHilo"]
