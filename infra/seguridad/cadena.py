r"""La cadena de cada origen: cada hecho se ata por hash al anterior.

Formato fijo (arquitectura, «El libro»): entrada = ``origen\nposicion\nanterior\n`` en UTF-8 (posición en decimal
desde 1; ``anterior`` en 64 dígitos hexadecimales) seguida de los bytes del sobre; hoja = SHA-256(0x00 ‖ entrada), que
es a la vez la hoja del árbol RFC 9162 y el ``anterior`` de la posición siguiente.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

#: El ``anterior`` de la posición 1: no hay nada antes.
CERO: Final = bytes(32)

_HOJA = b"\x00"


class Eslabon(NamedTuple):
    """Un hecho ya encadenado: su posición (desde 1), la hoja de la anterior y la suya (32 bytes cada una)."""

    posicion: int
    anterior: bytes
    hoja: bytes


def hoja(origen: str, posicion: int, anterior: bytes, cuerpo: bytes) -> bytes:
    """Hash de hoja (32 bytes) de un hecho. ``origen`` es el ``source`` de su sobre: ``/gt/deteccion``.

    Errores: `ValueError` si el origen, la posición o ``anterior`` no caben en el formato (dos entradas distintas
    darían los mismos bytes).
    """
    _exigir(origen, posicion, anterior)
    return sha256(b"%b%b\n%d\n%b\n%b" % (_HOJA, origen.encode(), posicion, anterior.hex().encode(), cuerpo)).digest()


def encadenar(origen: str, desde_posicion: int, anterior: bytes, cuerpos: Iterable[bytes]) -> list[Eslabon]:
    """Encadena un lote que empieza en ``desde_posicion``; ``anterior`` es la hoja de la posición previa o `CERO`.

    Errores: los de `hoja`.
    """
    _exigir(origen, desde_posicion, anterior)
    prefijo = _HOJA + origen.encode() + b"\n"
    eslabones = []
    for posicion, cuerpo in enumerate(cuerpos, desde_posicion):
        suya = sha256(b"%b%d\n%b\n%b" % (prefijo, posicion, anterior.hex().encode(), cuerpo)).digest()
        eslabones.append(Eslabon(posicion, anterior, suya))
        anterior = suya
    return eslabones


def _exigir(origen: str, posicion: int, anterior: bytes) -> None:
    if not origen or "\n" in origen:
        raise ValueError("el origen no puede estar vacío ni llevar saltos de línea")
    if posicion < 1:
        raise ValueError("las posiciones empiezan en 1")
    if len(anterior) != len(CERO):
        raise ValueError("el hash anterior mide 32 bytes")
    if posicion == 1 and anterior != CERO:
        raise ValueError("la posición 1 no tiene anterior: lleva 32 ceros")


__all__ = ["CERO", "Eslabon", "encadenar", "hoja"]
