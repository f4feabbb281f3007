"""Árbol de Merkle de RFC 9162 (el de Certificate Transparency), visto por quien comprueba.

Se escribe aquí otra vez a propósito: lo que comprueba no puede tomar su aritmética de lo comprobado. Nodo interno =
SHA-256(0x01 ‖ izquierda ‖ derecha); hoja = SHA-256(0x00 ‖ entrada); raíz del árbol vacío = SHA-256("").
Fuente: RFC 9162, secciones 2.1.1 a 2.1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

RAIZ_VACIA: Final = sha256(b"").digest()
LARGO: Final = 32


def hash_de_hoja(entrada: bytes) -> bytes:
    """SHA-256(0x00 ‖ entrada): el prefijo impide hacer pasar un nodo interno por una hoja."""
    return sha256(b"\x00" + entrada).digest()


def nodo(izquierda: bytes, derecha: bytes) -> bytes:
    """Hash de un nodo interno."""
    return sha256(b"\x01" + izquierda + derecha).digest()


class Frontera:
    """Las raíces de los subárboles perfectos de un árbol, de mayor a menor: basta para seguir y para dar la raíz."""

    __slots__ = ("nodos", "tamano")

    def __init__(self) -> None:
        self.tamano = 0
        self.nodos: list[bytes] = []

    def agregar(self, hojas: Iterable[bytes]) -> None:
        """Añade hashes de hoja (o raíces de subárboles perfectos e iguales) al final."""
        nodos, tamano = self.nodos, self.tamano
        for actual in hojas:
            pendientes = tamano
            while pendientes & 1:
                actual = sha256(b"\x01" + nodos.pop() + actual).digest()  # noqa: PLW2901
                pendientes >>= 1
            nodos.append(actual)
            tamano += 1
        self.tamano = tamano

    def raiz(self) -> bytes:
        """La raíz del árbol tal como está."""
        return plegar(self.nodos)


def plegar(nodos: Sequence[bytes]) -> bytes:
    """La raíz que dan las raíces de unos subárboles perfectos, de mayor a menor."""
    if not nodos:
        return RAIZ_VACIA
    resto = reversed(nodos)
    acumulado = next(resto)
    for izquierda in resto:
        acumulado = nodo(izquierda, acumulado)
    return acumulado


def raiz(hojas: Iterable[bytes]) -> bytes:
    """La raíz de un árbol entero."""
    frontera = Frontera()
    frontera.agregar(hojas)
    return frontera.raiz()


def verificar_inclusion(hoja: bytes, indice: int, tamano: int, prueba: Sequence[bytes], raiz: bytes) -> bool:
    """Si ``prueba`` muestra que ``hoja`` está en ``indice`` de un árbol de ``tamano`` hojas con esa ``raiz``."""
    if not 0 <= indice < tamano:
        return False
    actual, ultimo, acumulado = indice, tamano - 1, hoja
    for hermano in prueba:
        if ultimo == 0:
            return False
        if actual & 1 or actual == ultimo:
            acumulado = nodo(hermano, acumulado)
            actual, ultimo = _subir_solo(actual, ultimo)
        else:
            acumulado = nodo(acumulado, hermano)
        actual >>= 1
        ultimo >>= 1
    return ultimo == 0 and acumulado == raiz


def verificar_consistencia(
    menor: int, raiz_menor: bytes, mayor: int, raiz_mayor: bytes, prueba: Sequence[bytes]
) -> bool:
    """Si ``prueba`` muestra que el árbol ``mayor`` solo añadió hojas al ``menor``."""
    if not 0 <= menor <= mayor:
        return False
    if menor == 0:
        return not prueba and raiz_menor == RAIZ_VACIA and (mayor > 0 or raiz_mayor == RAIZ_VACIA)
    if menor == mayor:
        return not prueba and raiz_menor == raiz_mayor
    camino = list(prueba)
    if menor & (menor - 1) == 0:
        camino.insert(0, raiz_menor)
    if not camino:
        return False
    actual, ultimo = menor - 1, mayor - 1
    while actual & 1:
        actual >>= 1
        ultimo >>= 1
    vieja = nueva = camino[0]
    for hermano in camino[1:]:
        if ultimo == 0:
            return False
        if actual & 1 or actual == ultimo:
            vieja, nueva = nodo(hermano, vieja), nodo(hermano, nueva)
            actual, ultimo = _subir_solo(actual, ultimo)
        else:
            nueva = nodo(nueva, hermano)
        actual >>= 1
        ultimo >>= 1
    return ultimo == 0 and vieja == raiz_menor and nueva == raiz_mayor


def _subir_solo(actual: int, ultimo: int) -> tuple[int, int]:
    """Salta los niveles en que el último nodo no tiene hermano y sube sin cambio."""
    while actual and not actual & 1:
        actual >>= 1
        ultimo >>= 1
    return actual, ultimo


__all__ = [
    "LARGO",
    "RAIZ_VACIA",
    "Frontera",
    "hash_de_hoja",
    "nodo",
    "plegar",
    "raiz",
    "verificar_consistencia",
    "verificar_inclusion",
]
