"""Base64url sin relleno (RFC 7515 §2), una sola escritura por valor: lo firmado no se puede reescribir «igual»."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def a_texto(octetos: bytes) -> str:
    """Los bytes como texto A-Z a-z 0-9 - _ , sin ``=``."""
    return urlsafe_b64encode(octetos).rstrip(b"=").decode()


def de_texto(texto: str) -> bytes:
    """Los bytes de un texto que `a_texto` habría escrito exactamente así.

    Errores: `ValueError` (sin el valor) ante otros caracteres, relleno, longitud imposible o bits sobrantes.
    """
    try:
        octetos = urlsafe_b64decode(texto + "=" * (-len(texto) % 4))
    except ValueError:
        octetos = None
    # urlsafe_b64decode salta en silencio lo que no es de su alfabeto: se comprueba a la vuelta.
    if octetos is None or a_texto(octetos) != texto:
        raise ValueError("no es base64url sin relleno")
    return octetos


__all__ = ["a_texto", "de_texto"]
