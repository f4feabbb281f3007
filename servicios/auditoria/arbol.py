"""El árbol de Merkle de RFC 9162 que lleva el libro: cómo crece y cómo da pruebas sin recorrerlo.

Nodo interno = SHA-256(0x01 ‖ izquierda ‖ derecha); raíz del árbol vacío = SHA-256(""). Cada ocho niveles se guarda el
nodo (una «tesela» de C2SP tlog-tiles son 256 seguidos), así que una prueba lee unas pocas teselas y no el árbol.
Fuente: RFC 9162, secciones 2.1.1 a 2.1.4, y https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, Self

RAIZ_VACIA: Final = sha256(b"").digest()
LARGO: Final = 32
#: Niveles del árbol que abarca una tesela, y cuántos nodos lleva.
ALTO: Final = 8
ANCHO: Final = 1 << ALTO


def nodo(izquierda: bytes, derecha: bytes) -> bytes:
    """Hash de un nodo interno."""
    return sha256(b"\x01" + izquierda + derecha).digest()


class Nodo(NamedTuple):
    """Un nodo de tesela: la raíz de las hojas ``indice * 256**nivel`` a ``(indice + 1) * 256**nivel`` (sin incluir)."""

    nivel: int
    indice: int
    hash: bytes


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

    def agregar(self, hojas: Iterable[bytes]) -> list[Nodo]:
        """Añade hashes de hoja al final; devuelve los nodos de tesela (nivel ≥ 1) que quedaron completos."""
        nodos, tamano = self._nodos, self._tamano
        completos = []
        for actual in hojas:
            altura, pendientes = 0, tamano
            while pendientes & 1:
                actual = sha256(b"\x01" + nodos.pop() + actual).digest()  # noqa: PLW2901
                pendientes >>= 1
                altura += 1
                if altura % ALTO == 0:
                    completos.append(Nodo(altura // ALTO, tamano >> altura, actual))
            nodos.append(actual)
            tamano += 1
        self._tamano = tamano
        return completos

    def raiz(self) -> bytes:
        """La raíz del árbol tal como está."""
        return _plegar(self._nodos)


class Teselas(Protocol):
    """De dónde se leen los nodos guardados."""

    def nodos(self, nivel: int, desde: int, hasta: int) -> Sequence[bytes]:
        """Los de un nivel de tesela, de un índice a otro (sin incluir); nivel 0 son las hojas."""


def prueba_inclusion(teselas: Teselas, indice: int, tamano: int) -> list[bytes]:
    """Los hermanos, de abajo arriba, que llevan de la hoja ``indice`` (desde 0) a la raíz de las ``tamano`` primeras.

    Errores: `IndexError` si esa hoja no está en el árbol.
    """
    if not 0 <= indice < tamano:
        raise IndexError("esa hoja no está en el árbol")
    lectura = _Lectura(teselas, tamano)
    camino: list[bytes] = []
    desde, hasta = 0, tamano
    while hasta - desde > 1:
        corte = desde + _mitad(hasta - desde)
        if indice < corte:
            camino.append(lectura.raiz_de(corte, hasta))
            hasta = corte
        else:
            camino.append(lectura.raiz_de(desde, corte))
            desde = corte
    return camino[::-1]


def prueba_consistencia(teselas: Teselas, menor: int, mayor: int) -> list[bytes]:
    """Prueba de que el árbol de tamaño ``mayor`` empieza por el de tamaño ``menor``.

    Vacía si son iguales o si ``menor`` es 0. Errores: `ValueError` si ``menor`` no cabe en ``mayor``.
    """
    if not 0 <= menor <= mayor:
        raise ValueError("el árbol menor no cabe en el mayor")
    if menor in (0, mayor):
        return []
    lectura = _Lectura(teselas, mayor)
    prueba: list[bytes] = []
    desde, hasta, entero = 0, mayor, True
    while menor != hasta - desde:
        mitad = _mitad(hasta - desde)
        corte = desde + mitad
        if menor <= mitad:
            prueba.append(lectura.raiz_de(corte, hasta))
            hasta = corte
        else:
            prueba.append(lectura.raiz_de(desde, corte))
            desde, menor, entero = corte, menor - mitad, False
    # Si el menor es un subárbol de los primeros, su raíz ya la tiene quien verifica.
    if not entero:
        prueba.append(lectura.raiz_de(desde, hasta))
    return prueba[::-1]


def raiz_de(teselas: Teselas, tamano: int) -> bytes:
    """La raíz de las ``tamano`` primeras hojas."""
    return _Lectura(teselas, tamano).raiz_de(0, tamano)


class _Lectura:
    """Las teselas que una prueba va necesitando, leídas una sola vez cada una."""

    def __init__(self, teselas: Teselas, tamano: int) -> None:
        self._teselas = teselas
        self._tamano = tamano
        self._leidas: dict[tuple[int, int], Sequence[bytes]] = {}

    def raiz_de(self, desde: int, hasta: int) -> bytes:
        """La raíz de las hojas de ese tramo, que empieza donde empieza un subárbol."""
        raices = []
        while desde < hasta:
            # El mayor subárbol perfecto que empieza aquí y cabe.
            altura = (hasta - desde).bit_length() - 1
            if desde:
                altura = min(altura, (desde & -desde).bit_length() - 1)
            raices.append(self._perfecto(altura, desde >> altura))
            desde += 1 << altura
        return _plegar(raices)

    def _perfecto(self, altura: int, indice: int) -> bytes:
        nivel, sobra = divmod(altura, ALTO)
        primero = indice << sobra
        tesela, hueco = divmod(primero, ANCHO)
        nodos = self._tesela(nivel, tesela)[hueco : hueco + (1 << sobra)]
        while len(nodos) > 1:
            nodos = [nodo(nodos[i], nodos[i + 1]) for i in range(0, len(nodos), 2)]
        return nodos[0]

    def _tesela(self, nivel: int, indice: int) -> Sequence[bytes]:
        if (nivel, indice) not in self._leidas:
            completos = self._tamano >> (ALTO * nivel)
            desde = indice * ANCHO
            self._leidas[nivel, indice] = self._teselas.nodos(nivel, desde, min(desde + ANCHO, completos))
        return self._leidas[nivel, indice]


def _mitad(n: int) -> int:
    """La mayor potencia de 2 menor que ``n``."""
    return 1 << ((n - 1).bit_length() - 1)


def _plegar(raices: Sequence[bytes]) -> bytes:
    """La raíz que dan unos subárboles perfectos, de mayor a menor."""
    if not raices:
        return RAIZ_VACIA
    resto = reversed(raices)
    acumulado = next(resto)
    for izquierda in resto:
        acumulado = nodo(izquierda, acumulado)
    return acumulado


__all__ = [
    "ANCHO",
    "LARGO",
    "Frontera",
    "Nodo",
    "Teselas",
    "nodo",
    "prueba_consistencia",
    "prueba_inclusion",
    "raiz_de",
]
