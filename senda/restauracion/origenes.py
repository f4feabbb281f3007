"""Devolver a un origen los hechos que perdió: los mismos bytes, en las mismas posiciones, con la misma cadena.

Van a sus lecturas y se avisan otra vez, que puede que el aviso se perdiera también; el relevo los publica desde su
marca y quien ya los tenía los descarta.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent

from eventos.sobre import abrir_sobre, anotado_de
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import cabecera
from infra.mensajeria import repuestas
from infra.mensajeria.puertos import HechoCrudo
from senda.composicion import CONTEXTOS, Montaje
from senda.restauracion.bases import Bases
from senda.restauracion.historias import historia, siguientes

_LOTE: Final = 200


class HistoriaTorcida(Exception):
    """Lo que se iba a reponer no encadena con lo que el origen tiene: no se repuso ese lote."""

    def __init__(self, origen: str) -> None:
        super().__init__(origen)
        self.origen = origen

    def __str__(self) -> str:
        return f"lo que se guarda de {self.origen} no encadena con lo suyo: mira cuál con «senda auditar verificar»"


def reponer_origenes(bases: Bases, montaje: Montaje) -> dict[str, int]:
    """Repone lo que a cada origen le falta y alguien tiene; devuelve cuántos hechos a cada uno, por su ``source``.

    Errores: `HistoriaTorcida`; `SobreInvalido` si es de una versión que este programa no conoce; los de la base. Cada
    lote es una transacción: repetirlo sigue donde se quedó.
    """
    llavero = montaje.llavero()
    repuestos = {}
    try:
        for servicio in bases.motores:
            suya = historia(bases, servicio)
            if suya.mejor is None or suya.contradicen:
                continue
            almacen = montaje.almacen(servicio, llavero)
            try:
                repuestos[suya.origen] = _reponer(almacen, servicio, siguientes(suya.mejor, suya.origen, suya.tiene))
            finally:
                almacen.motor.dispose()
    finally:
        llavero.cerrar()
    return repuestos


def _reponer(almacen: Almacen, servicio: str, crudos: Iterable[HechoCrudo]) -> int:
    cuantos = 0
    for lote in _por_lotes(crudos):
        _reponer_lote(almacen, servicio, lote)
        cuantos += len(lote)
    return cuantos


def _reponer_lote(almacen: Almacen, servicio: str, lote: Sequence[HechoCrudo]) -> None:
    sobres = [abrir_sobre(c.cuerpo) for c in lote]
    anotados = [anotado_de(s) for s in sobres]
    with almacen.tanda() as tanda:
        if tanda.posicion() + 1 != lote[0].posicion:
            raise HistoriaTorcida(almacen.origen)
        # Sin codificar nada: el estado guardado son los bytes del sobre, y la cadena se rehace sobre ellos.
        guardados = [StoredEvent(s.agregado, s.version, s.type, c.cuerpo) for s, c in zip(sobres, lote, strict=True)]
        almacen.registrador.en(tanda.conexion).insert_events(guardados)
        if tanda.conexion.scalar(sa.select(cabecera.c.hoja)) != lote[-1].hoja:
            raise HistoriaTorcida(almacen.origen)
        repuestas.apuntar(tanda.conexion, zip((c.posicion for c in lote), anotados, strict=True))
        tanda.conocer(anotados)
        CONTEXTOS[servicio].avisar(anotados, tanda)


def _por_lotes(crudos: Iterable[HechoCrudo]) -> Iterator[list[HechoCrudo]]:
    resto = iter(crudos)
    while lote := list(islice(resto, _LOTE)):
        yield lote


__all__ = ["HistoriaTorcida", "reponer_origenes"]
