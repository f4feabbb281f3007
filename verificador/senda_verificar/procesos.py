"""Repartir un trabajo entre procesos, en orden y con la memoria acotada."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")


#: Los que admite cualquier sistema operativo.
_MAXIMO: Final = 61
#: Con menos tareas, arrancar procesos cuesta más que hacerlas.
_POCAS: Final = 16


def en_procesos(funcion: Callable[[T], R], tareas: Iterable[T], procesos: int = 0) -> Iterator[R]:
    """Los resultados en el orden de las tareas. ``procesos``: 0, uno por núcleo; 1, en este mismo.

    Lo que lance una tarea sale aquí, y las demás se abandonan.
    """
    cuantos = min(procesos or _nucleos(), _MAXIMO)
    pendientes = iter(tareas)
    primeras = list(islice(pendientes, _POCAS))
    cola = chain(primeras, pendientes)
    if cuantos == 1 or len(primeras) < _POCAS:
        yield from map(funcion, cola)
        return
    # No se bifurca este proceso: quien lo use como biblioteca puede tener hilos, y a medias no se heredan bien.
    with ProcessPoolExecutor(cuantos, mp_context=get_context("spawn")) as obreros:
        en_curso: deque[Future[R]] = deque(obreros.submit(funcion, t) for t in islice(cola, 2 * cuantos))
        try:
            while en_curso:
                yield en_curso.popleft().result()
                en_curso.extend(obreros.submit(funcion, t) for t in islice(cola, 1))
        finally:
            obreros.shutdown(cancel_futures=True)


def _nucleos() -> int:
    # Saber cuántos tocan a este proceso solo se puede en Linux; un tribunal verifica desde donde sea.
    de_este = getattr(os, "sched_getaffinity", None)
    return len(de_este(0)) if de_este is not None else os.cpu_count() or 1


__all__ = ["en_procesos"]
