r"""Firmar puntos de control: «el libro tenía N entradas y esta raíz», en el formato C2SP ``tlog-checkpoint``.

Cómo se leen y se comprueban está en `senda_verificar.nota`, que no importa nada de aquí. Las líneas de extensión
encadenan cada punto con el anterior y fijan lo que va fuera del árbol (`extensiones`)::

    instante 2026-05-03T14:20:00.000000Z
    anterior base64(SHA-256 del texto firmado del punto anterior; 32 ceros en el primero)
    accesos 12 base64(hoja del último acceso registrado)

Fuente: https://c2sp.org/tlog-checkpoint y https://c2sp.org/signed-note.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from senda_verificar import nota

CERO: Final = bytes(32)
_LARGO_RAIZ: Final = 32
_TAMANO_MAXIMO: Final = 2**63 - 1


class PuntoImposible(ValueError):
    """Lo que se pide firmar no cabe en un punto de control."""


class Accesos(NamedTuple):
    """La cabecera del registro de accesos: cuántos van y la hoja del último (32 bytes)."""

    numero: int
    hoja: bytes


def firmar(
    nombre: str, clave_privada: Ed25519PrivateKey, tamano: int, raiz: bytes, extensiones: Sequence[str] = ()
) -> str:
    """El punto de control firmado; ``nombre`` es a la vez el del libro (origen) y el de su clave.

    ``extensiones``: líneas de más, sin salto. Errores: `PuntoImposible`.
    """
    if not nota.nombre_valido(nombre):
        raise PuntoImposible("el nombre de un libro no puede estar vacío ni llevar espacios o «+»")
    if len(raiz) != _LARGO_RAIZ or not 0 <= tamano <= _TAMANO_MAXIMO:
        raise PuntoImposible("el tamaño es un entero desde 0 y la raíz mide 32 bytes")
    if not all(e.isprintable() and e for e in extensiones):
        raise PuntoImposible("una extensión es una línea con algo escrito")
    texto = "\n".join([nombre, str(tamano), _b64(raiz), *extensiones, ""])
    huella = nota.huella_de(nombre, nota.ED25519, clave_privada.public_key().public_bytes_raw())
    return f"{texto}\n{nota.escribir_firma(nombre, huella, clave_privada.sign(texto.encode()))}"


def extensiones(instante: datetime, anterior: str | None, accesos: Accesos | None) -> list[str]:
    """Las líneas que encadenan un punto en el tiempo. ``anterior``: el texto del punto previo, o None si es el primero.

    ``instante`` con zona.
    """
    previo = CERO if anterior is None else sha256(anterior.rpartition("\n\n")[0].encode() + b"\n").digest()
    lineas = [f"instante {instante.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", f"anterior {_b64(previo)}"]
    if accesos is not None:
        lineas.append(f"accesos {accesos.numero} {_b64(accesos.hoja)}")
    return lineas


def _b64(datos: bytes) -> str:
    return b64encode(datos).decode()


__all__ = ["Accesos", "PuntoImposible", "extensiones", "firmar"]
