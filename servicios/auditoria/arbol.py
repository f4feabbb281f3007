"""Árbol de Merkle de RFC 9162 (el de Certificate Transparency) sobre hashes de hoja de 32 bytes.

Nodo interno = SHA-256(0x01 ‖ izquierda ‖ derecha); raíz del árbol vacío = SHA-256(""). Todo es iterativo: se trabaja
nivel a nivel, subiendo sin cambio el último nodo cuando un nivel es impar, que es la misma forma que define la norma.
Fuente: RFC 9162, secciones 2.1.1 a 2.1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, Self

RAIZ_VACIA: Final = sha256(b"").digest()
LARGO: Final = 32


def hash_de_hoja(entrada: bytes) -> bytes:
    """SHA-256(0x00 ‖ entrada): el prefijo impide hacer pasar un nodo interno por una hoja."""
    return sha256(b"\x00" + entrada).digest()


def nodo(izquierda: bytes, derecha: bytes) -> bytes:
    """Hash de un nodo interno."""
    return sha256(b"\x01" + izquierda + derecha).digest()


class Frontera:
    """Lo mínimo para seguir creciendo: las raíces de los subárboles perfectos, de mayor a menor.

    Agregar k hojas cuesta k hashes (amortizado); la raíz, O(log n). Guarda un nodo por cada 1 de ``tamano`` en binario.
    """

    __slots__ = ("_nodos", "_tamano")

    def __init__(self, tamano: int = 0, nodos: bytes = b"") -> None:
        """``nodos``: los de `serializada`. Errores: `ValueError` si no son los que corresponden a ese tamaño."""
        if tamano < 0 or len(nodos) != tamano.bit_count() * LARGO:
            raise ValueError("los nodos no corresponden al tamaño del árbol")
        self._tamano = tamano
        self._nodos = [nodos[i : i + LARGO] for i in range(0, len(nodos), LARGO)]

    @classmethod
    def de(cls, hojas: Iterable[bytes]) -> Self:
        """La frontera de un árbol que empieza con esas hojas."""
        frontera = cls()
        frontera.agregar(hojas)
        return frontera

    @property
    def tamano(self) -> int:
        """Cuántas hojas tiene el árbol."""
        return self._tamano

    def serializada(self) -> bytes:
        """Los nodos, uno tras otro (32 bytes cada uno)."""
        return b"".join(self._nodos)

    def agregar(self, hojas: Iterable[bytes]) -> None:
        """Añade hashes de hoja al final."""
        nodos, tamano = self._nodos, self._tamano
        for actual in hojas:
            pendientes = tamano
            while pendientes & 1:
                actual = sha256(b"\x01" + nodos.pop() + actual).digest()  # noqa: PLW2901
                pendientes >>= 1
            nodos.append(actual)
            tamano += 1
        self._tamano = tamano

    def raiz(self) -> bytes:
        """La raíz del árbol tal como está."""
        if not self._nodos:
            return RAIZ_VACIA
        resto = reversed(self._nodos)
        acumulado = next(resto)
        for izquierda in resto:
            acumulado = nodo(izquierda, acumulado)
        return acumulado


def raiz(hojas: Iterable[bytes]) -> bytes:
    """La raíz de un árbol entero."""
    return Frontera.de(hojas).raiz()


def prueba_inclusion(hojas: Sequence[bytes], indice: int) -> list[bytes]:
    """Los hermanos, de abajo arriba, que llevan de la hoja ``indice`` (desde 0) a la raíz de ``hojas``.

    Errores: `IndexError` si esa hoja no está en el árbol.
    """
    if not 0 <= indice < len(hojas):
        raise IndexError("esa hoja no está en el árbol")
    return _hermanos(_niveles(hojas), indice)


def prueba_consistencia(hojas: Sequence[bytes], menor: int, mayor: int) -> list[bytes]:
    """Prueba de que el árbol de tamaño ``mayor`` empieza por el de tamaño ``menor``.

    Vacía si son iguales o si ``menor`` es 0. Errores: `ValueError` si los tamaños no caben en ``hojas``.
    """
    if not 0 <= menor <= mayor <= len(hojas):
        raise ValueError("los tamaños no caben en el árbol")
    if menor in (0, mayor):
        return []
    niveles = _niveles(hojas[:mayor])
    indice, actual = menor - 1, next(niveles)
    while indice & 1:
        indice >>= 1
        actual = next(niveles)
    # Si ``menor`` es potencia de 2, ese subárbol es su raíz, que quien verifica ya tiene.
    primero = [actual[indice]] if indice else []
    return primero + _hermanos(_desde(actual, niveles), indice)


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


def _niveles(hojas: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Los niveles del árbol desde las hojas hasta la raíz, de uno en uno: nunca hay más de dos en memoria."""
    nivel = hojas
    while len(nivel) > 1:
        yield nivel
        siguiente = [nodo(nivel[i], nivel[i + 1]) for i in range(0, len(nivel) - 1, 2)]
        if len(nivel) & 1:
            siguiente.append(nivel[-1])
        nivel = siguiente
    yield nivel


def _desde(primero: Sequence[bytes], resto: Iterator[Sequence[bytes]]) -> Iterator[Sequence[bytes]]:
    yield primero
    yield from resto


def _hermanos(niveles: Iterable[Sequence[bytes]], indice: int) -> list[bytes]:
    hermanos = []
    for nivel in niveles:
        if (indice ^ 1) < len(nivel):
            hermanos.append(nivel[indice ^ 1])
        indice >>= 1
    return hermanos


__all__ = [
    "RAIZ_VACIA",
    "Frontera",
    "hash_de_hoja",
    "prueba_consistencia",
    "prueba_inclusion",
    "raiz",
    "verificar_consistencia",
    "verificar_inclusion",
]
