"""Unas lecturas rehechas frente a las vivas: tabla por tabla y fila por fila, cada diferencia con su nombre.

De una fila se dicen su clave y qué columna no casa, nunca lo que la columna guarda.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Column, Connection, Row, Table

from infra.almacen.lecturas import APARTE

#: Cuántas diferencias guarda un informe; las demás se cuentan.
MAXIMO: Final = 10_000
_LOTE: Final = 2_000


class Que(StrEnum):
    """Qué le pasa a una fila viva: no está, no sale de los hechos, o dice otra cosa que ellos."""

    FALTA = "falta"
    SOBRA = "sobra"
    DIFIERE = "difiere"


class Diferencia(Struct, frozen=True, kw_only=True):
    """Una diferencia. ``clave``: las columnas de la clave primaria; ``columna``: None si es la fila entera."""

    tabla: str
    que: Que
    clave: dict[str, str]
    columna: str | None = None


@dataclass
class Contraste:
    """Lo hallado al comparar. ``tablas``: filas vivas miradas; ``aparte``: lo que no sale de los hechos, y por qué."""

    tablas: dict[str, int] = field(default_factory=dict)
    aparte: dict[str, str] = field(default_factory=dict)
    diferencias: list[Diferencia] = field(default_factory=list)
    omitidas: int = 0
    maximo: int = MAXIMO

    def comparar(self, viva: Connection, rehecha: Connection, tablas: Iterable[Table]) -> None:
        """Compara esas tablas. Las dos conexiones han de leer cada una de un solo momento."""
        for tabla in tablas:
            if APARTE in tabla.info:
                self.aparte[tabla.name] = tabla.info[APARTE]
            else:
                self._tabla(viva, rehecha, tabla)

    def _tabla(self, viva: Connection, rehecha: Connection, tabla: Table) -> None:
        claves = list(tabla.primary_key.columns)
        otras = [c for c in tabla.columns if not c.primary_key]
        self.aparte |= {f"{tabla.name}.{c.name}": c.info[APARTE] for c in otras if APARTE in c.info}
        otras = [c for c in otras if APARTE not in c.info]
        self.tablas[tabla.name] = 0
        vivas, rehechas = (_en_orden(c, claves, otras) for c in (viva, rehecha))
        una, otra = next(vivas, None), next(rehechas, None)
        while una is not None or otra is not None:
            self.tablas[tabla.name] += una is not None
            n = len(claves)
            if otra is None or (una is not None and una[:n] < otra[:n]):
                self._apuntar(tabla, Que.SOBRA, claves, una)
                una = next(vivas, None)
            elif una is None or otra[:n] < una[:n]:
                self._apuntar(tabla, Que.FALTA, claves, otra)
                otra = next(rehechas, None)
            else:
                if una != otra:
                    for columna, esta, aquella in zip(otras, una[n:], otra[n:], strict=True):
                        if esta != aquella:
                            self._apuntar(tabla, Que.DIFIERE, claves, una, columna.name)
                una, otra = next(vivas, None), next(rehechas, None)

    def _apuntar(
        self,
        tabla: Table,
        que: Que,
        claves: Sequence[Column[Any]],
        fila: Sequence[Any] | None,
        columna: str | None = None,
    ) -> None:
        if len(self.diferencias) >= self.maximo:
            self.omitidas += 1
            return
        # El nombre de SQLAlchemy es de otra clase de texto, que no se deja codificar.
        clave = {str(c.name): str(valor) for c, valor in zip(claves, fila or (), strict=False)}
        cual = None if columna is None else str(columna)
        self.diferencias.append(Diferencia(tabla=str(tabla.name), que=que, clave=clave, columna=cual))


def _en_orden(
    conexion: Connection, claves: Sequence[Column[Any]], otras: Sequence[Column[Any]]
) -> Iterator[tuple[Any, ...]]:
    """Las filas por clave, en el mismo orden en las dos bases y con los tiempos en UTC."""
    # PostgreSQL ordena los textos según su idioma; SQLite, y Python al comparar, por sus códigos.
    por_codigo = conexion.dialect.name == "postgresql"
    orden = [sa.collate(c, "C") if por_codigo and isinstance(c.type, sa.Text) else c for c in claves]
    consulta = sa.select(*claves, *otras).order_by(*orden).execution_options(yield_per=_LOTE)
    return map(_llana, conexion.execute(consulta))


def _llana(fila: Row[Any]) -> tuple[Any, ...]:
    return tuple(_en_utc(v) if isinstance(v, datetime) else v for v in fila)


def _en_utc(instante: datetime) -> datetime:
    return instante.replace(tzinfo=UTC) if instante.tzinfo is None else instante.astimezone(UTC)


__all__ = ["MAXIMO", "Contraste", "Diferencia", "Que"]
