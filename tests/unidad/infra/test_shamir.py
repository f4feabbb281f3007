"""Repartir y reunir, contra vectores ajenos y contra cualquier subconjunto."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.azar import AzarSembrado
from infra.seguridad.shamir import multiplicar, repartir, reunir


@pytest.mark.parametrize(("a", "b", "producto"), [(0x57, 0x83, 0xC1), (0x57, 0x13, 0xFE), (0, 7, 0), (3, 7, 9)])
def test_multiplica_como_fips_197(a, b, producto):
    assert multiplicar(a, b) == multiplicar(b, a) == producto


def test_reune_el_vector_de_tss():
    """draft-mcgrew-tss-03 §9: secreto 7465737400, umbral 2."""
    partes = {1: bytes.fromhex("b9fa07e185"), 2: bytes.fromhex("f5409b4511")}
    assert reunir(partes) == bytes.fromhex("7465737400")


@settings(max_examples=60, deadline=None)
@given(secreto=st.binary(min_size=1, max_size=40), datos=st.data(), semilla=st.integers(0, 2**32))
def test_bastan_k_cualesquiera_y_no_menos(secreto, datos, semilla):
    n = datos.draw(st.integers(2, 7))
    k = datos.draw(st.integers(2, n))
    partes = repartir(secreto, k, n, AzarSembrado(semilla))
    for elegidas in combinations(partes, k):
        assert reunir({x: partes[x] for x in elegidas}) == secreto
    assert reunir(partes) == secreto


def test_con_una_menos_cualquier_secreto_es_posible():
    """Secreto perfecto: fijadas k-1 partes, la que falta lleva a cada uno de los 256 valores exactamente una vez."""
    partes = repartir(b"S", 3, 5, AzarSembrado(1))
    conocidas = {1: partes[1], 2: partes[2]}
    assert {reunir({**conocidas, 3: bytes([b])}) for b in range(256)} == {bytes([b]) for b in range(256)}


def test_con_menos_no_sale_el_secreto():
    secreto = bytes(range(32))
    partes = repartir(secreto, 3, 5, AzarSembrado(1))
    assert all(reunir({a: partes[a], b: partes[b]}) != secreto for a, b in pairwise(partes))


@pytest.mark.parametrize(("umbral", "partes"), [(1, 3), (4, 3), (2, 256), (0, 0)])
def test_un_reparto_imposible_se_niega(umbral, partes):
    with pytest.raises(ValueError):
        repartir(b"x", umbral, partes, AzarSembrado(1))


@pytest.mark.parametrize("partes", [{}, {1: b"a"}, {0: b"a", 1: b"b"}, {1: b"a", 256: b"b"}, {1: b"a", 2: b"bb"}])
def test_partes_que_no_casan_se_niegan(partes):
    with pytest.raises(ValueError):
        reunir(partes)
    with pytest.raises(ValueError):
        repartir(b"", 2, 3, AzarSembrado(1))
