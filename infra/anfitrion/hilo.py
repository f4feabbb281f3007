"""Un hilo de los de siempre que da rondas a unas estaciones: para procesos que no van sobre hilos verdes (el portal).

Un fallo no lo para: se registra su clase, se espera y se vuelve a intentar; lo que quedó a medias se revirtió en la
base o sigue en su cola.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

import structlog

from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.transportes.base import TransporteCaido

registro = structlog.get_logger(__name__)

#: Segundos.
_DESCANSO: Final = 0.02
_RETROCESO: Final = 0.2
_RETROCESO_MAXIMO: Final = 10.0
_PARADA: Final = 10.0
#: Cada cuántos descansos se da por perdido algún aviso y se mira todo.
_SONDEO: Final = 10


class EnHilo:
    """Llama a ``ronda`` (dice si hizo algo) hasta que se le pide parar. ``sondear``: avisa a todos los pasos."""

    def __init__(
        self, ronda: Callable[[], bool], sondear: Callable[[], None], *, preparar: Callable[[], None] = lambda: None,
        cerrar: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._ronda, self._sondear, self._preparar, self._cerrar = ronda, sondear, preparar, cerrar
        self._parada, self._despertador = Event(), Event()
        self._hilo: Thread | None = None

    def arrancar(self) -> None:
        """Echa a andar."""
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

    def _correr(self) -> None:
        fallos = descansos = 0
        preparado = False
        while not self._parada.is_set():
            try:
                if not preparado:
                    self._preparar()
                    preparado = True
                hizo = self._ronda()
            except Exception as error:  # noqa: BLE001  lo que sea: se registra y se repite; el proceso sigue
                fallos += 1
                nivel = registro.warning if isinstance(error, TransporteCaido) else registro.error
                nivel("ronda-con-fallo", clase=type(error).__name__, lugar=lugar(error), fallos=fallos)
                self._parada.wait(min(_RETROCESO_MAXIMO, _RETROCESO * 2 ** min(fallos - 1, 10)))
                continue
            fallos = 0
            if not hizo:
                self._despertador.wait(_DESCANSO)
                self._despertador.clear()
                descansos += 1
                if descansos % _SONDEO == 0:
                    self._sondear()
        self._cerrar()


__all__ = ["EnHilo"]
