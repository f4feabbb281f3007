"""Contar en las pruebas lo que ya pasó: hechos con sobre fijo, plegados sobre un agregado.

``historia(Deteccion, PresuntaVictimaDetectada(...), VictimaIdentificada(...))``. Los ids y los tiempos dependen solo
del lugar de cada hecho: el primero es `id_de(1)` y ocurre en `INICIO`, el siguiente `id_de(2)` un minuto después.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from eventos.base import Hecho
from eventos.sobre import Anotado
from infra.almacen.flujos import Agregado

RUTA = UUID("0b0e6c1e-2f43-4d7a-9c55-6f7a1d2e3b40")
OTRA_RUTA = UUID("7d1f0a52-8c39-4f16-b1a4-95e2c7d80613")
INICIO = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
INSTITUCION = "GT-PGN"

A = TypeVar("A", bound=Agregado)


def id_de(n: int) -> UUID:
    """El id del hecho n-ésimo (desde 1) de una historia: un UUIDv7 fijo."""
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + n)


def anotado(
    hecho: Hecho, n: int = 1, *, institucion: str = INSTITUCION, ocurrido: datetime | None = None, origen: str = ""
) -> Anotado:
    """Un hecho con su sobre. Sin ``ocurrido``, un minuto por lugar desde `INICIO`."""
    cuando = ocurrido or INICIO + timedelta(minutes=n - 1)
    return Anotado(
        id=id_de(n),
        origen=origen or f"/gt/{hecho.contexto}",
        hecho=hecho,
        institucion=institucion,
        agente="ag-0123abcd",
        ocurrido=cuando,
        registrado=cuando,
        causa="",
        correlacion="prueba",
        agregado=hecho.agregado,
        version=n,
        solicitud="",
    )


def anotados(*hechos: Hecho | Anotado) -> list[Anotado]:
    """Los hechos en orden, con sobre. Uno que ya lo trae se queda como está."""
    return [hecho if isinstance(hecho, Anotado) else anotado(hecho, n) for n, hecho in enumerate(hechos, 1)]


def historia(clase: type[A], *hechos: Hecho | Anotado, id_agregado: UUID = RUTA) -> A:
    """El estado de un agregado tras unos hechos. Sin hechos, vacío con ``id_agregado``."""
    todos = anotados(*hechos)
    return plegar(clase.vacio(todos[0].agregado if todos else id_agregado), todos)


def plegar(estado: A, hechos: Iterable[Anotado]) -> A:
    """Sigue una historia desde un estado."""
    for hecho in hechos:
        estado = estado.evolucionar(hecho)
    return estado
