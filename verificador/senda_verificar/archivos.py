"""Leer archivos ajenos sin fiarse de ellos: solo los corrientes, con tope, y cada línea tal como está escrita."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

#: Lo que mide de sobra una línea de cualquiera de los archivos del libro.
MAXIMO_LINEA: Final = 1 << 20


def datos(archivo: Path, maximo: int) -> bytes | None:
    """Hasta ``maximo + 1`` bytes (uno de más dice que no cabía), o None si no está o no es un archivo corriente."""
    abierto = _abrir(archivo)
    if abierto is None:
        return None
    with abierto:
        # `read` reserva cuanto se le pide: que no sea el tope de cada archivo.
        return abierto.read(min(maximo, os.fstat(abierto.fileno()).st_size) + 1)


def lineas(archivo: Path) -> Iterator[str]:
    """Sus líneas, sin el salto; vacía la que no sea UTF-8 o pase de `MAXIMO_LINEA`. Ninguna si no está.

    Solo separa 0x0A: de lo que otro firmó no se adivina dónde acaba una línea.
    """
    abierto = _abrir(archivo)
    if abierto is None:
        return
    with abierto:
        while linea := abierto.readline(MAXIMO_LINEA + 1):
            if len(linea) > MAXIMO_LINEA:
                while linea and not linea.endswith(b"\n"):
                    linea = abierto.readline(MAXIMO_LINEA)
                yield ""
                continue
            try:
                yield linea.removesuffix(b"\n").decode()
            except UnicodeDecodeError:
                yield ""


def _abrir(archivo: Path) -> BinaryIO | None:
    try:
        # Una tubería o un dispositivo se dejarían leer sin fin.
        return archivo.open("rb") if archivo.is_file() else None
    except OSError:
        return None


__all__ = ["MAXIMO_LINEA", "datos", "lineas"]
