"""Repartir un trabajo entre procesos, en orden y con la memoria acotada."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, TypeVar

#: Con menos tareas, arrancar procesos cuesta más que hacerlas.
_POCAS: Final = 16
T = TypeVar("T")
R = TypeVar("R")


def en_procesos(funcion: Callable[[T], R], tareas: Iterable[T], procesos: int = 0) -> Iterator[R]:
    """Los resultados en el orden de las tareas. ``procesos``: 0, uno por núcleo; 1, en este mismo.

    Lo que lance una tarea sale aquí, y las demás se abandonan.
    """
    cuantos = procesos or len(os.sched_getaffinity(0))
    pendientes = iter(tareas)
    primeras = list(islice(pendientes, _POCAS))
    if cuantos == 1 or len(primeras) < _POCAS:
        yield from map(funcion, chain(primeras, pendientes))
        return
    # No se bifurca este proceso: quien lo use como biblioteca puede tener hilos, y a medias no se heredan bien.
    with ProcessPoolExecutor(cuantos, mp_context=get_context("spawn")) as obreros:
        cola = chain(primeras, pendientes)
        en_curso: deque[Future[R]] = deque(obreros.submit(funcion, t) for t in islice(cola, 2 * cuantos))
        try:
            while en_curso:
                yield en_curso.popleft().result()
                en_curso.extend(obreros.submit(funcion, t) for t in islice(cola, 1))
        finally:
            obreros.shutdown(cancel_futures=True)


__all__ = ["en_procesos"]
