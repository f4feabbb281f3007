"""El sobre cerrado: algo que solo abre su destinatario. JWE compacto, ECDH-ES directo + A256GCM con X25519.

RFC 7516, RFC 7518 §4.6 y RFC 8037. Se monta sobre `cryptography` y no con una biblioteca JOSE porque la efímera y el
nonce salen del azar inyectado: con la misma semilla, el mismo texto.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from msgspec import Meta, Struct

from contratos.lectura import leer_json
from infra.azar import Azar
from infra.seguridad import base64url

_CLAVE: Final = 32
_NONCE: Final = 12
_ETIQUETA: Final = 16


class SobreCerradoInvalido(Exception):
    """No es un sobre cerrado nuestro, no es para esta clave o está alterado."""

    codigo: Final = "sobre-cerrado-invalido"

    def __str__(self) -> str:
        return "sobre-cerrado-invalido: se espera un JWE ECDH-ES + A256GCM para la clave X25519 de quien lo abre"


class PuntoDeOrdenBajo(ValueError):
    """Una pública X25519 con la que todo acuerdo da ceros: lo cerrado hacia ella lo abriría cualquiera."""

    codigo: Final = "punto-de-orden-bajo"

    def __str__(self) -> str:
        return "punto-de-orden-bajo: esa clave pública no es de nadie; genera un par X25519 nuevo y da su pública"


class _Efimera(Struct, frozen=True, forbid_unknown_fields=True):
    kty: Literal["OKP"]
    crv: Literal["X25519"]
    x: str


_Info = Annotated[str, Meta(max_length=200)]


class _Cabecera(Struct, frozen=True, forbid_unknown_fields=True):
    """Lo que sabemos obedecer; con ``zip``, ``crit`` u otra cosa, no se abre. ``kid``, ``typ`` y ``cty`` no deciden."""

    alg: Literal["ECDH-ES"]
    enc: Literal["A256GCM"]
    epk: _Efimera
    apu: _Info = ""
    apv: _Info = ""
    kid: _Info = ""
    typ: _Info = ""
    cty: _Info = ""


#: No guarda ningún secreto: solo sirve para mirar si una pública vale.
_DE_PRUEBA: Final = X25519PrivateKey.from_private_bytes(bytes(_CLAVE))

_leer = msgspec.json.Decoder(_Cabecera)


def publica_de_bytes(octetos: bytes) -> X25519PublicKey:
    """La pública X25519 de 32 bytes, si sirve. Errores: `PuntoDeOrdenBajo`; `ValueError` si no los mide."""
    publica = X25519PublicKey.from_public_bytes(octetos)
    # Con cualquier privada: todas son múltiplo del cofactor, y esos puntos, y solo ellos, dan ceros (RFC 7748 §6.1).
    _acordar(_DE_PRUEBA, publica)
    return publica


def cerrar(claro: bytes, publica: X25519PublicKey, azar: Azar) -> str:
    """JWE compacto para quien tenga la privada de ``publica``. ``azar`` da la efímera (32 bytes) y el nonce (12).

    Errores: `PuntoDeOrdenBajo`.
    """
    efimera = X25519PrivateKey.from_private_bytes(azar.bytes(_CLAVE))
    nonce = azar.bytes(_NONCE)
    epk = {"kty": "OKP", "crv": "X25519", "x": base64url.a_texto(efimera.public_key().public_bytes_raw())}
    protegida = base64url.a_texto(msgspec.json.encode({"alg": "ECDH-ES", "enc": "A256GCM", "epk": epk}))
    clave = _derivar(_acordar(efimera, publica), b"", b"")
    cifrado = AESGCM(clave).encrypt(nonce, claro, protegida.encode())
    piezas = (nonce, cifrado[:-_ETIQUETA], cifrado[-_ETIQUETA:])
    # La segunda pieza (clave cifrada) va vacía: el acuerdo es directo.
    return ".".join((protegida, "", *map(base64url.a_texto, piezas)))


def abrir(texto: str, privada: X25519PrivateKey) -> bytes:
    """Lo que se cerró. Errores: `SobreCerradoInvalido`, sin decir cuál de las causas."""
    try:
        protegida, clave_cifrada, *piezas = texto.split(".")
        nonce, cifrado, etiqueta = map(base64url.de_texto, piezas)
        llano = base64url.de_texto(protegida)
        leer_json(llano)  # un nombre repetido se leería de dos maneras (RFC 7516 §4)
        cabecera = _leer.decode(llano)
        if clave_cifrada or len(nonce) != _NONCE or len(etiqueta) != _ETIQUETA:
            raise SobreCerradoInvalido
        compartido = _acordar(privada, X25519PublicKey.from_public_bytes(base64url.de_texto(cabecera.epk.x)))
        clave = _derivar(compartido, base64url.de_texto(cabecera.apu), base64url.de_texto(cabecera.apv))
        return AESGCM(clave).decrypt(nonce, cifrado + etiqueta, protegida.encode())
    except (ValueError, InvalidTag):  # los de msgspec y el punto de orden bajo también son ValueError
        raise SobreCerradoInvalido from None


def _acordar(privada: X25519PrivateKey, publica: X25519PublicKey) -> bytes:
    try:
        compartido = privada.exchange(publica)
    except ValueError:  # la biblioteca ya lo rechaza; que no dependa de su versión
        raise PuntoDeOrdenBajo from None
    if not any(compartido):
        raise PuntoDeOrdenBajo
    return compartido


def _derivar(compartido: bytes, apu: bytes, apv: bytes) -> bytes:
    """Concat KDF de RFC 7518 §4.6.2: algoritmo, partes y longitud en bits, cada texto con su longitud delante."""
    textos = b"".join(len(parte).to_bytes(4) + parte for parte in (b"A256GCM", apu, apv))
    return ConcatKDFHash(SHA256(), _CLAVE, textos + (_CLAVE * 8).to_bytes(4)).derive(compartido)


__all__ = ["PuntoDeOrdenBajo", "SobreCerradoInvalido", "abrir", "cerrar", "publica_de_bytes"]
