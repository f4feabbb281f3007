"""El sello abre lo que selló, calla cuánto medía y nota cualquier cambio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.azar import AzarReal, AzarSembrado
from infra.seguridad.sello import SelloRoto, abrir, sellar

CLAVE = bytes(range(32))


@given(st.binary(max_size=300), st.binary(max_size=80))
def test_va_y_vuelve(claro, autenticado):
    cifrado = sellar(CLAVE, claro, autenticado, AzarReal())
    assert abrir(CLAVE, cifrado, autenticado) == claro


@pytest.mark.parametrize("claro", [b"", b"\x80", b"\x80\x00\x00", b"\x00" * 64, b"x" * 63, b"x" * 64])
def test_lo_que_se_parece_al_relleno_vuelve_entero(claro):
    assert abrir(CLAVE, sellar(CLAVE, claro, b"", AzarReal()), b"") == claro


@pytest.mark.parametrize(("n", "bytes_claros"), [(0, 64), (1, 64), (63, 64), (64, 128), (127, 128), (128, 192)])
def test_el_tamano_solo_dice_el_multiplo_de_64(n, bytes_claros):
    assert len(sellar(CLAVE, b"x" * n, b"", AzarReal())) == 12 + bytes_claros + 16


def test_el_azar_manda():
    uno, otro, distinto = (sellar(CLAVE, b"si", b"id", AzarSembrado(s)) for s in (1, 1, 2))
    assert uno == otro != distinto


def test_cada_byte_cuenta():
    cifrado = sellar(CLAVE, b"relato", b"id", AzarReal())
    for i in range(len(cifrado)):
        alterado = bytearray(cifrado)
        alterado[i] ^= 1
        with pytest.raises(SelloRoto):
            abrir(CLAVE, bytes(alterado), b"id")


def test_otra_clave_otro_dato_o_menos_bytes_no_abren_y_el_error_no_cuenta_nada():
    cifrado = sellar(CLAVE, b"relato", b"id", AzarReal())
    casos = [(bytes(32), cifrado, b"id"), (CLAVE, cifrado, b"otro"), *((CLAVE, cifrado[:n], b"id") for n in range(40))]
    for clave, sellado, dato in casos:
        with pytest.raises(SelloRoto) as error:
            abrir(clave, sellado, dato)
        assert error.value.codigo == "sello-roto"
        assert error.value.args == ()
        assert error.value.__cause__ is None


def test_un_relleno_ajeno_no_se_adivina():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    for relleno in (b"", b"x" * 64, b"x\x80", b"\x00" * 64):
        cifrado = bytes(12) + AESGCM(CLAVE).encrypt(bytes(12), relleno, b"")
        with pytest.raises(SelloRoto):
            abrir(CLAVE, cifrado, b"")


@pytest.mark.parametrize("largo", [0, 16, 24, 31, 33])
def test_la_clave_mide_32_bytes(largo):
    with pytest.raises(ValueError):
        sellar(bytes(largo), b"", b"", AzarReal())
    with pytest.raises(ValueError):
        abrir(bytes(largo), bytes(92), b"")
