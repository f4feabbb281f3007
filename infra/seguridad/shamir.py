"""Repartir un secreto en n partes de las que bastan k (Shamir, 1979), byte a byte sobre GF(256).

El cuerpo es el de AES (x⁸+x⁴+x³+x+1) y el secreto, el valor en 0: compatible con el esquema TSS de
draft-mcgrew-tss-03, cuyos vectores se prueban. Con k-1 partes no se sabe nada del secreto. No hay biblioteca entre las
del proyecto que lo haga. Los tiempos no son constantes: se reúne sin conexión, en una máquina que nadie más usa.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import Final

from infra.azar import Azar

MAXIMO: Final = 255
_POLINOMIO: Final = 0x11B


def repartir(secreto: bytes, umbral: int, partes: int, azar: Azar) -> dict[int, bytes]:
    """``partes`` trozos (índice 1…n -> tantos bytes como el secreto) de los que bastan ``umbral`` cualesquiera.

    Errores: `ValueError` si no se cumple 2 ≤ umbral ≤ partes ≤ 255 o el secreto está vacío.
    """
    if not 2 <= umbral <= partes <= MAXIMO:  # noqa: PLR2004  con umbral 1 cada parte sería el secreto
        raise ValueError("se pide 2 ≤ umbral ≤ partes ≤ 255")
    if not secreto:
        raise ValueError("no hay nada que repartir")
    polinomios = [(byte, *azar.bytes(umbral - 1)) for byte in secreto]
    return {x: bytes(_evaluar(polinomio, x) for polinomio in polinomios) for x in range(1, partes + 1)}


def reunir(partes: Mapping[int, bytes]) -> bytes:
    """El secreto, si las partes son suficientes y de un mismo reparto; si no, otros bytes: quien llama lo comprueba.

    Errores: `ValueError` si hay menos de dos, un índice no está en 1…255 o no miden lo mismo.
    """
    if len(partes) < 2:  # noqa: PLR2004
        raise ValueError("una parte sola no dice nada")
    if not all(1 <= x <= MAXIMO for x in partes) or len({len(p) for p in partes.values()}) != 1:
        raise ValueError("las partes no son de un mismo reparto")
    pesos = {x: _peso(x, partes) for x in partes}
    largo = len(next(iter(partes.values())))
    return bytes(reduce(xor, (multiplicar(pesos[x], parte[i]) for x, parte in partes.items())) for i in range(largo))


def multiplicar(a: int, b: int) -> int:
    """Producto en GF(256) de AES (FIPS 197 §4.2)."""
    producto = 0
    while b:
        if b & 1:
            producto ^= a
        a <<= 1
        if a & 0x100:
            a ^= _POLINOMIO
        b >>= 1
    return producto


def _inverso(a: int) -> int:
    """a²⁵⁴: en un cuerpo de 256 elementos, el inverso."""
    resultado = 1
    for _ in range(254):
        resultado = multiplicar(resultado, a)
    return resultado


def _evaluar(polinomio: tuple[int, ...], x: int) -> int:
    return reduce(lambda acumulado, coeficiente: multiplicar(acumulado, x) ^ coeficiente, reversed(polinomio), 0)


def _peso(x: int, otros: Mapping[int, bytes]) -> int:
    """El de Lagrange en 0: Π xⱼ / (xⱼ - xᵢ); en característica 2, restar es sumar."""
    peso = 1
    for otro in otros:
        if otro != x:
            peso = multiplicar(peso, multiplicar(otro, _inverso(otro ^ x)))
    return peso


__all__ = ["MAXIMO", "multiplicar", "repartir", "reunir"]
