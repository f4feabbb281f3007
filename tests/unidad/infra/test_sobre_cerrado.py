"""El sobre cerrado: lo abre su destinatario y nadie más, y es un JWE corriente."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OKPKey

from infra.azar import AzarReal, AzarSembrado
from infra.seguridad.sobre_cerrado import (
    PuntoDeOrdenBajo,
    SobreCerradoInvalido,
    _acordar,
    _derivar,
    abrir,
    cerrar,
    publica_de_bytes,
)

PRIVADA = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLICA = PRIVADA.public_key()
ALGORITMOS = ["ECDH-ES", "A256GCM"]


def b64(octetos):
    return urlsafe_b64encode(octetos).rstrip(b"=").decode()


LLAVE = OKPKey.import_key({
    "kty": "OKP", "crv": "X25519", "x": b64(PUBLICA.public_bytes_raw()), "d": b64(PRIVADA.private_bytes_raw()),
})  # fmt: skip


@given(st.binary(max_size=300))
def test_va_y_vuelve(claro):
    assert abrir(cerrar(claro, PUBLICA, AzarReal()), PRIVADA) == claro


def test_la_semilla_manda():
    uno, otro, distinto = (cerrar(b"nombre", PUBLICA, AzarSembrado(s)) for s in (1, 1, 2))
    assert uno == otro != distinto


@pytest.mark.parametrize("claro", [b"", b"nombre", bytes(range(256)) * 20])
def test_joserfc_abre_lo_nuestro(claro):
    assert jwe.decrypt_compact(cerrar(claro, PUBLICA, AzarReal()), LLAVE, algorithms=ALGORITMOS).plaintext == claro


@pytest.mark.parametrize("extra", [{}, {"kid": "deteccion", "cty": "json"}, {"apu": b64(b"mp"), "apv": b64(b"gt")}])
def test_abrimos_lo_de_joserfc(extra):
    suyo = jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM", **extra}, b"nombre", LLAVE, algorithms=ALGORITMOS)
    assert abrir(suyo, PRIVADA) == b"nombre"


#: Los siete de https://cr.yp.to/ecdh.html#validate, en little-endian. El bit alto no cuenta (RFC 7748 §5).
_P = 2**255 - 19
ORDEN_BAJO = [
    n.to_bytes(32, "little")
    for n in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        _P - 1,
        _P,
        _P + 1,
    )
]


@pytest.mark.parametrize("punto", ORDEN_BAJO, ids=range(7))
def test_no_se_cierra_hacia_un_punto_de_orden_bajo(punto):
    """Lo cerrado hacia él lo abriría cualquiera: el acuerdo da ceros con toda privada."""
    con_bit_alto = punto[:-1] + bytes([punto[-1] | 0x80])
    for octetos in (punto, con_bit_alto):
        with pytest.raises(PuntoDeOrdenBajo) as error:
            publica_de_bytes(octetos)
        assert error.value.codigo == "punto-de-orden-bajo"
        with pytest.raises(PuntoDeOrdenBajo):
            cerrar(b"nombre", X25519PublicKey.from_public_bytes(octetos), AzarReal())


@pytest.mark.parametrize("punto", ORDEN_BAJO, ids=range(7))
def test_un_sobre_con_efimera_de_orden_bajo_no_se_abre(punto):
    """Quien lo hizo no conoce a nadie: la clave sería la de los ceros."""
    protegida, _, nonce, _, _ = cerrar(b"nombre", PUBLICA, AzarReal()).split(".")
    cabecera = json.loads(urlsafe_b64decode(protegida + "=" * (-len(protegida) % 4)))
    cabecera["epk"]["x"] = b64(punto)
    protegida = b64(json.dumps(cabecera).encode())
    clave = _derivar(bytes(32), b"", b"")
    cifrado = AESGCM(clave).encrypt(urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4)), b"nombre", protegida.encode())
    with pytest.raises(SobreCerradoInvalido):
        abrir(".".join((protegida, "", nonce, b64(cifrado[:-16]), b64(cifrado[-16:]))), PRIVADA)


def test_si_la_biblioteca_dejara_de_mirarlo_tampoco():
    descuidada = Mock(spec=X25519PrivateKey)
    descuidada.exchange.return_value = bytes(32)
    with pytest.raises(PuntoDeOrdenBajo):
        _acordar(descuidada, PUBLICA)


def test_otra_clave_no_lo_abre():
    with pytest.raises(SobreCerradoInvalido) as error:
        abrir(cerrar(b"nombre", PUBLICA, AzarReal()), X25519PrivateKey.generate())
    assert error.value.codigo == "sobre-cerrado-invalido"
    assert error.value.args == ()
    assert error.value.__cause__ is None


def test_cada_pieza_cuenta():
    piezas = cerrar(b"nombre", PUBLICA, AzarReal()).split(".")
    for i, pieza in enumerate(piezas):
        for otra in (pieza[:-1] + ("A" if pieza[-1:] != "A" else "g"), pieza + "A", pieza + "=", "", "ñ"):
            if otra != pieza:
                with pytest.raises(SobreCerradoInvalido):
                    abrir(".".join([*piezas[:i], otra, *piezas[i + 1 :]]), PRIVADA)


@pytest.mark.parametrize("texto", ["", "....", "a.b.c", "x" * 100])
def test_lo_que_no_es_un_sobre(texto):
    with pytest.raises(SobreCerradoInvalido):
        abrir(texto, PRIVADA)


@pytest.mark.parametrize(
    "cambio",
    [
        {"zip": "DEF"},
        {"crit": ["x"], "x": 1},
        {"alg": "ECDH-ES+A256KW"},
        {"alg": "dir"},
        {"enc": "A128GCM"},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))}},
        {"epk": {"kty": "OKP", "crv": "X448", "x": b64(bytes(56))}},
        {"epk": None},
    ],
)
def test_lo_que_no_sabemos_obedecer_no_se_abre(cambio):
    """Incluido el punto de orden bajo: su secreto es cero para cualquiera."""
    protegida, *resto = cerrar(b"nombre", PUBLICA, AzarReal()).split(".")
    cabecera = json.loads(urlsafe_b64decode(protegida + "=" * (-len(protegida) % 4)))
    with pytest.raises(SobreCerradoInvalido):
        abrir(".".join([b64(json.dumps(cabecera | cambio).encode()), *resto]), PRIVADA)
