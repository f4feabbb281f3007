"""La credencial de una institución en disco: su clave de firma, en un archivo que solo lee su dueño (0600).

Una línea: los 32 bytes de la clave privada Ed25519 en base64url sin relleno, como los deja «senda instalar».
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventos.tipos import CodigoInstitucion
from infra.seguridad import base64url
from senda.cliente import Credencial

#: Subcarpeta de un despliegue de ensayo con las claves de las instituciones que representa.
CARPETA: Final = "credenciales"
#: Archivo en que la instalación deja la clave de la rectora, para que se la lleve y lo borre de ahí.
CLAVE_RECTORA: Final = "rectora.clave"
_BYTES: Final = 32
_LINEA: Final = 128


class CredencialInvalida(Exception):
    """El archivo de la clave falta, no es una clave o lo puede leer quien no debe. El mensaje dice qué hacer."""


def exigir_codigo(codigo: str) -> str:
    """El mismo código, si lo es. Errores: `CredencialInvalida`."""
    try:
        return msgspec.convert(codigo, CodigoInstitucion)
    except msgspec.ValidationError:
        raise CredencialInvalida("la institución se nombra con su código del directorio, p. ej. GT-PGN") from None


def archivo_de(carpeta: Path, codigo: str) -> Path:
    """Dónde está la clave de una institución dentro de un despliegue. Errores: `CredencialInvalida`."""
    return carpeta / CARPETA / f"{exigir_codigo(codigo)}.clave"


def guardar(archivo: Path, credencial: Credencial) -> None:
    """Escribe la clave privada (0600). Errores: `CredencialInvalida` si el archivo ya está; los del disco."""
    archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(archivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CredencialInvalida(f"{archivo} ya existe: una clave no se pisa; elige otro archivo") from None
    with os.fdopen(descriptor, "w") as salida:
        salida.write(base64url.a_texto(credencial.clave.private_bytes_raw()) + "\n")


def guardar_todas(carpeta: Path, credenciales: Iterable[Credencial]) -> None:
    """Deja en un despliegue de ensayo las claves de las instituciones que representa."""
    for credencial in credenciales:
        guardar(archivo_de(carpeta, credencial.codigo), credencial)


def leer(archivo: Path, codigo: str) -> Credencial:
    """La credencial de un archivo. Errores: `CredencialInvalida`; ningún mensaje repite lo que había dentro."""
    exigir_codigo(codigo)
    try:
        with archivo.open("rb") as entrada:
            modo = os.fstat(entrada.fileno()).st_mode
            if not stat.S_ISREG(modo) or stat.S_IMODE(modo) & 0o077:
                raise CredencialInvalida(f"{archivo} lo puede leer alguien más: «chmod 600» y vuelve a intentarlo")
            linea = entrada.read(_LINEA)
    except OSError:
        raise CredencialInvalida(f"no se puede leer la clave de firma en {archivo}; di cuál es con --clave") from None
    try:
        privada = base64url.de_texto(linea.decode("ascii").strip())
    except ValueError:
        privada = b""
    if len(privada) != _BYTES:
        raise CredencialInvalida(f"{archivo} no es una clave de firma: 32 bytes en base64url, en una línea")
    return Credencial(codigo, Ed25519PrivateKey.from_private_bytes(privada))


__all__ = [
    "CARPETA",
    "CLAVE_RECTORA",
    "CredencialInvalida",
    "archivo_de",
    "exigir_codigo",
    "guardar",
    "guardar_todas",
    "leer",
]
