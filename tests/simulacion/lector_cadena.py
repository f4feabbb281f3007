"""La parte del lector que rehace hashes: cadenas, libro y raíces de los puntos de control. Solo `hashlib`."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

Filas = list[dict[str, Any]]


def faltas_de_la_cadena(almacenes: dict[str, Filas], libro: Filas, puntos: Filas) -> Iterator[str]:
    """Posiciones contiguas y encadenadas por origen; el libro, todo eso y nada más; los puntos, sus raíces."""
    for servicio, filas in almacenes.items():
        anterior = bytes(32)
        for esperada, fila in enumerate(filas, 1):
            if fila["posicion"] != esperada:
                yield f"{servicio}: tras la posición {esperada - 1} viene la {fila['posicion']}"
                break
            hoja = _hoja(f"/gt/{servicio}", esperada, anterior, fila["cuerpo"])
            if (fila["anterior"], fila["hoja"]) != (anterior, hoja):
                yield f"{servicio}: la cadena se rompe en {esperada}"
                break
            anterior = hoja
    contado = {(f"/gt/{s}", f["posicion"]): f["hoja"] for s, filas in almacenes.items() for f in filas}
    anotado = {(f["origen"], f["posicion"]): f["hoja"] for f in libro}
    if len(anotado) != len(libro):
        yield "libro: hay posiciones repetidas"
    for falta in sorted(contado.keys() - anotado.keys()):
        yield f"libro: falta {falta}"
    for sobra in sorted(anotado.keys() - contado.keys()):
        yield f"libro: sobra {sobra}"
    for distinta in sorted(c for c in contado.keys() & anotado.keys() if contado[c] != anotado[c]):
        yield f"libro: {distinta} no es la del origen"
    if [f["indice"] for f in libro] != list(range(len(libro))):
        yield "libro: los índices no son contiguos"
    yield from _faltas_de_los_puntos([f["hoja"] for f in libro], puntos)


def raiz(hojas: list[bytes]) -> bytes:
    """Raíz de un árbol RFC 9162 con esas hojas (ya con su prefijo 0x00)."""
    if not hojas:
        return sha256(b"").digest()
    if len(hojas) == 1:
        return hojas[0]
    corte = 1 << (len(hojas) - 1).bit_length() - 1
    return sha256(b"\x01" + raiz(hojas[:corte]) + raiz(hojas[corte:])).digest()


def _faltas_de_los_puntos(hojas: list[bytes], puntos: Filas) -> Iterator[str]:
    if not puntos or puntos[-1]["tamano"] != len(hojas):
        yield "libro: el último punto de control no llega al final"
    # Comprobar cada raíz costaría más que la corrida; cuatro bastan para notar otro orden.
    elegidos = {0, len(puntos) // 3, 2 * len(puntos) // 3, len(puntos) - 1}
    for punto in (puntos[i] for i in sorted(elegidos) if i < len(puntos)):
        _nombre, tamano, prometida = punto["texto"].split("\n")[:3]
        if int(tamano) != punto["tamano"] or b64decode(prometida) != raiz(hojas[: int(tamano)]):
            yield f"libro: el punto de control de tamaño {tamano} promete otra raíz"


def _hoja(origen: str, posicion: int, anterior: bytes, cuerpo: bytes) -> bytes:
    return sha256(b"\x00" + f"{origen}\n{posicion}\n{anterior.hex()}\n".encode() + cuerpo).digest()
