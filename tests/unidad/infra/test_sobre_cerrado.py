"""El sobre cerrado: lo abre su destinatario y nadie más, y es un JWE corriente."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OKPKey

from infra.azar import AzarReal, AzarSembrado
from infra.seguridad.sobre_cerrado import SobreCerradoInvalido, abrir, cerrar

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
