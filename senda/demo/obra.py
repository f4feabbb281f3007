"""La obra: qué se representa, con cuánta gente y cuánto dura. Unas historias, o los registros de un archivo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from eventos.listas import ServicioPedido
from senda.demo import ctdc
from senda.demo.guion import Guion
from senda.demo.historias import breves, cartel
from senda.demo.historias.cartel import Puesta
from senda.demo.historias.prestaciones import Modo, prestacion_de


@dataclass(frozen=True, slots=True)
class Obra:
    """``personas``: cuántas entran. ``plazas``: las de cada albergue por sexo y tramo. ``dura``: tiempo simulado.

    ``pausada``: si entre paso y paso pasa el tiempo; si no, todo se hace en cuanto se puede.
    """

    personas: int
    plazas: int
    dura: timedelta
    pausada: bool
    programa: Callable[[Puesta], Iterator[tuple[datetime, Guion]]]
    modo_de: Callable[[ServicioPedido], Modo | None]


def de_historias(personas: int) -> Obra:
    """Las historias del cartel."""
    return Obra(
        personas=personas,
        plazas=personas,
        dura=timedelta(days=cartel.DURACION),
        pausada=True,
        programa=partial(cartel.programa, personas),
        modo_de=prestacion_de,
    )


def de_archivo(archivo: Path, limite: int) -> Obra:
    """Los registros de un archivo. Errores: `ArchivoInvalido`."""
    registros = ctdc.contar(archivo, limite)
    return Obra(
        personas=registros,
        plazas=0,
        dura=ctdc.duracion(registros),
        pausada=False,
        programa=partial(ctdc.programa, archivo, registros),
        modo_de=breves.modo_de,
    )


__all__ = ["Obra", "de_archivo", "de_historias"]
