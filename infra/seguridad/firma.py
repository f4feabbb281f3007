"""La firma de una solicitud o un acuse: JWS EdDSA (Ed25519) de cuerpo separado sobre los bytes exactos.

Texto: ``cabecera..firma`` (RFC 7515 ap. F), con cabecera ``{"alg":"EdDSA","kid","servicio","id","exp"}`` protegida.
Se firma ``cabecera.base64url(cuerpo)``: cualquier biblioteca JOSE lo lee y lo escribe. Aquí lo hace `cryptography`
directamente porque la cabecera se lee antes de verificar (`kid` dice con qué clave) y lo que queda es una línea.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from contratos.lectura import leer_json
from infra.seguridad import base64url

CodigoFirma = Literal[
    "firma-malformada", "firma-algoritmo", "firma-otro-servicio", "firma-caducada", "firma-no-coincide"
]

_QUE_HACER: Final[dict[CodigoFirma, str]] = {
    "firma-malformada": "se espera un JWS compacto de cuerpo separado con alg, kid, servicio, id y exp",
    "firma-algoritmo": "firma con Ed25519 y alg EdDSA",
    "firma-otro-servicio": "firma para el servicio al que envías",
    "firma-caducada": "vuelve a firmar con una caducidad futura y comprueba tu reloj",
    "firma-no-coincide": "firma los bytes exactos que envías con la clave inscrita de tu institución",
}

_MAXIMO_CAMPO: Final = 200
#: Con lo que la cabecera puede llevar sobra; más es un intento de hacer trabajar a quien verifica.
_MAXIMO_TEXTO: Final = 4096
_FIRMA_BYTES: Final = 64


class FirmaInvalida(Exception):
    """Por qué no vale, con `codigo` estable. No lleva nada de lo recibido."""

    def __init__(self, codigo: CodigoFirma) -> None:
        super().__init__(codigo)
        self.codigo: Final = codigo
        self.que_hacer: Final = _QUE_HACER[codigo]

    def __str__(self) -> str:
        return f"{self.codigo}: {self.que_hacer}"


_Texto = Annotated[str, Meta(min_length=1, max_length=_MAXIMO_CAMPO)]


class Cabecera(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """La cabecera protegida. ``kid``: código de la institución que firma; ``exp``: segundos desde 1970 (UTC).

    Lo desconocido se rechaza: ``crit`` o ``b64`` cambiarían qué se firma (RFC 7515 §4.1.11, RFC 7797).
    """

    alg: Literal["EdDSA"] = "EdDSA"
    kid: _Texto
    servicio: _Texto
    id: _Texto
    exp: Annotated[int, Meta(ge=0)]
    typ: Literal["JOSE"] | None = None


class _SoloAlgoritmo(Struct):
    alg: str


class _Partes(NamedTuple):
    protegida: str
    cabecera: Cabecera
    firma: bytes


_leer = msgspec.json.Decoder(Cabecera)
_leer_algoritmo = msgspec.json.Decoder(_SoloAlgoritmo)


def firmar(
    cuerpo: bytes,
    clave_privada: Ed25519PrivateKey,
    institucion: str,
    servicio: str,
    id: str,
    caduca: datetime,
) -> str:
    """Firma ``cuerpo`` tal cual. ``caduca`` con zona; se redondea al segundo inferior.

    Errores: `ValueError` si ``caduca`` no lleva zona o un texto está vacío o pasa de 200 caracteres.
    """
    if caduca.tzinfo is None:
        raise ValueError("la caducidad debe llevar zona horaria")
    if not all(0 < len(texto) <= _MAXIMO_CAMPO for texto in (institucion, servicio, id)):
        raise ValueError("institución, servicio e id tienen de 1 a 200 caracteres")
    # Un dict, para que `typ` no viaje: hay bibliotecas que no esperan null.
    datos = {"alg": "EdDSA", "kid": institucion, "servicio": servicio, "id": id, "exp": int(caduca.timestamp())}
    protegida = base64url.a_texto(msgspec.json.encode(datos))
    return f"{protegida}..{base64url.a_texto(clave_privada.sign(_firmado(protegida, cuerpo)))}"


def leer_cabecera(texto: str) -> Cabecera:
    """Lo que la firma dice de sí misma, sin verificar: sirve para buscar la clave, no para creerlo.

    Errores: `FirmaInvalida` (firma-malformada, firma-algoritmo).
    """
    return _partir(texto).cabecera


def verificar(texto: str, cuerpo: bytes, clave_publica: Ed25519PublicKey, servicio: str, ahora: datetime) -> Cabecera:
    """La cabecera, ya creíble: la firmó quien tiene la clave, sobre estos bytes, para este servicio y sigue vigente.

    Que la clave sea de la institución de ``kid`` lo asegura quien llama. Errores: `FirmaInvalida`.
    """
    protegida, cabecera, firma = _partir(texto)
    if cabecera.servicio != servicio:
        raise FirmaInvalida("firma-otro-servicio")
    if ahora.timestamp() >= cabecera.exp:
        raise FirmaInvalida("firma-caducada")
    try:
        clave_publica.verify(firma, _firmado(protegida, cuerpo))
    except InvalidSignature:
        raise FirmaInvalida("firma-no-coincide") from None
    return cabecera


def publica_a_texto(clave: Ed25519PublicKey) -> str:
    """32 bytes en base64url sin relleno: 43 caracteres (el ``x`` de un JWK OKP, RFC 8037)."""
    return base64url.a_texto(clave.public_bytes_raw())


def publica_de_texto(texto: str) -> Ed25519PublicKey:
    """Errores: `ValueError` (sin el valor) si no son 43 caracteres de base64url sin relleno."""
    return Ed25519PublicKey.from_public_bytes(base64url.de_texto(texto))


def _firmado(protegida: str, cuerpo: bytes) -> bytes:
    return f"{protegida}.{base64url.a_texto(cuerpo)}".encode()


def _partir(texto: str) -> _Partes:
    if len(texto) > _MAXIMO_TEXTO:
        raise FirmaInvalida("firma-malformada")
    try:
        protegida, separado, firma_texto = texto.split(".")
        llano, firma = base64url.de_texto(protegida), base64url.de_texto(firma_texto)
        leer_json(llano)  # un nombre repetido se leería de dos maneras (RFC 7515 §4)
        algoritmo = _leer_algoritmo.decode(llano).alg
    except ValueError:  # también los errores de msgspec
        raise FirmaInvalida("firma-malformada") from None
    if algoritmo != "EdDSA":
        raise FirmaInvalida("firma-algoritmo")
    try:
        cabecera = _leer.decode(llano)
    except ValueError:
        raise FirmaInvalida("firma-malformada") from None
    if separado or len(firma) != _FIRMA_BYTES:
        raise FirmaInvalida("firma-malformada")
    return _Partes(protegida, cabecera, firma)


__all__ = [
    "Cabecera",
    "CodigoFirma",
    "FirmaInvalida",
    "firmar",
    "leer_cabecera",
    "publica_a_texto",
    "publica_de_texto",
    "verificar",
]
