"""La misma persona escrita de muchas maneras da la misma huella; y nadie prueba nombres sin la clave."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infra.seguridad.boveda.ficha import Documento, FichaIdentidad
from infra.seguridad.registro_unico.huella import documento_llano, huellas, persona_llana
from infra.seguridad.registro_unico.rechazos import HuellaSinDocumento

CLAVE = bytes(range(32))
ANA = FichaIdentidad(
    nombres="Ana María",
    apellidos="Ñandú de la Inventada",
    nacimiento=date(2001, 2, 3),
    lugar_nacimiento="Villa Ficticia",
)
DPI = Documento(clase="dpi", pais="GTM", numero="1234 56789 0101")


@pytest.mark.parametrize(
    "cambios",
    [
        {"nombres": "ANA MARIA", "apellidos": "NANDU INVENTADA"},
        {"nombres": "María Ana", "apellidos": "Inventada Ñandú"},
        {"nombres": "Ñandú Inventada, Ana María", "apellidos": ""},
        {"nombres": "  Ana\u00a0 Mari\u0301a ", "lugar_nacimiento": "VILLA  ficticia"},
    ],
)
def test_la_misma_persona_escrita_de_otra_manera(cambios):
    assert huellas(replace(ANA, **cambios), CLAVE) == huellas(ANA, CLAVE)


@pytest.mark.parametrize(
    "cambios",
    [
        {"nacimiento": date(2001, 3, 2)},
        {"lugar_nacimiento": "Villa Otra"},
        {"nombres": "Ana"},
        {"apellidos": "Ñandú Inventado"},
    ],
)
def test_otra_persona_da_otra(cambios):
    assert huellas(replace(ANA, **cambios), CLAVE) != huellas(ANA, CLAVE)


@pytest.mark.parametrize("numero", ["1234567890101", "1234-56789-0101", " 1234.56789.0101 "])
def test_el_documento_se_escribe_de_una_sola_manera(numero):
    assert documento_llano(replace(DPI, numero=numero)) == documento_llano(DPI) == "doc|GTM|dpi|1234567890101"


def test_el_pais_y_la_clase_cuentan():
    assert len({documento_llano(replace(DPI, **c)) for c in ({}, {"pais": "HND"}, {"clase": "pasaporte"})}) == 3


def test_con_documento_y_nombre_hay_una_por_cada_uno():
    dos = huellas(replace(ANA, documentos=(DPI, DPI)), CLAVE)
    assert len(dos) == 2
    assert huellas(ANA, CLAVE)[0] in dos


@pytest.mark.parametrize(
    "cambios",
    [{"nacimiento": None}, {"lugar_nacimiento": " - "}, {"nombres": "Ana", "apellidos": ""}],
)
def test_sin_documento_y_sin_lo_demas_no_hay_huella(cambios):
    ficha = replace(ANA, **cambios, documentos=(replace(DPI, numero=" - "),))
    with pytest.raises(HuellaSinDocumento) as error:
        huellas(ficha, CLAVE)
    assert (error.value.codigo, error.value.campo) == ("huella-sin-documento", "documentos")
    assert "Ana" not in str(error.value)


def test_sin_la_clave_la_huella_no_se_puede_calcular():
    assert huellas(ANA, CLAVE) != huellas(ANA, bytes(32))


@given(st.text(max_size=40), st.text(max_size=40))
def test_nombre_y_apellido_no_dependen_del_campo_en_que_vayan(uno, otro):
    de_un_modo = persona_llana(replace(ANA, nombres=uno, apellidos=otro))
    assert de_un_modo == persona_llana(replace(ANA, nombres=otro, apellidos=uno))
