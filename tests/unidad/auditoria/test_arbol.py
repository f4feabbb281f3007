"""El árbol contra tres jueces: la definición recursiva de la norma, los vectores publicados y pymerkle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senda_verificar import arbol as juez
from servicios.auditoria import arbol
from servicios.auditoria.arbol import ANCHO, Frontera

TOPE = 130
HOJAS = [juez.hash_de_hoja(b"%d" % i) for i in range(TOPE)]

#: Entradas y raíces de las pruebas de referencia de certificate-transparency (RFC 6962).
PUBLICADOS = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


class Guardadas:
    """Un libro en memoria: las hojas y los nodos que la frontera dio por completos al crecer."""

    def __init__(self, hojas: Sequence[bytes], lote: int = 50) -> None:
        self.niveles: dict[int, list[bytes]] = {0: list(hojas)}
        self.leidos = 0
        frontera = Frontera()
        for i in range(0, len(hojas), lote):
            for nivel, indice, nodo in frontera.agregar(hojas[i : i + lote]):
                guardados = self.niveles.setdefault(nivel, [])
                assert indice == len(guardados)
                guardados.append(nodo)

    def nodos(self, nivel: int, desde: int, hasta: int) -> Sequence[bytes]:
        leidos = self.niveles.get(nivel, [])[desde:hasta]
        assert len(leidos) == hasta - desde <= ANCHO
        self.leidos += 1
        return leidos


GUARDADAS = Guardadas(HOJAS)


HOJAS_GRANDE = [sha256(b"%d" % i).digest() for i in range(70_000)]
GRANDE = Guardadas(HOJAS_GRANDE, 1000)


@cache
def ingenua(desde: int, hasta: int) -> bytes:
    """MTH de RFC 9162 2.1.1, palabra por palabra."""
    n = hasta - desde
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return HOJAS[desde]
    k = corte(n)
    return sha256(b"\x01" + ingenua(desde, desde + k) + ingenua(desde + k, hasta)).digest()


def corte(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def camino(m: int, desde: int, hasta: int) -> list[bytes]:
    """PATH de RFC 9162 2.1.3.1."""
    n = hasta - desde
    if n == 1:
        return []
    k = corte(n)
    if m < k:
        return [*camino(m, desde, desde + k), ingenua(desde + k, hasta)]
    return [*camino(m - k, desde + k, hasta), ingenua(desde, desde + k)]


def subprueba(m: int, desde: int, hasta: int, *, entero: bool) -> list[bytes]:
    """SUBPROOF de RFC 9162 2.1.4.1."""
    n = hasta - desde
    if m == n:
        return [] if entero else [ingenua(desde, hasta)]
    k = corte(n)
    if m <= k:
        return [*subprueba(m, desde, desde + k, entero=entero), ingenua(desde + k, hasta)]
    return [*subprueba(m - k, desde + k, hasta, entero=False), ingenua(desde, desde + k)]


def test_vectores_publicados() -> None:
    hojas = [juez.hash_de_hoja(bytes.fromhex(entrada)) for entrada, _ in PUBLICADOS]
    assert juez.raiz([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for n, (_, esperada) in enumerate(PUBLICADOS, 1):
        assert juez.raiz(hojas[:n]).hex() == esperada


def test_la_raiz_es_la_de_la_norma_en_todo_tamano() -> None:
    for n in range(TOPE + 1):
        assert juez.raiz(HOJAS[:n]) == ingenua(0, n)


@pytest.mark.parametrize("lote", [1, 2, 3, 7, 64, 100])
def test_crecer_por_lotes_y_guardada_entre_lotes(lote: int) -> None:
    frontera = Frontera()
    for i in range(0, TOPE, lote):
        frontera = Frontera(frontera.tamano, frontera.serializada())
        frontera.agregar(HOJAS[i : i + lote])
        assert frontera.tamano == min(i + lote, TOPE)
        assert frontera.raiz() == ingenua(0, frontera.tamano)


@pytest.mark.parametrize(("tamano", "nodos"), [(-1, b""), (1, b""), (2, b"x" * 64), (3, b"x" * 63), (0, b"x" * 32)])
def test_una_frontera_que_no_cuadra_no_se_abre(tamano: int, nodos: bytes) -> None:
    with pytest.raises(ValueError, match="no corresponden"):
        Frontera(tamano, nodos)


def test_inclusion_exhaustiva() -> None:
    for n in range(1, TOPE + 1):
        raiz = ingenua(0, n)
        for i in range(n):
            prueba = arbol.prueba_inclusion(GUARDADAS, i, n)
            assert prueba == camino(i, 0, n)
            assert juez.verificar_inclusion(HOJAS[i], i, n, prueba, raiz)


def test_consistencia_exhaustiva() -> None:
    for n in range(TOPE + 1):
        for m in range(n + 1):
            prueba = arbol.prueba_consistencia(GUARDADAS, m, n)
            assert prueba == ([] if m == 0 else subprueba(m, 0, n, entero=True))
            assert juez.verificar_consistencia(m, ingenua(0, m), n, ingenua(0, n), prueba)


def test_ninguna_inclusion_falsa_pasa() -> None:
    for n in range(1, 20):
        raiz = ingenua(0, n)
        for i in range(n):
            buena = arbol.prueba_inclusion(GUARDADAS, i, n)
            for otro in range(-1, n + 2):
                if otro != i:
                    assert not juez.verificar_inclusion(HOJAS[i], otro, n, buena, raiz)
            assert not juez.verificar_inclusion(HOJAS[i], i, n, [*buena, HOJAS[0]], raiz)
            assert not juez.verificar_inclusion(HOJAS[n], i, n, buena, raiz)
            for j in range(len(buena)):
                assert not juez.verificar_inclusion(HOJAS[i], i, n, buena[:j] + buena[j + 1 :], raiz)
                assert not juez.verificar_inclusion(HOJAS[i], i, n, [*buena[:j], HOJAS[99], *buena[j + 1 :]], raiz)


def test_ninguna_consistencia_falsa_pasa() -> None:
    otra = HOJAS[99]
    for n in range(2, 20):
        for m in range(1, n):
            buena, vieja, nueva = arbol.prueba_consistencia(GUARDADAS, m, n), ingenua(0, m), ingenua(0, n)
            assert not juez.verificar_consistencia(m, otra, n, nueva, buena)
            assert not juez.verificar_consistencia(m, vieja, n, otra, buena)
            assert not juez.verificar_consistencia(m, vieja, n, nueva, [*buena, otra])
            assert not juez.verificar_consistencia(n, nueva, m, vieja, buena)
            for j in range(len(buena)):
                assert not juez.verificar_consistencia(m, vieja, n, nueva, buena[:j] + buena[j + 1 :])
                assert not juez.verificar_consistencia(m, vieja, n, nueva, [*buena[:j], otra, *buena[j + 1 :]])
    assert not juez.verificar_consistencia(0, otra, 3, ingenua(0, 3), [])
    assert not juez.verificar_consistencia(3, ingenua(0, 3), 3, ingenua(0, 3), [otra])


def test_lo_que_no_cabe_en_el_arbol() -> None:
    with pytest.raises(IndexError):
        arbol.prueba_inclusion(GUARDADAS, 3, 3)
    with pytest.raises(ValueError, match="no cabe"):
        arbol.prueba_consistencia(GUARDADAS, 4, 3)


def test_coincide_con_pymerkle() -> None:
    otro = pymerkle.InmemoryTree(algorithm="sha256")
    hojas = []
    for i in range(70):
        otro.append_entry(b"%d" % i)
        hojas.append(juez.hash_de_hoja(b"%d" % i))
        assert otro.get_root() == juez.raiz(hojas)
    for i in range(70):
        inclusion = otro.prove_inclusion(i + 1, 70)
        pymerkle.verify_inclusion(hojas[i], juez.raiz(hojas), inclusion)
        assert inclusion.path[1:] == arbol.prueba_inclusion(Guardadas(hojas), i, 70)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70_000), st.data())
def test_pruebas_de_arboles_de_varias_teselas(n: int, datos: st.DataObject) -> None:
    i, m = datos.draw(st.integers(0, n - 1)), datos.draw(st.integers(1, n))
    raiz, menor = arbol.raiz_de(GRANDE, n), arbol.raiz_de(GRANDE, m)
    assert raiz == juez.raiz(HOJAS_GRANDE[:n])
    prueba = arbol.prueba_inclusion(GRANDE, i, n)
    assert juez.verificar_inclusion(HOJAS_GRANDE[i], i, n, prueba, raiz)
    assert not juez.verificar_inclusion(HOJAS_GRANDE[i - 1], i, n, prueba, raiz) or n == 1
    assert juez.verificar_consistencia(m, menor, n, raiz, arbol.prueba_consistencia(GRANDE, m, n))


def test_una_prueba_lee_pocas_teselas() -> None:
    GRANDE.leidos = 0
    arbol.prueba_inclusion(GRANDE, 12_345, 69_999)
    assert GRANDE.leidos <= 6


def test_un_lote_cuesta_un_hash_por_hoja(monkeypatch: pytest.MonkeyPatch) -> None:
    cuenta = 0

    def contado(datos: bytes) -> object:
        nonlocal cuenta
        cuenta += 1
        return sha256(datos)

    frontera = Frontera.de(HOJAS)
    monkeypatch.setattr(arbol, "sha256", contado)
    frontera.agregar(HOJAS * 10)
    assert cuenta <= len(HOJAS) * 10 + 16
