"""Recuperar sin conexión las claves que envuelven, si se pierde el disco: k custodios de n, y un paquete.

Los custodios no guardan esas claves sino partes de una privada X25519 que no cambia. Las claves van en un paquete
cerrado hacia su pública, que se rehace en cada rotación sin reunir a nadie. Así destruir de verdad es posible: basta
sustituir el paquete para que ni todos los custodios juntos abran una copia anterior.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Meta, Struct

from eventos.rechazo import Rechazo
from infra.azar import Azar
from infra.seguridad import base64url, shamir, sobre_cerrado

_CLAVE: Final = 32
_PARTE: Final = re.compile(
    r"senda-parte-(\d{1,3})-de-(\d{1,3})-bastan-(\d{1,3})-([0-9a-f]{8})-([0-9a-f]{64})-([0-9a-f]{8})"
)


class ParteInvalida(Rechazo):
    """Una parte está mal copiada."""

    codigo = "parte-invalida"
    campo = "partes"
    que_hacer = "Vuelve a copiarla entera; lleva una suma que detecta cualquier letra cambiada."


class PartesDeOtroReparto(Rechazo):
    """Las partes no son del mismo reparto, o no son las de este paquete."""

    codigo = "partes-de-otro-reparto"
    campo = "partes"
    que_hacer = "Reúne partes del reparto vigente: al repartir de nuevo, las anteriores dejan de servir."


class FaltanPartes(Rechazo):
    """No llegan al umbral."""

    codigo = "faltan-partes"
    campo = "partes"
    que_hacer = "Hacen falta tantas partes distintas como dice «bastan»; llama a otro custodio."


class PaqueteIlegible(Rechazo):
    """El paquete de recuperación no se abre."""

    codigo = "paquete-ilegible"
    campo = "paquete"
    que_hacer = "Usa el paquete más reciente: cada rotación lo sustituye y los anteriores deben destruirse."


class Reparto(NamedTuple):
    """Lo que sale de repartir: ``publica`` se queda; cada parte, a un custodio y a ningún archivo."""

    publica: str
    partes: tuple[str, ...]


class _Paquete(Struct, frozen=True, forbid_unknown_fields=True):
    claves: dict[Annotated[str, Meta(max_length=40)], str]


def repartir(umbral: int, partes: int, azar: Azar) -> Reparto:
    """Un reparto nuevo. Errores: `ValueError` si no se cumple 2 ≤ umbral ≤ partes ≤ 255."""
    privada = azar.bytes(_CLAVE)
    publica = X25519PrivateKey.from_private_bytes(privada).public_key().public_bytes_raw()
    marca = _marca(publica)
    trozos = shamir.repartir(privada, umbral, partes, azar)
    textos = (f"senda-parte-{x}-de-{partes}-bastan-{umbral}-{marca}-{trozo.hex()}" for x, trozo in trozos.items())
    return Reparto(base64url.a_texto(publica), tuple(f"{texto}-{_suma(texto)}" for texto in textos))


def empaquetar(claves: Mapping[str, bytes], publica: str, azar: Azar) -> str:
    """El paquete (JWE) con las claves vivas, por nombre. Errores: `ValueError` si la pública no vale."""
    paquete = _Paquete({nombre: base64url.a_texto(clave) for nombre, clave in claves.items()})
    destino = sobre_cerrado.publica_de_bytes(base64url.de_texto(publica))
    return sobre_cerrado.cerrar(msgspec.json.encode(paquete), destino, azar)


def reunir(partes: Iterable[str], paquete: str) -> dict[str, bytes]:
    """Las claves del paquete. Errores: `ParteInvalida`, `FaltanPartes`, `PartesDeOtroReparto`, `PaqueteIlegible`."""
    leidas = [_leer(parte.strip()) for parte in partes]
    if not leidas:
        raise FaltanPartes
    if len({(umbral, marca) for _, umbral, marca, _ in leidas}) != 1:
        raise PartesDeOtroReparto
    trozos = {x: trozo for x, _, _, trozo in leidas}
    _, umbral, marca, _ = leidas[0]
    if len(trozos) < umbral:
        raise FaltanPartes
    privada = X25519PrivateKey.from_private_bytes(shamir.reunir(trozos))
    if _marca(privada.public_key().public_bytes_raw()) != marca:
        raise PartesDeOtroReparto
    try:
        claro = sobre_cerrado.abrir(paquete.strip(), privada)
        claves = msgspec.json.decode(claro, type=_Paquete).claves
        return {nombre: base64url.de_texto(clave) for nombre, clave in claves.items()}
    except (sobre_cerrado.SobreCerradoInvalido, ValueError):
        raise PaqueteIlegible from None


def _leer(texto: str) -> tuple[int, int, str, bytes]:
    forma = _PARTE.fullmatch(texto)
    if forma is None or _suma(texto.rpartition("-")[0]) != forma[6]:
        raise ParteInvalida
    return int(forma[1]), int(forma[3]), forma[4], bytes.fromhex(forma[5])


def _marca(publica: bytes) -> str:
    return sha256(b"senda-reparto\n" + publica).hexdigest()[:8]


def _suma(texto: str) -> str:
    return sha256(texto.encode()).hexdigest()[:8]


__all__ = [
    "FaltanPartes",
    "PaqueteIlegible",
    "ParteInvalida",
    "PartesDeOtroReparto",
    "Reparto",
    "empaquetar",
    "repartir",
    "reunir",
]
