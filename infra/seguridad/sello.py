"""El sello: AES-256-GCM con la clave de una persona (32 bytes) sobre lo que podría reidentificarla.

Resultado: nonce (12 bytes) ‖ cifrado y etiqueta (16). El claro se rellena a múltiplos de 64 bytes porque su tamaño
también habla: un «sí» y un «no consta», o dos idiomas, no deben distinguirse por lo que ocupan. El relleno es el de
ISO/IEC 7816-4 (un 0x80 y los ceros que falten): siempre está, así que quitarlo nunca es ambiguo.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.azar import Azar

CLAVE_BYTES: Final = 32
_NONCE: Final = 12
_BLOQUE: Final = 64
_FIN: Final = b"\x80"


class SelloRoto(Exception):
    """No se abre: otra clave, otro dato autenticado o bytes alterados. Cuál de ellas no se puede saber."""

    codigo: Final = "sello-roto"

    def __str__(self) -> str:
        return "sello-roto: comprueba que la clave, el dato autenticado y los bytes son los del sellado"


def sellar(clave: bytes, claro: bytes, autenticado: bytes, azar: Azar) -> bytes:
    """Cifra ``claro`` atado a ``autenticado``, que no se guarda: quien abre tiene que saberlo.

    Nonces al azar de 96 bits: hasta 2³² sellos por clave (NIST SP 800-38D §8.3); una persona no llega. Dos procesos
    con la misma clave no pueden compartir semilla de ``azar``. Errores: `ValueError` si la clave no mide 32 bytes.
    """
    cifra = _cifra(clave)
    nonce = azar.bytes(_NONCE)
    relleno = _FIN.ljust(_BLOQUE - len(claro) % _BLOQUE, b"\x00")
    return nonce + cifra.encrypt(nonce, claro + relleno, autenticado)


def abrir(clave: bytes, cifrado: bytes, autenticado: bytes) -> bytes:
    """Lo que se selló. Errores: `SelloRoto`; `ValueError` si la clave no mide 32 bytes."""
    cifra = _cifra(clave)
    try:
        relleno = cifra.decrypt(cifrado[:_NONCE], cifrado[_NONCE:], autenticado)
    except (InvalidTag, ValueError):
        raise SelloRoto from None
    claro = relleno.rstrip(b"\x00")
    if len(relleno) % _BLOQUE or not claro.endswith(_FIN):
        raise SelloRoto
    return claro[:-1]


def _cifra(clave: bytes) -> AESGCM:
    # AESGCM admite también 16 y 24 bytes: una clave cortada pasaría por buena.
    if len(clave) != CLAVE_BYTES:
        raise ValueError("la clave mide 32 bytes")
    return AESGCM(clave)


__all__ = ["CLAVE_BYTES", "SelloRoto", "abrir", "sellar"]
