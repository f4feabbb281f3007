"""Un proceso simulado: un servicio vivo, con qué medidas corre y lo que le ocurre mientras corre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from infra.anfitrion.estacion import Estacion
from infra.mensajeria.ajustes import Ajustes
from tests.simulacion.caos import Caos
from tests.simulacion.torpezas import correr_con


@dataclass(eq=False)
class Proceso:
    """Un servicio vivo."""

    nombre: str
    titular: str
    estacion: Estacion
    #: Tipos de hecho que aún no conoce, si es de una versión anterior.
    desconoce: frozenset[str] = frozenset()
    vivo: bool = True


def ajustes_de(azar: Random) -> Ajustes:
    """Tiempos cortos para que quepa mucho; lotes de una semilla pequeños, que es donde hay más bordes."""
    lote = azar.choice((1, 2, 5, 50))
    return Ajustes(
        lote_recepcion=azar.choice((2, 5, 50)),
        lote_solicitudes=lote,
        lote_entrada=azar.choice((1, 5, 50, 50)),
        lote_relevo=azar.choice((2, 7, 100)),
        lote_reparacion=azar.choice((2, 10, 100)),
        lote_plazos=azar.choice((1, 3, 50)),
        paciencia=timedelta(seconds=azar.choice((1, 5, 15))),
        # Una base que falla a menudo no es motivo para apartar un hecho sano.
        intentos=azar.choice((3, 5)),
        retroceso_maximo=timedelta(seconds=2),
        paciencia_hueco=timedelta(seconds=3),
        arriendo=timedelta(seconds=3),
        latido=timedelta(seconds=20),
    )


@dataclass
class Corre:
    """Mientras dura, los fallos le ocurren a este proceso. Se anida: sobre un congelado puede correr otro."""

    caos: Caos
    proceso: Proceso
    mientras: Callable[[], None] | None

    def __enter__(self) -> None:
        self._previo = (self.caos.corre, self.caos.mientras)
        self._desconocia = correr_con(self.proceso.desconoce)
        self.caos.corre, self.caos.mientras = self.proceso.titular, self.mientras

    def __exit__(self, *_: object) -> None:
        self.caos.corre, self.caos.mientras = self._previo
        correr_con(self._desconocia)


__all__ = ["Corre", "Proceso", "ajustes_de"]
