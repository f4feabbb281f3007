"""Una sola escritura por valor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.seguridad.base64url import a_texto, de_texto


@given(st.binary(max_size=100))
def test_va_y_vuelve(octetos):
    assert de_texto(a_texto(octetos)) == octetos


@pytest.mark.parametrize("texto", ["A", "AA==", "AB", "A A", "AA\n", "A+", "A/", "ñÑ", "AA.", "AAA=", "=", "AAAAA"])
def test_lo_que_no_escribiriamos_no_se_lee(texto):
    with pytest.raises(ValueError) as error:
        de_texto(texto)
    assert texto not in str(error.value).split()
