"""En qué orden conoció un servicio los hechos: los suyos y, entre ellos, los que otros le contaron.

Entre orígenes no hay orden en el libro, y alguna lectura depende de él: a quién se avisa de una fecha vencida es quien
participaba cuando se supo. Lo dice la tabla `aplicaciones` de cada servicio. Lo que se aplicó antes de que existiera se
ordena por cuándo se registró, y se cuenta aparte: es una suposición.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from eventos.sobre import Anotado

#: (posición, hecho), por posición; sin hecho, si no se entiende.
Numerado = tuple[int, Anotado | None]


class Tramo(NamedTuple):
    """Unas posiciones seguidas de otro origen (incluidas), aplicadas tras una posición propia en un instante (UTC)."""

    origen: str
    desde: int
    hasta: int
    tras: int
    instante: datetime


class Corte(NamedTuple):
    """Hasta dónde llegó un servicio: su última posición y, de cada origen que sigue, la última que aplicó."""

    propia: int
    ajenas: Mapping[str, int]


@dataclass
class Vuelta:
    """Lo que el diario de un servicio dice de las posiciones que no siguieron el orden de su origen.

    ``tardias``: aplicadas después que otras mayores, tras apartarse; ``primeras``: la primera de cada origen que el
    diario nombra, que lo anterior no se apuntó.
    """

    tardias: set[tuple[str, int]] = field(default_factory=set)
    primeras: dict[str, int] = field(default_factory=dict)

    @classmethod
    def de(cls, tramos: Iterable[Tramo]) -> Vuelta:
        """Lo de un diario entero, en su orden."""
        vuelta, mayores = cls(), dict[str, int]()
        for tramo in tramos:
            mayor = mayores.get(tramo.origen, 0)
            vuelta.primeras[tramo.origen] = min(tramo.desde, vuelta.primeras.get(tramo.origen, tramo.desde))
            if tramo.desde <= mayor:
                vuelta.tardias.update((tramo.origen, p) for p in range(tramo.desde, tramo.hasta + 1))
            mayores[tramo.origen] = max(mayor, tramo.hasta)
        return vuelta


class Cauce:
    """Los hechos de un origen, de los que se puede mirar el siguiente sin tomarlo."""

    def __init__(self, numerados: Iterable[Numerado]) -> None:
        self._resto = iter(numerados)
        self._siguiente = next(self._resto, None)

    def tomar(self, hasta: int) -> Iterator[tuple[int, Anotado]]:
        """Los que se entienden hasta una posición, incluida."""
        while self._siguiente is not None and self._siguiente[0] <= hasta:
            posicion, anotado = self._siguiente
            self._pasar()
            if anotado is not None:
                yield posicion, anotado

    def causados_por(self, anotado: Anotado) -> Iterator[Anotado]:
        """Los seguidos que un hecho ajeno causó: se decidieron al conocerlo, antes de conocer otro."""
        id_causa = str(anotado.id)
        while self._siguiente is not None:
            _, suyo = self._siguiente
            if suyo is None or suyo.causa != id_causa:
                return
            self._pasar()
            yield suyo

    def _pasar(self) -> None:
        self._siguiente = next(self._resto, None)


@dataclass
class Intercalado:
    """Los hechos de un servicio en el orden en que los conoció.

    ``fuera``: las posiciones apartadas, que no tuvieron efecto. ``una``: la de un origen, para las tardías.
    ``supuestos``: cuántos ajenos se ordenaron por suposición.
    """

    propio: Cauce
    ajenos: Mapping[str, Cauce]
    vuelta: Vuelta
    fuera: frozenset[tuple[str, int]]
    una: Callable[[str, int], Anotado | None]
    supuestos: int = 0

    def hechos(self, tramos: Iterable[Tramo], corte: Corte) -> Iterator[Anotado]:
        """Todos, según el diario. Los tramos posteriores al instante que se pide no se dan."""
        iterador = iter(tramos)
        primero = next(iterador, None)
        yield from self._sin_diario(corte if primero is None else corte._replace(propia=primero.tras))
        mayores: dict[str, int] = {}
        while primero is not None:
            tramo, primero = primero, next(iterador, None)
            yield from self._propios(tramo.tras)
            tarde = tramo.desde <= mayores.get(tramo.origen, 0)
            mayores[tramo.origen] = max(mayores.get(tramo.origen, 0), tramo.hasta)
            for ajeno in self._tardios(tramo) if tarde else self._seguidos(tramo):
                yield ajeno
                yield from self.propio.causados_por(ajeno)
        yield from self._propios(corte.propia)

    def _propios(self, hasta: int) -> Iterator[Anotado]:
        return (anotado for _, anotado in self.propio.tomar(hasta))

    def _seguidos(self, tramo: Tramo) -> Iterator[Anotado]:
        cauce = self.ajenos.get(tramo.origen)
        for posicion, anotado in cauce.tomar(tramo.hasta) if cauce else ():
            if posicion >= tramo.desde and not self._salta(tramo.origen, posicion):
                yield anotado

    def _tardios(self, tramo: Tramo) -> Iterator[Anotado]:
        for posicion in range(tramo.desde, tramo.hasta + 1):
            anotado = self.una(tramo.origen, posicion)
            if anotado is not None and (tramo.origen, posicion) not in self.fuera:
                yield anotado

    def _sin_diario(self, corte: Corte) -> Iterator[Anotado]:
        """Lo que se aplicó antes de que hubiera diario; en un mismo instante, lo ajeno primero, que es la causa."""
        viejos = [
            self._viejos(origen, cauce, min(corte.ajenas.get(origen, 0), self.vuelta.primeras.get(origen, 1 << 63) - 1))
            for origen, cauce in self.ajenos.items()
        ]
        propios = ((a.registrado, 1, a) for a in self._propios(corte.propia))
        for _, propio, anotado in heapq.merge(*viejos, propios, key=lambda tres: tres[:2]):
            self.supuestos += not propio
            yield anotado

    def _viejos(self, origen: str, cauce: Cauce, hasta: int) -> Iterator[tuple[datetime, int, Anotado]]:
        for posicion, anotado in cauce.tomar(hasta):
            if not self._salta(origen, posicion):
                yield anotado.registrado, 0, anotado

    def _salta(self, origen: str, posicion: int) -> bool:
        return (origen, posicion) in self.fuera or (origen, posicion) in self.vuelta.tardias


__all__ = ["Cauce", "Corte", "Intercalado", "Numerado", "Tramo", "Vuelta"]
