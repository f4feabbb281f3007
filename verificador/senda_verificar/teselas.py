r"""Leer un directorio C2SP tlog-tiles: teselas de hashes y paquetes de entradas, con su forma comprobada.

Una entrada es ``origen\nposicion\nanterior\n`` seguido de los bytes del sobre.
Fuente: https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from senda_verificar.arbol import LARGO

#: Nodos de una tesela y entradas de un paquete completos.
ANCHO: Final = 256
_MAXIMO_PAQUETE: Final = ANCHO * (2 + 0xFFFF)


class ArchivoAusente(Exception):
    """Falta un archivo que el tamaño firmado exige. El texto es su ruta dentro del directorio."""


class ArchivoIlegible(Exception):
    """Un archivo no tiene la forma debida. El texto es su ruta dentro del directorio."""


def en_ruta(indice: int) -> str:
    """Un índice como ruta: 1234067 es ``x001/x234/067``."""
    ruta = f"{indice % 1000:03d}"
    while indice := indice // 1000:
        ruta = f"x{indice % 1000:03d}/{ruta}"
    return ruta


def de_tesela(nivel: int, indice: int, ancho: int) -> str:
    """La ruta de una tesela de hashes; ``ancho`` menor que 256 si es parcial."""
    return f"tile/{nivel}/{en_ruta(indice)}" + _parcial(ancho)


def de_paquete(indice: int, ancho: int) -> str:
    """La ruta de un paquete de entradas."""
    return f"tile/entries/{en_ruta(indice)}" + _parcial(ancho)


def leer_tesela(carpeta: Path, nivel: int, indice: int, ancho: int) -> bytes:
    """Los ``ancho`` hashes de una tesela, seguidos. Si ya hay una más completa, su principio.

    Errores: `ArchivoAusente`, `ArchivoIlegible`.
    """
    ruta = de_tesela(nivel, indice, ancho)
    datos = _leer(carpeta, ruta, de_tesela(nivel, indice, ANCHO), ANCHO * LARGO)
    if len(datos) % LARGO or len(datos) < ancho * LARGO:
        raise ArchivoIlegible(ruta)
    return datos[: ancho * LARGO]


def leer_paquete(carpeta: Path, indice: int, ancho: int) -> list[bytes]:
    """Las ``ancho`` entradas de un paquete. Errores: `ArchivoAusente`, `ArchivoIlegible`."""
    datos = leer_paquete_entero(carpeta, indice, ancho)
    entradas: list[bytes] = []
    desde, fin = 0, len(datos)
    while desde < fin and len(entradas) < ancho:
        hasta = desde + 2 + int.from_bytes(datos[desde : desde + 2])
        entradas.append(datos[desde + 2 : hasta])
        desde = hasta
    if len(entradas) != ancho or desde > fin:
        raise ArchivoIlegible(de_paquete(indice, ancho))
    return entradas


def leer_paquete_entero(carpeta: Path, indice: int, ancho: int) -> bytes:
    """Los bytes de un paquete, o de uno más completo, sin partir: cada entrada, tras su largo en 2 bytes.

    Errores: `ArchivoAusente`, `ArchivoIlegible` si pasa de lo que puede medir.
    """
    return _leer(carpeta, de_paquete(indice, ancho), de_paquete(indice, ANCHO), _MAXIMO_PAQUETE)


def hashes(tesela: bytes) -> list[bytes]:
    """Los hashes de una tesela, uno a uno."""
    return [tesela[i : i + LARGO] for i in range(0, len(tesela), LARGO)]


def anchos(tamano: int) -> Iterator[tuple[int, int]]:
    """(índice, ancho) de cada paquete de un libro de ``tamano`` entradas."""
    for desde in range(0, tamano, ANCHO):
        yield desde // ANCHO, min(ANCHO, tamano - desde)


def hay_entradas(carpeta: Path) -> bool:
    """Si el directorio trae las entradas, o solo lo público."""
    return (carpeta / "tile" / "entries").is_dir()


def partir(entrada: bytes) -> tuple[str, int, bytes, bytes] | None:
    """(origen, posición, anterior, cuerpo) de una entrada, o None si no tiene esa forma, escrita de esa sola manera."""
    partes = entrada.split(b"\n", 3)
    try:
        origen, posicion, anterior, cuerpo = partes
        leida = origen.decode(), int(posicion), bytes.fromhex(anterior.decode()), cuerpo
    except ValueError:
        return None
    # Una sola escritura por valor: si no, dos entradas distintas dirían lo mismo.
    canonica = b"%b\n%d\n%b\n" % (origen, leida[1], leida[2].hex().encode())
    bien = origen and leida[1] >= 1 and len(leida[2]) == LARGO and entrada.startswith(canonica)
    return leida if bien else None


def _parcial(ancho: int) -> str:
    return f".p/{ancho}" if ancho < ANCHO else ""


def _leer(carpeta: Path, ruta: str, completa: str, maximo: int) -> bytes:
    for una in (ruta, completa):
        try:
            with (carpeta / una).open("rb") as archivo:
                # No más de lo que dice medir: pedir siempre el máximo reservaría cada vez 16 MiB.
                datos = archivo.read(min(os.fstat(archivo.fileno()).st_size, maximo) + 1)
        except OSError:
            continue
        if len(datos) > maximo:
            raise ArchivoIlegible(una)
        return datos
    raise ArchivoAusente(ruta)


__all__ = [
    "ANCHO",
    "ArchivoAusente",
    "ArchivoIlegible",
    "anchos",
    "de_paquete",
    "de_tesela",
    "en_ruta",
    "hashes",
    "hay_entradas",
    "leer_paquete",
    "leer_paquete_entero",
    "leer_tesela",
    "partir",
]
