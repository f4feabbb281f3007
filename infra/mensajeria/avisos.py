"""La firma de un aviso de buzón: quien lo recibe comprueba de qué servicio viene, para quién es y qué número lleva.

No se guarda: Ed25519 es determinista y la caducidad sale del propio aviso, así que volver a firmarlo da lo mismo.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from infra.mensajeria.acuses import VIGENCIA
from infra.seguridad.firma import FirmaInvalida, firmar, verificar


class _Numerado(Struct):
    numero: Annotated[int, Meta(ge=1)]
    disponible: datetime


_leer = msgspec.json.Decoder(_Numerado)


def firmar_aviso(
    cuerpo: bytes, clave: Ed25519PrivateKey, origen: str, institucion: str, numero: int, disponible: datetime
) -> str:
    """JWS separado sobre los bytes del aviso; protege además para quién es (``servicio``) y su número (``id``)."""
    return firmar(cuerpo, clave, origen, institucion, _id(numero), disponible + VIGENCIA)


def comprobar_aviso(cuerpo: bytes, firma: str, clave: Ed25519PublicKey, origen: str, institucion: str) -> int:
    """El número del aviso, si ese origen lo firmó para esa institución. Errores: `FirmaInvalida`."""
    try:
        numerado = _leer.decode(cuerpo)
    except (ValueError, RecursionError):  # los de msgspec y los de UTF-8 son ValueError
        raise FirmaInvalida("firma-no-coincide") from None
    cabecera = verificar(firma, cuerpo, clave, institucion, numerado.disponible)
    # El número protegido impide que un acuse, que firma la misma clave, pase por un aviso.
    if cabecera.kid != origen or cabecera.id != _id(numerado.numero):
        raise FirmaInvalida("firma-no-coincide")
    return numerado.numero


def _id(numero: int) -> str:
    return f"aviso-{numero}"


__all__ = ["comprobar_aviso", "firmar_aviso"]
