"""Lo público de los servicios que una institución necesita: hacia qué clave sellar y con cuál se firman los acuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from senda.despliegue import Despliegue


class ClavesAusentes(Exception):
    """El archivo de claves de servicio no se deja leer."""

    def __str__(self) -> str:
        return "no es un archivo de claves de servicio: pídelo a la rectora («senda credencial servicios»)"


class ClavesDeServicio(Struct, frozen=True, kw_only=True):
    """Nada de esto es secreto, pero ha de venir de quien opera: con otras claves se sellaría hacia otro.

    ``recepcion``: servicio -> clave X25519; ``origenes``: ``source`` -> clave Ed25519 (ambas en base64url).
    """

    recepcion: dict[str, str]
    origenes: dict[str, str]
    prefijo: str = ""

    @classmethod
    def de_despliegue(cls, despliegue: Despliegue) -> ClavesDeServicio:
        """Las de un despliegue en disco."""
        return cls(recepcion=despliegue.recepcion, origenes=despliegue.claves_de_origen, prefijo=despliegue.prefijo)


def leer(archivo: Path) -> ClavesDeServicio:
    """Las de un archivo JSON. Errores: `ClavesAusentes`."""
    try:
        return msgspec.json.decode(archivo.read_bytes(), type=ClavesDeServicio)
    except (OSError, msgspec.DecodeError):
        raise ClavesAusentes from None


def llanas(claves: ClavesDeServicio) -> dict[str, Any]:
    """Como datos de JSON."""
    datos: dict[str, Any] = msgspec.to_builtins(claves)
    return datos


__all__ = ["ClavesAusentes", "ClavesDeServicio", "leer", "llanas"]
