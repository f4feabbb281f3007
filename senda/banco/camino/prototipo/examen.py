"""Las mismas comprobaciones que Senda hace a una solicitud, escritas seguidas: forma, firma, permiso y contenido.

Lo que no pasa se deja caer con una excepción: aquí no se responde con un porqué.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jsonschema_rs import Draft202012Validator

from contratos.solicitud import MAXIMO_BYTES, Solicitud
from contratos.solicitudes.deteccion import RecibirAlerta

_leer = msgspec.json.Decoder(Solicitud)
_generico = msgspec.json.Decoder()
_SOBRE: Final = Draft202012Validator(msgspec.json.schema(Solicitud), validate_formats=True)
_ALERTA: Final = Draft202012Validator(msgspec.json.schema(RecibirAlerta), validate_formats=True)
_RELOJ: Final = timedelta(minutes=5)
_HONDURA: Final = 32


class NoVale(ValueError):
    """La solicitud no pasa el examen."""


class _Cabecera(msgspec.Struct, forbid_unknown_fields=True):
    alg: str
    kid: str
    servicio: str
    id: str
    exp: int
    typ: str | None = None


_leer_cabecera = msgspec.json.Decoder(_Cabecera)


class Buena(NamedTuple):
    """Lo que queda de una solicitud que pasó."""

    solicitud: Solicitud
    alerta: RecibirAlerta
    huella: str
    cuerpo: bytes
    firma: str


class Examen:
    """``directorio``: de cada institución activa, su clave y sus mandatos."""

    def __init__(self, directorio: dict[str, tuple[Ed25519PublicKey, Collection[str]]], servicio: str) -> None:
        self._directorio, self._servicio = directorio, servicio

    def pasar(self, cuerpo: bytes, firma: str, ahora: datetime) -> Buena:
        """Errores: `NoVale`, los de las bibliotecas."""
        if len(cuerpo) > MAXIMO_BYTES:
            raise NoVale
        huella = sha256(cuerpo).hexdigest()
        documento = _sin_dobles(cuerpo)
        solicitud = _leer.decode(cuerpo)
        if not _SOBRE.is_valid(documento):
            raise NoVale
        clave, mandatos = self._directorio[solicitud.institucion]
        self._firmada(solicitud, cuerpo, firma, clave, ahora)
        if solicitud.tipo != RecibirAlerta.tipo or solicitud.ocurrido > ahora + _RELOJ or solicitud.sellado:
            raise NoVale
        if not RecibirAlerta.mandatos.intersection(mandatos):
            raise NoVale
        datos = _sin_dobles(bytes(solicitud.datos))
        alerta = msgspec.convert(datos, RecibirAlerta, strict=True, str_keys=True)
        if not _ALERTA.is_valid(datos):
            raise NoVale
        return Buena(solicitud, alerta, huella, cuerpo, firma)

    def _firmada(
        self, solicitud: Solicitud, cuerpo: bytes, firma: str, clave: Ed25519PublicKey, ahora: datetime
    ) -> None:
        protegida, separado, texto = firma.split(".")
        llana = _de_base64(protegida)
        _sin_dobles(llana)
        cabecera = _leer_cabecera.decode(llana)
        if separado or cabecera.alg != "EdDSA" or cabecera.servicio != self._servicio:
            raise NoVale
        if ahora.timestamp() >= cabecera.exp:
            raise NoVale
        clave.verify(_de_base64(texto), f"{protegida}.{en_base64(cuerpo)}".encode())
        if (cabecera.kid, cabecera.id) != (solicitud.institucion, str(solicitud.id)):
            raise NoVale


def _sin_dobles(cuerpo: bytes) -> Any:
    """El JSON, si ni es muy hondo ni repite claves."""
    if cuerpo.count(b"{") + cuerpo.count(b"[") > _HONDURA:
        raise NoVale
    valor = _generico.decode(cuerpo)
    json.loads(cuerpo.decode(), object_pairs_hook=_exigir_distintas, parse_int=str, parse_float=str)
    return valor


def _exigir_distintas(pares: list[tuple[str, Any]]) -> None:
    if len({clave for clave, _ in pares}) != len(pares):
        raise NoVale


def _de_base64(texto: str) -> bytes:
    octetos = urlsafe_b64decode(texto + "=" * (-len(texto) % 4))
    if en_base64(octetos) != texto:
        raise NoVale
    return octetos


def en_base64(octetos: bytes) -> str:
    """Base64url sin relleno."""
    return urlsafe_b64encode(octetos).rstrip(b"=").decode()


__all__ = ["Buena", "Examen", "NoVale", "en_base64"]
