"""El JSON de fuera se lee de una sola manera, o no se lee; y leerlo cuesta siempre lo mismo por byte."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contratos.lectura import HONDURA_MAXIMA, JsonRechazado, hondo, leer_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda hijos: st.lists(hijos, max_size=3) | st.dictionaries(st.text(max_size=4), hijos, max_size=3),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("cuerpo", "codigo"),
    [
        (b'{"a": "\xff"}', "no-es-utf8"),
        ('{"a": "ñ"}'.encode("latin-1"), "no-es-utf8"),
        ("{}".encode("utf-16"), "no-es-utf8"),
        (b"\xed\xa0\x80", "no-es-utf8"),  # un sustituto suelto codificado a la fuerza
        (b"\xef\xbb\xbf{}", "json-invalido"),  # marca de orden de bytes
        (b"", "json-invalido"),
        (b"NaN", "json-invalido"),
        (b"[Infinity]", "json-invalido"),
        (b"[1e999]", "json-invalido"),
        (b"[" + b"9" * 6000 + b"]", "json-invalido"),
        (b"[01]", "json-invalido"),
        (b'["\\ud800"]', "json-invalido"),
        (b'["\x00"]', "json-invalido"),
        (b"{} {}", "json-invalido"),
        (b"[" * (HONDURA_MAXIMA + 1), "demasiado-anidado"),
        (b'{"a":' * 5000, "demasiado-anidado"),
        (b'{"a":1,"a":1}', "clave-repetida"),
        (b'{"a":1,"\\u0061":2}', "clave-repetida"),
        (b'[{"b":{"c":1,"d":2,"c":3}}]', "clave-repetida"),
    ],
)
def test_lo_que_no_se_lee_y_por_que(cuerpo: bytes, codigo: str):
    with pytest.raises(JsonRechazado) as rechazo:
        leer_json(cuerpo)
    assert rechazo.value.codigo == codigo


@given(JSON)
def test_lo_demas_se_lee_como_es(valor: object):
    assert leer_json(msgspec.json.encode(valor)) == valor


def test_lo_que_parece_hondo_dentro_de_un_texto_no_lo_es():
    justo = b"[" * HONDURA_MAXIMA + b"]" * HONDURA_MAXIMA
    assert not hondo(justo)
    assert not hondo(b"[" + b"[]," * 100 + b"[]]")
    assert leer_json(b'{"a": "' + b'\\"[{' * 100 + b'"}')
    assert hondo(b'["' + b'\\"' * 10 + b'",' + justo + b"]")


def test_un_texto_que_no_se_cierra_no_se_recorre_dos_veces():
    """Con vuelta atrás, cada comilla recorrería otra vez lo que sigue: minutos."""
    assert not hondo(b'["' + b'\\"[' * 300_000)
