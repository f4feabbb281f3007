r"""Lo que los servicios y las instituciones firman fuera del árbol: cabeceras de origen, solicitudes y acuses.

Cabecera: JSON ``{origen, posicion, hash, instante, firma}``; se firma (Ed25519) el texto
``senda-cabecera-v1\norigen\nposicion\nhash\ninstante\n``. Solicitudes y acuses: JWS de cuerpo separado (RFC 7515
ap. F, EdDSA) sobre los bytes exactos, con cabecera protegida ``{alg, kid, servicio, id, exp}``.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar import json_unico
from senda_verificar.json_unico import JsonInvalido

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_LARGO_FIRMA: Final = 64
_MAXIMO_JWS: Final = 4096


class SinValor(ValueError):
    """Lo firmado no tiene la forma acordada o la firma no es de esa clave."""


class CabeceraDeOrigen(NamedTuple):
    """Hasta dónde dijo un origen haber contado: posición, hoja (32 bytes) y cuándo (UTC)."""

    origen: str
    posicion: int
    hoja: bytes
    instante: datetime


class Protegida(NamedTuple):
    """La cabecera protegida de un JWS: quién firma, para quién y qué id."""

    kid: str
    servicio: str
    id: str


def leer_cabecera(cuerpo: str, publica: Ed25519PublicKey) -> CabeceraDeOrigen:
    """Una cabecera, ya comprobada. Errores: `SinValor`."""
    dicho = _objeto(cuerpo)
    try:
        origen, posicion, hoja, instante, firma = (
            dicho[c] for c in ("origen", "posicion", "hash", "instante", "firma")
        )
        if not (type(posicion) is int and posicion >= 1 and isinstance(origen, str) and _HEX.fullmatch(hoja)):
            raise SinValor
        firmado = f"senda-cabecera-v1\n{origen}\n{posicion}\n{hoja}\n{instante}\n".encode()
        publica.verify(de_b64url(firma), firmado)
        cuando = datetime.fromisoformat(instante)
    except (KeyError, TypeError, ValueError, InvalidSignature):
        raise SinValor("la cabecera no tiene la forma acordada o no la firmó ese origen") from None
    if cuando.tzinfo is None:
        raise SinValor("el instante de la cabecera no lleva zona")
    return CabeceraDeOrigen(origen, posicion, bytes.fromhex(hoja), cuando)


def origen_de(cuerpo: str) -> str:
    """De qué origen dice ser una cabecera, sin creerlo. Errores: `SinValor`."""
    origen = _objeto(cuerpo).get("origen")
    if not isinstance(origen, str) or not origen:
        raise SinValor("la cabecera no dice de qué origen es")
    return origen


def leer_jws(texto: str, cuerpo: bytes, claves: list[Ed25519PublicKey]) -> Protegida:
    """La cabecera protegida, si alguna de esas claves firmó exactamente ese cuerpo. Errores: `SinValor`.

    La caducidad no se mira: protege de repetir lo viejo al recibirlo, y aquí ya se recibió.
    """
    if len(texto) > _MAXIMO_JWS:
        raise SinValor("la firma es demasiado larga")
    try:
        protegida, separado, codificada = texto.split(".")
        firma = de_b64url(codificada)
        dicho = _objeto(de_b64url(protegida).decode())
        firmado = f"{protegida}.{a_b64url(cuerpo)}".encode()
    except ValueError:
        raise SinValor("no es un JWS compacto de cuerpo separado") from None
    leida = Protegida(*(str(dicho.get(c, "")) for c in ("kid", "servicio", "id")))
    if separado or len(firma) != _LARGO_FIRMA or dicho.get("alg") != "EdDSA":
        raise SinValor("no es un JWS EdDSA de cuerpo separado")
    for clave in claves:
        try:
            clave.verify(firma, firmado)
        except InvalidSignature:
            continue
        return leida
    raise SinValor("ninguna clave conocida firmó ese cuerpo")


def publica(texto: str) -> Ed25519PublicKey:
    """Una clave pública como la llevan los hechos: 43 caracteres de base64url. Errores: `SinValor`."""
    try:
        return Ed25519PublicKey.from_public_bytes(de_b64url(texto))
    except ValueError:
        raise SinValor("no es una clave Ed25519 en base64url") from None


def de_b64url(texto: str) -> bytes:
    """De base64url sin relleno, escrito de la única manera posible. Errores: `ValueError`."""
    datos = urlsafe_b64decode(texto + "=" * (-len(texto) % 4))
    if a_b64url(datos) != texto:
        raise ValueError("no es base64url canónico")
    return datos


def a_b64url(datos: bytes) -> str:
    """A base64url sin relleno."""
    return urlsafe_b64encode(datos).rstrip(b"=").decode()


def _objeto(texto: str) -> dict[str, Any]:
    try:
        return json_unico.objeto(texto)
    except JsonInvalido as error:
        raise SinValor(str(error)) from None


__all__ = [
    "CabeceraDeOrigen",
    "Protegida",
    "SinValor",
    "a_b64url",
    "de_b64url",
    "leer_cabecera",
    "leer_jws",
    "origen_de",
    "publica",
]
