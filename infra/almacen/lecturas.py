"""Modelos de lectura: tablas que cada contexto rehace desde los hechos. No migran; si cambian, se reconstruyen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData

from eventos.sobre import Anotado

Aplicar = Callable[[Connection, Sequence[Anotado]], None]


@dataclass(frozen=True)
class Lecturas:
    """Un conjunto de tablas y las funciones que las ponen al día, en orden, dentro de la transacción que las llama."""

    tablas: tuple[MetaData, ...]
    aplicadores: tuple[Aplicar, ...]

    def crear(self, conexion: Connection) -> None:
        """Crea las tablas que falten."""
        for metadatos in self.tablas:
            metadatos.create_all(conexion)

    def aplicar(self, conexion: Connection, anotados: Sequence[Anotado]) -> None:
        """Pone al día todas las tablas con unos hechos, propios o ajenos."""
        for aplicador in self.aplicadores:
            aplicador(conexion, anotados)
