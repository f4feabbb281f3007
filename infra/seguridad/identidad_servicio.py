"""Quién es un servicio ante los demás: su clave de firma, su clave de recepción y la cabecera firmada de su origen.

La cabecera (posición y hoja últimas) va en el latido: dice hasta dónde hay y compromete a no contar otra historia.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Meta, Struct

from infra.azar import Azar
from infra.seguridad import base64url

#: Un JWK Set (RFC 7517, RFC 8037) con las dos claves privadas: un solo archivo se escribe entero o no se escribe.
ARCHIVO: Final = "claves.jwks.json"

#: Separa esta firma de cualquier otra hecha con la misma clave.
_DOMINIO: Final = "senda-cabecera-v1"


class ClavesInvalidas(Exception):
    """El archivo de claves falta, se lee mal o lo puede leer quien no debe."""

    codigo: Final = "claves-invalidas"

    def __init__(self, que_hacer: str) -> None:
        super().__init__(que_hacer)
        self.que_hacer: Final = que_hacer

    def __str__(self) -> str:
        return f"{self.codigo}: {self.que_hacer}"


class CabeceraInvalida(Exception):
    """La cabecera no tiene la forma acordada o no la firmó ese origen."""

    codigo: Final = "cabecera-invalida"

    def __str__(self) -> str:
        return "cabecera-invalida: comprueba la forma y que la clave es la del origen que dice"


class _Jwk(Struct, frozen=True):
    kty: Literal["OKP"]
    crv: Literal["Ed25519", "X25519"]
    use: Literal["sig", "enc"]
    x: str
    d: str


class _Jwks(Struct, frozen=True):
    keys: tuple[_Jwk, _Jwk]


class CabeceraOrigen(Struct, frozen=True, kw_only=True):
    """Hasta dónde ha contado un origen: posición (0 si nada aún), hoja en hexadecimal y cuándo lo dijo (UTC)."""

    origen: Annotated[str, Meta(pattern=r"\A[!-~]{1,200}\Z")]
    posicion: Annotated[int, Meta(ge=0)]
    hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    instante: Annotated[datetime, Meta(tz=True)]


class _CabeceraFirmada(Struct, frozen=True, forbid_unknown_fields=True):
    """Lo que viaja. ``instante`` es texto: se firma como está escrito y no como cada lenguaje lo reescriba."""

    origen: str
    posicion: int
    hash: str
    instante: str
    firma: str

    def firmado(self) -> bytes:
        return f"{_DOMINIO}\n{self.origen}\n{self.posicion}\n{self.hash}\n{self.instante}\n".encode()

    def cabecera(self) -> CabeceraOrigen:
        llano = {"origen": self.origen, "posicion": self.posicion, "hash": self.hash, "instante": self.instante}
        return msgspec.convert(llano, CabeceraOrigen)


_leer_cabecera = msgspec.json.Decoder(_CabeceraFirmada)


@dataclass(frozen=True, repr=False)
class ClavesServicio:
    """Las dos claves privadas: ``firma`` (acuses, cabeceras) y ``recepcion`` (sobres cerrados para el servicio)."""

    firma: Ed25519PrivateKey
    recepcion: X25519PrivateKey

    @classmethod
    def generar(cls, azar: Azar) -> Self:
        """Nuevas, de 32 bytes de ``azar`` cada una."""
        firma = Ed25519PrivateKey.from_private_bytes(azar.bytes(32))
        return cls(firma, X25519PrivateKey.from_private_bytes(azar.bytes(32)))

    def guardar(self, carpeta: Path) -> None:
        """Escribe el archivo con permisos 0600. Nunca pisa otro: perder una clave de firma no tiene vuelta.

        Errores: `FileExistsError`, `OSError`.
        """
        carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporal = carpeta / f".{ARCHIVO}.{os.getpid()}"
        temporal.unlink(missing_ok=True)
        descriptor = os.open(temporal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as archivo:
                archivo.write(msgspec.json.encode(self._jwks()))
                archivo.flush()
                os.fsync(archivo.fileno())
            # Un enlace falla si el destino existe; renombrar lo pisaría.
            os.link(temporal, carpeta / ARCHIVO)
        finally:
            temporal.unlink()

    @classmethod
    def leer(cls, carpeta: Path) -> Self:
        """Errores: `ClavesInvalidas` si falta, se lee mal o alguien más que su dueño tiene permisos sobre él."""
        ruta = carpeta / ARCHIVO
        try:
            if ruta.stat().st_mode & 0o077:
                raise ClavesInvalidas(f"quita a grupo y otros los permisos sobre {ARCHIVO} (chmod 600)")
            firma, recepcion = msgspec.json.decode(ruta.read_bytes(), type=_Jwks).keys
            claves = cls(
                Ed25519PrivateKey.from_private_bytes(base64url.de_texto(firma.d)),
                X25519PrivateKey.from_private_bytes(base64url.de_texto(recepcion.d)),
            )
        except (OSError, ValueError):
            raise ClavesInvalidas(f"no hay un {ARCHIVO} legible en la carpeta de claves; repón la copia") from None
        # También caza que las dos claves estén cambiadas de sitio o que `x` no sea la pública de `d`.
        if claves._jwks().keys != (firma, recepcion):
            raise ClavesInvalidas(f"las claves de {ARCHIVO} no casan con sus públicas; repón la copia")
        return claves

    def firmar_cabecera(self, origen: str, posicion: int, hash_hex: str, instante: datetime) -> bytes:
        """JSON ``{origen, posicion, hash, instante, firma}``; la firma es Ed25519 en base64url.

        Errores: `ValueError` si algo no cabe en `CabeceraOrigen` o el instante no lleva zona.
        """
        if instante.tzinfo is None:
            raise ValueError("el instante debe llevar zona horaria")
        texto = instante.astimezone(UTC).isoformat().replace("+00:00", "Z")
        sin_firma = _CabeceraFirmada(origen, posicion, hash_hex, texto, "")
        try:
            sin_firma.cabecera()
        except msgspec.ValidationError:
            raise ValueError("origen, posición o hash fuera de formato") from None
        firma = base64url.a_texto(self.firma.sign(sin_firma.firmado()))
        return msgspec.json.encode(msgspec.structs.replace(sin_firma, firma=firma))

    def _jwks(self) -> _Jwks:
        publica = base64url.a_texto(self.firma.public_key().public_bytes_raw())
        recibe = base64url.a_texto(self.recepcion.public_key().public_bytes_raw())
        return _Jwks((
            _Jwk("OKP", "Ed25519", "sig", publica, base64url.a_texto(self.firma.private_bytes_raw())),
            _Jwk("OKP", "X25519", "enc", recibe, base64url.a_texto(self.recepcion.private_bytes_raw())),
        ))  # fmt: skip


def leer_cabecera_firmada(cuerpo: bytes, publica: Ed25519PublicKey) -> CabeceraOrigen:
    """La cabecera, ya verificada con la clave del origen. Errores: `CabeceraInvalida`."""
    try:
        firmada = _leer_cabecera.decode(cuerpo)
        publica.verify(base64url.de_texto(firmada.firma), firmada.firmado())
        return firmada.cabecera()
    except (ValueError, InvalidSignature):  # los errores de msgspec son ValueError
        raise CabeceraInvalida from None


__all__ = [
    "ARCHIVO",
    "CabeceraInvalida",
    "CabeceraOrigen",
    "ClavesInvalidas",
    "ClavesServicio",
    "leer_cabecera_firmada",
]
