"""Esperar a PostgreSQL en un hilo verde sin parar a los demás ni pagar una vuelta del hub por cada viaje.

Con la espera en C de psycopg, una consulta detiene el proceso entero; con su ``wait_select``, cada viaje registra y
borra el socket en el hub, que cuesta más que la consulta. Aquí se mira primero un instante y solo se cede el turno a
quien tarda: lo mismo que hace psycopg con asyncio (``wait_async``).
"""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, Final, TypeVar

import eventlet
import eventlet.green.select
import eventlet.patcher
from psycopg import waiting

#: Segundos: cuánto se mira sin ceder, y cuánto seguido puede un hilo no ceder aunque todo le llegue a la primera.
ATISBO: Final = 0.001
SEGUIDO: Final = 0.01
#: El de verdad: tras preparar el proceso, el módulo ``select`` es el verde, que no tiene ``poll``.
_de_verdad: Any = eventlet.patcher.original("select")
#: Como enteros: operar con los enumerados de psycopg cuesta más que mirar.
_POR_LEER, _POR_ESCRIBIR = int(waiting.WAIT_R), int(waiting.WAIT_W)
_LEIBLE, _ESCRIBIBLE = int(waiting.READY_R), int(waiting.READY_W)
_SE_LEE, _SE_ESCRIBE = int(_de_verdad.POLLIN), int(_de_verdad.POLLOUT)
_ultima_cesion = 0.0

T = TypeVar("T")


def esperar(gen: Generator[Any, Any, T], fileno: int, interval: float = 0.0, timeout: float | None = None) -> T:
    """Lleva hasta el final una operación de psycopg. Los nombres son los suyos, que es quien la llama (segundos)."""
    if timeout is not None:  # avisos y cancelaciones: ni hay prisa ni se usan en los servicios
        return waiting.wait_select(gen, fileno, interval, timeout)
    try:
        estado = next(gen)
        while True:
            _ceder_si_toca()
            estado = gen.send(_mirar(fileno, estado) or _ceder_hasta(fileno, estado, interval))
    except StopIteration as fin:
        resultado: T = fin.value
        return resultado


def _mirar(fileno: int, estado: int) -> int:
    """Para qué está listo el socket (bits de `waiting`), mirando como mucho un instante; 0, para nada."""
    sondeo = _de_verdad.poll()
    sondeo.register(fileno, (_SE_LEE if estado & _POR_LEER else 0) | (_SE_ESCRIBE if estado & _POR_ESCRIBIR else 0))
    listo = 0
    for _, eventos in sondeo.poll(ATISBO * 1000):
        if eventos & ~_SE_ESCRIBE:  # también si se cortó: leer lo dirá
            listo |= _LEIBLE
        if eventos & _SE_ESCRIBE:
            listo |= _ESCRIBIBLE
    return listo


def _ceder_hasta(fileno: int, estado: int, segundos: float) -> int:
    """Como `_mirar`, dejando correr a los demás hilos verdes mientras."""
    global _ultima_cesion  # noqa: PLW0603  es del proceso, como el hub
    leer = [fileno] if estado & _POR_LEER else []
    escribir = [fileno] if estado & _POR_ESCRIBIR else []
    leibles, escribibles, _ = eventlet.green.select.select(leer, escribir, [], segundos)
    _ultima_cesion = monotonic()
    return (_LEIBLE if leibles else 0) | (_ESCRIBIBLE if escribibles else 0)


def _ceder_si_toca() -> None:
    global _ultima_cesion  # noqa: PLW0603
    if monotonic() - _ultima_cesion > SEGUIDO:
        eventlet.sleep(0)
        _ultima_cesion = monotonic()


def instalar() -> None:
    """Pone esta espera en psycopg. Después de `eventlet.monkey_patch`."""
    waiting.wait = esperar


__all__ = ["instalar"]
