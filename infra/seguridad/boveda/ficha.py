"""La ficha de identidad y cómo viaja: cerrada hacia la bóveda al depositarla, sellada con su clave al entregarla."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Meta, Struct

from infra.azar import Azar
from infra.seguridad import sobre_cerrado
from infra.seguridad.boveda.rechazos import DepositoDeOtraRuta, DepositoIlegible
from infra.seguridad.sello import SelloRoto, abrir

_Texto = Annotated[str, Meta(min_length=1, max_length=200)]
_Opcional = Annotated[str, Meta(max_length=200)]


class Documento(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Un documento de identidad. ``pais``: ISO 3166-1 alfa-3; ``clase``: dpi, pasaporte, partida…"""

    clase: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,30}(?!\n)$")]
    pais: Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$")]
    numero: _Texto

    def __repr__(self) -> str:
        return "Documento(…)"


class FichaIdentidad(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quién es una persona. No se imprime: ni en registros ni en errores. Hasta 4 kB en JSON."""

    nombres: _Texto
    apellidos: _Opcional = ""
    nacimiento: date | None = None
    lugar_nacimiento: _Opcional = ""
    documentos: Annotated[tuple[Documento, ...], Meta(max_length=6)] = ()
    contacto: _Opcional = ""

    def __repr__(self) -> str:
        return "FichaIdentidad(…)"


class _Deposito(Struct, frozen=True, forbid_unknown_fields=True):
    """Lo que va dentro del sobre: la ruta también, para que no valga en otra."""

    ruta: UUID
    ficha: FichaIdentidad


class Entrega(Struct, frozen=True, kw_only=True):
    """Lo que sale de la bóveda: nada en claro.

    ``asiento``: número de la constancia que se escribió antes. ``clave``: JWE de la clave de la persona hacia la
    institución. ``ficha``: sellada con esa clave.
    """

    asiento: int
    ruta: UUID
    clave: str
    ficha: bytes

    def __repr__(self) -> str:
        return f"Entrega(asiento={self.asiento})"


_leer_deposito = msgspec.json.Decoder(_Deposito)
_leer_ficha = msgspec.json.Decoder(FichaIdentidad)


def cerrar_deposito(ruta: UUID, ficha: FichaIdentidad, boveda: X25519PublicKey, azar: Azar) -> str:
    """El JWE que una institución manda a la bóveda, y solo a ella: nunca por una cola."""
    return sobre_cerrado.cerrar(msgspec.json.encode(_Deposito(ruta, ficha)), boveda, azar)


def abrir_deposito(texto: str, ruta: UUID, privada: X25519PrivateKey) -> bytes:
    """La ficha en JSON, ya comprobada. Errores: `DepositoIlegible`, `DepositoDeOtraRuta`, sin nada de lo recibido."""
    try:
        deposito = _leer_deposito.decode(sobre_cerrado.abrir(texto, privada))
    except (sobre_cerrado.SobreCerradoInvalido, msgspec.MsgspecError, ValueError):
        raise DepositoIlegible from None
    if deposito.ruta != ruta:
        raise DepositoDeOtraRuta
    return msgspec.json.encode(deposito.ficha)


def abrir_entrega(entrega: Entrega, privada: X25519PrivateKey) -> FichaIdentidad:
    """Lo que hace la institución con lo entregado. Errores: `DepositoIlegible` si no es para ella o está alterado."""
    try:
        clave = sobre_cerrado.abrir(entrega.clave, privada)
        return _leer_ficha.decode(abrir(clave, entrega.ficha, atadura_de_ficha(entrega.ruta)))
    except (sobre_cerrado.SobreCerradoInvalido, SelloRoto, msgspec.MsgspecError, ValueError):
        raise DepositoIlegible from None


def atadura_de_ficha(ruta: UUID) -> bytes:
    """Dato autenticado que ata una ficha sellada a su ruta."""
    return b"senda-boveda-ficha\n" + ruta.bytes


__all__ = [
    "Documento",
    "Entrega",
    "FichaIdentidad",
    "abrir_deposito",
    "abrir_entrega",
    "atadura_de_ficha",
    "cerrar_deposito",
]
