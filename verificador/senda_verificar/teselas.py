r"""Leer un directorio C2SP tlog-tiles: teselas de hashes y paquetes de entradas, con su forma comprobada.

Una entrada es ``origen\nposicion\nanterior\n`` seguido de los bytes del sobre.
Fuente: https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from senda_verificar.arbol import LARGO
from senda_verificar.archivos import datos

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
    ruta, son, crudo = _leer(carpeta, partial(de_tesela, nivel, indice), ancho, ANCHO * LARGO)
    if len(crudo) != son * LARGO:
        raise ArchivoIlegible(ruta)
    return crudo[: ancho * LARGO]


def leer_paquete(carpeta: Path, indice: int, ancho: int) -> list[bytes]:
    """Las ``ancho`` entradas de un paquete. Errores: `ArchivoAusente`, `ArchivoIlegible`."""
    son, crudo = leer_paquete_entero(carpeta, indice, ancho)
    entradas: list[bytes] = []
    desde, fin = 0, len(crudo)
    while desde < fin and len(entradas) <= son:
        hasta = desde + 2 + int.from_bytes(crudo[desde : desde + 2])
        entradas.append(crudo[desde + 2 : hasta])
        desde = hasta
    # Ni de menos ni de más: lo que sobrara al final no lo miraría nadie.
    if len(entradas) != son or desde != fin:
        raise ArchivoIlegible(de_paquete(indice, son))
    return entradas[:ancho]


def leer_paquete_entero(carpeta: Path, indice: int, ancho: int) -> tuple[int, bytes]:
    """Cuántas entradas ha de llevar un paquete, o uno más completo, y sus bytes sin partir: cada una, tras su largo.

    Errores: `ArchivoAusente`.
    """
    _, son, crudo = _leer(carpeta, partial(de_paquete, indice), ancho, _MAXIMO_PAQUETE)
    return son, crudo


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


def _leer(carpeta: Path, ruta_de: Callable[[int], str], ancho: int, maximo: int) -> tuple[str, int, bytes]:
    """El archivo de ese ancho o, si ya no está, el completo: su ruta, cuántos ha de llevar y sus bytes."""
    for son in (ancho, ANCHO):
        leido = datos(carpeta / ruta_de(son), maximo)
        if leido is not None:
            return ruta_de(son), son, leido
    raise ArchivoAusente(ruta_de(ancho))


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
