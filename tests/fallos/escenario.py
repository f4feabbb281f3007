"""Lo que una avería puede romper: el bus, la base, los procesos, la red y la hora de una semilla."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from infra.mensajeria.topologia import Topologia
from senda.composicion import CONTEXTOS
from tests.fallos.clientes import Clientes
from tests.fallos.flota import Flota, Vivo
from tests.fallos.red import Red
from tests.fallos.servidores import Bus, Cluster

#: Una de cada tantas pausas, con lo demás roto, muere además un servicio.
_MUERE_ADEMAS = 0.3


@dataclass
class Escenario:
    """Lo que se puede romper. ``base``: la de la semilla.

    ``red_base`` y ``red_bus``: el camino de los servicios, si la semilla pasa por él.
    """

    bus: Bus
    cluster: Cluster
    base: str
    flota: Flota
    clientes: Clientes
    topologia: Topologia
    azar: Random
    contar: Callable[[str], None]
    red_base: Red | None = None
    red_bus: Red | None = None
    _reloj: threading.Event = field(default_factory=threading.Event)

    def pausa(self, segundos: float) -> None:
        """Lo roto sigue roto un rato; a veces, además, muere un servicio."""
        if self.azar.random() < _MUERE_ADEMAS:
            self._reloj.wait(segundos / 2)
            self.matar_y_volver()
            segundos /= 2
        self._reloj.wait(segundos)

    def uno(self) -> Vivo:
        """Un proceso cualquiera en pie, o uno nuevo si no queda ninguno."""
        vivos = [v for nombre in CONTEXTOS for v in self.flota.de(nombre)]
        return self.azar.choice(vivos) if vivos else self.flota.nacer(self.azar.choice(sorted(CONTEXTOS)))

    def cola(self) -> str:
        """Una cola cualquiera de los servicios."""
        return self.azar.choice([cola.nombre for cola in self.topologia.colas])

    def matar_y_volver(self, espera: float = 0.0) -> None:
        """kill -9 y otro en su lugar: el mismo titular (su puerto) o uno que ha de esperar a que venza el arriendo."""
        vivo = self.uno()
        mismo = self.azar.random() < 0.5
        self.contar(f"muere {vivo.nombre}; vuelve {'el mismo' if mismo else 'otro'} titular")
        self.flota.matar(vivo)
        self.esperar(espera)
        self.flota.nacer(vivo.nombre, vivo.puerto if mismo else 0)

    def esperar(self, segundos: float) -> None:
        """Lo que dura una avería: es parte de ella, no un descanso."""
        self._reloj.wait(segundos)


__all__ = ["Escenario"]
