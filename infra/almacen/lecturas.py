"""Modelos de lectura: tablas que cada contexto rehace desde los hechos. No migran; si cambian, se reconstruyen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, MetaData, Table

from eventos.base import Hecho
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas

Aplicar = Callable[[Altas, Sequence[Anotado]], None]

#: En ``info`` de una tabla o columna: por qué lo que guarda no sale solo de los hechos. Al rehacer no se compara.
APARTE: Final = "no-sale-de-los-hechos"


@dataclass(frozen=True)
class Lecturas:
    """Un conjunto de tablas y las funciones que las ponen al día, en orden, dentro de la transacción que las llama.

    ``cortes``: hechos cuyo efecto depende de lo que digan otras tablas en ese momento; ninguno posterior se aplica en
    ninguna hasta que el suyo esté en todas. Así el resultado no depende de cómo se partan los lotes.
    """

    tablas: tuple[MetaData, ...]
    aplicadores: tuple[Aplicar, ...]
    cortes: tuple[type[Hecho], ...] = ()

    def crear(self, conexion: Connection) -> None:
        """Crea las tablas que falten."""
        for metadatos in self.tablas:
            metadatos.create_all(conexion)

    def aplicar(self, altas: Altas, anotados: Sequence[Anotado]) -> None:
        """Pone al día todas las tablas con unos hechos, propios o ajenos. Lo que nace puede quedar en ``altas``."""
        for lote in self._lotes(anotados):
            for aplicador in self.aplicadores:
                aplicador(altas, lote)

    def todas(self) -> Iterator[Table]:
        """Cada tabla, una vez."""
        for metadatos in self.tablas:
            yield from metadatos.sorted_tables

    def _lotes(self, anotados: Sequence[Anotado]) -> Iterator[Sequence[Anotado]]:
        desde = 0
        if self.cortes:
            for hasta, anotado in enumerate(anotados, 1):
                if isinstance(anotado.hecho, self.cortes):
                    yield anotados[desde:hasta]
                    desde = hasta
        if desde < len(anotados):
            yield anotados[desde:]
