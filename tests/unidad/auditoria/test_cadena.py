"""El formato de la entrada es público: estas pruebas lo escriben a mano."""

from __future__ import annotations

from hashlib import sha256

import pytest

from infra.seguridad.cadena import CERO, Eslabon, encadenar, hoja

ORIGEN = "/gt/deteccion"


def test_la_hoja_es_el_hash_de_la_entrada_escrita_a_mano() -> None:
    entrada = b"/gt/deteccion\n1\n" + b"0" * 64 + b"\n" + b'{"id":1}'
    assert hoja(ORIGEN, 1, CERO, b'{"id":1}') == sha256(b"\x00" + entrada).digest()


def test_vector_fijo() -> None:
    primera = hoja(ORIGEN, 1, CERO, b"uno")
    segunda = hoja(ORIGEN, 2, primera, b"dos")
    assert primera.hex() == sha256(b"\x00/gt/deteccion\n1\n" + b"0" * 64 + b"\nuno").hexdigest()
    assert segunda.hex() == sha256(b"\x00/gt/deteccion\n2\n" + primera.hex().encode() + b"\ndos").hexdigest()


def test_encadenar_da_lo_mismo_que_hoja_a_hoja_y_por_partes() -> None:
    cuerpos = [b"a", b"", b"c\n", "ñ".encode(), bytes(range(256))]
    todo = encadenar(ORIGEN, 1, CERO, cuerpos)
    esperado, anterior = [], CERO
    for posicion, cuerpo in enumerate(cuerpos, 1):
        suya = hoja(ORIGEN, posicion, anterior, cuerpo)
        esperado.append(Eslabon(posicion, anterior, suya))
        anterior = suya
    assert todo == esperado
    assert encadenar(ORIGEN, 3, todo[1].hoja, cuerpos[2:]) == todo[2:]
    assert encadenar(ORIGEN, 1, CERO, []) == []


@pytest.mark.parametrize(
    ("origen", "posicion", "anterior"),
    [("", 1, CERO), ("/gt/a\n1", 1, CERO), (ORIGEN, 0, CERO), (ORIGEN, 2, b"corto"), (ORIGEN, 1, b"\x01" * 32)],
)
def test_lo_ambiguo_no_se_encadena(origen: str, posicion: int, anterior: bytes) -> None:
    with pytest.raises(ValueError):
        hoja(origen, posicion, anterior, b"x")
    with pytest.raises(ValueError):
        encadenar(origen, posicion, anterior, [b"x"])
