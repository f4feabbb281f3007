"""Leer el libro de corrido, sin que la memoria crezca con él: entero, en su orden, o lo de un origen, en el suyo.

En PostgreSQL, con COPY en binario: un cursor traía menos de la mitad de hechos por segundo. Cada lectura va en su
propia conexión y ve lo confirmado al empezar.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from struct import Struct
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Engine

from servicios.auditoria.libro import libro

_LOTE: Final = 2_000
#: Cabecera de COPY binario: firma de 11 bytes, marcas (4) y largo de la extensión (4).
_FIRMA: Final = b"PGCOPY\n\xff\r\n\x00"
_CABECERA: Final = len(_FIRMA) + 8
#: Cuántos campos; largo e indice; largo y posicion; largo del origen, que va detrás con el del cuerpo.
_FIJO: Final = Struct(">hiqiqi")
_LARGO: Final = 4
_COPIAR_TODO: Final = (
    "COPY (SELECT indice, posicion, origen, cuerpo FROM libro ORDER BY indice) TO STDOUT (FORMAT binary)"
)
_COPIAR_UNO: Final = (
    "COPY (SELECT indice, posicion, origen, cuerpo FROM libro WHERE origen = %s ORDER BY posicion)"
    " TO STDOUT (FORMAT binary)"
)


class FilaDelLibro(NamedTuple):
    """Una entrada del libro. ``indice`` desde 0; ``posicion`` desde 1 en su origen; ``cuerpo``, los bytes del sobre."""

    indice: int
    posicion: int
    origen: str
    cuerpo: bytes


class CopiaIlegible(Exception):
    """PostgreSQL no contestó en el formato de COPY que se le pidió."""

    def __str__(self) -> str:
        return "la base no contestó en el formato de COPY binario"


def leer_libro(motor: Engine, origen: str | None = None) -> Generator[FilaDelLibro, None, None]:
    """El libro entero por índice o, de un ``origen`` (``/gt/deteccion``), lo suyo por posición.

    Errores: `CopiaIlegible`; los de la base salen tal cual. Se puede dejar a medias: la conexión se suelta.
    """
    return _por_copy(motor, origen) if motor.dialect.name == "postgresql" else _por_cursor(motor, origen)


def leer_una(motor: Engine, origen: str, posicion: int) -> FilaDelLibro | None:
    """La entrada de una posición de un origen, o None si no está en el libro."""
    consulta = _columnas().where(libro.c.origen == origen, libro.c.posicion == posicion)
    with motor.connect().execution_options(solo_lee=True) as conexion:
        fila = conexion.execute(consulta).one_or_none()
    return None if fila is None else FilaDelLibro(*fila)


def _columnas() -> sa.Select[Any]:
    return sa.select(libro.c.indice, libro.c.posicion, libro.c.origen, libro.c.cuerpo)


def _por_cursor(motor: Engine, origen: str | None) -> Generator[FilaDelLibro, None, None]:
    consulta = _columnas().order_by(libro.c.indice)
    if origen is not None:
        consulta = _columnas().where(libro.c.origen == origen).order_by(libro.c.posicion)
    with motor.connect().execution_options(solo_lee=True, yield_per=_LOTE) as conexion:
        for fila in conexion.execute(consulta):
            yield FilaDelLibro(*fila)


def _por_copy(motor: Engine, origen: str | None) -> Generator[FilaDelLibro, None, None]:
    consulta = _COPIAR_TODO if origen is None else _COPIAR_UNO
    with closing(motor.raw_connection()) as cruda:
        conexion: Any = cruda.driver_connection
        valores = None if origen is None else (origen,)
        with conexion.cursor() as cursor, cursor.copy(consulta, valores) as copia:
            yield from _filas(copia)


def _filas(bloques: Iterable[bytes]) -> Iterator[FilaDelLibro]:
    """Una fila por bloque, que así las da libpq; la cabecera va delante de la primera y el final es un -1 suelto."""
    origenes: dict[bytes, str] = {}
    fijo, ancho, leer = _FIJO.size, _LARGO, _FIJO.unpack_from
    bloques = iter(bloques)
    primero = bytes(next(bloques, b""))
    if primero[: len(_FIRMA)] != _FIRMA:
        raise CopiaIlegible
    for bloque in _encabezados(primero[_CABECERA:], bloques):
        if len(bloque) < fijo:
            continue
        _, _, indice, _, posicion, largo = leer(bloque)
        en_bytes = bytes(bloque[fijo : fijo + largo])
        origen = origenes.get(en_bytes)
        if origen is None:
            origen = origenes[en_bytes] = en_bytes.decode()
        yield FilaDelLibro(indice, posicion, origen, bytes(bloque[fijo + largo + ancho :]))


def _encabezados(primero: bytes, resto: Iterable[bytes]) -> Iterator[bytes]:
    yield primero
    yield from resto


__all__ = ["CopiaIlegible", "FilaDelLibro", "leer_libro", "leer_una"]
