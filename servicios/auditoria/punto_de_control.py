r"""Puntos de control: «el libro tenía N entradas y esta raíz», firmado con Ed25519.

Formato C2SP ``tlog-checkpoint`` sobre ``signed-note``, para que cualquier testigo los pueda refrendar::

    origen\n
    tamaño\n
    raíz en base64\n
    \n
    — nombre base64(huella de 4 bytes ‖ firma)\n

Clave pública (vkey): ``nombre+huella en hexadecimal+base64(0x01 ‖ clave)``; huella = primeros 4 bytes de
SHA-256(nombre ‖ "\n" ‖ 0x01 ‖ clave). Se firma el texto hasta antes de la línea vacía, con su salto final.
Fuente: https://c2sp.org/tlog-checkpoint y https://c2sp.org/signed-note.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519: Final = b"\x01"
_TAMANO = re.compile(r"0|[1-9][0-9]{0,18}")
_FIRMAS_MAXIMAS: Final = 100
#: Origen, tamaño y raíz; después puede haber extensiones.
_LINEAS: Final = 3
_LARGO_RAIZ: Final = 32
_LARGO_CLAVE: Final = 32
_LARGO_HUELLA: Final = 4


class PuntoInvalido(ValueError):
    """Raíz de los errores de este módulo. Ninguno repite lo recibido."""


class TextoInvalido(PuntoInvalido):
    """El texto no tiene la forma de un punto de control."""


class ClaveInvalida(PuntoInvalido):
    """El nombre o la vkey no tienen la forma debida."""


class SinFirma(PuntoInvalido):
    """Nadie con esa clave firmó el punto: puede ser auténtico de otro, pero no de quien se esperaba."""


class FirmaInvalida(PuntoInvalido):
    """Lleva una firma a nombre de esa clave y no cuadra: el texto cambió después de firmarse, o no lo firmó ella."""


class OrigenInesperado(PuntoInvalido):
    """La firma es buena pero el punto habla de otro libro."""


class Firma(NamedTuple):
    """Una línea de firma: quién dice firmar, la huella de su clave (4 bytes) y la firma."""

    nombre: str
    huella: bytes
    firma: bytes


class PuntoDeControl(NamedTuple):
    """Lo que dice un punto: ``tamano`` entradas y ``raiz`` de 32 bytes. ``firmado`` son los bytes que se firman."""

    origen: str
    tamano: int
    raiz: bytes
    firmado: bytes
    firmas: tuple[Firma, ...]


def vkey(nombre: str, publica: Ed25519PublicKey) -> str:
    """La clave pública en el formato que se reparte. Errores: `ClaveInvalida`."""
    _exigir_nombre(nombre)
    cruda = publica.public_bytes_raw()
    return f"{nombre}+{_huella(nombre, cruda).hex()}+{_b64(_ED25519 + cruda)}"


def firmar(nombre: str, clave_privada: Ed25519PrivateKey, tamano: int, raiz: bytes) -> str:
    """El punto de control firmado; ``nombre`` es a la vez el del libro (origen) y el de su clave.

    Errores: `ClaveInvalida` (nombre) y `TextoInvalido` (tamaño o raíz fuera de forma).
    """
    _exigir_nombre(nombre)
    if len(raiz) != _LARGO_RAIZ or not _TAMANO.fullmatch(str(tamano)):
        raise TextoInvalido("el tamaño es un entero desde 0 y la raíz mide 32 bytes")
    texto = f"{nombre}\n{tamano}\n{_b64(raiz)}\n"
    huella = _huella(nombre, clave_privada.public_key().public_bytes_raw())
    return f"{texto}\n— {nombre} {_b64(huella + clave_privada.sign(texto.encode()))}\n"


def leer(texto: str) -> PuntoDeControl:
    """Lee la forma, sin comprobar firmas. Admite líneas de extensión y firmas de testigos. Errores: `TextoInvalido`."""
    if any((c < " " and c != "\n") or "\ud800" <= c <= "\udfff" for c in texto):
        raise TextoInvalido("lleva caracteres de control o que no son UTF-8")
    cuerpo, separador, pie = texto.rpartition("\n\n")
    if not separador or not pie.endswith("\n"):
        raise TextoInvalido("falta la línea vacía antes de las firmas o el salto final")
    lineas = cuerpo.split("\n")
    if len(lineas) < _LINEAS or not all(lineas) or not _TAMANO.fullmatch(lineas[1]):
        raise TextoInvalido("se esperan origen, tamaño y raíz, una línea cada uno")
    raiz = _de_b64(lineas[2])
    if raiz is None or len(raiz) != _LARGO_RAIZ:
        raise TextoInvalido("la raíz no son 32 bytes en base64")
    firmas = tuple(_firma(linea) for linea in pie[:-1].split("\n"))
    if len(firmas) > _FIRMAS_MAXIMAS:
        raise TextoInvalido("lleva demasiadas firmas")
    return PuntoDeControl(lineas[0], int(lineas[1]), raiz, f"{cuerpo}\n".encode(), firmas)


def verificar(texto: str, vkey: str, *, origen: str | None = None) -> PuntoDeControl:
    """Lee el punto y exige la firma de ``vkey``. ``origen`` es el libro esperado; por omisión, el nombre de la clave.

    Las firmas de otros se ignoran, como manda signed-note. Errores: `ClaveInvalida`, `TextoInvalido`, `SinFirma`,
    `FirmaInvalida`, `OrigenInesperado`.
    """
    nombre, huella, publica = _leer_vkey(vkey)
    punto = leer(texto)
    suyas = [f.firma for f in punto.firmas if f.nombre == nombre and f.huella == huella]
    if not suyas:
        raise SinFirma("el punto no lleva la firma esperada")
    for firma in suyas:
        try:
            publica.verify(firma, punto.firmado)
        except InvalidSignature:
            raise FirmaInvalida("la firma no corresponde al texto") from None
    if punto.origen != (nombre if origen is None else origen):
        raise OrigenInesperado("el punto es de otro libro")
    return punto


def _leer_vkey(vkey: str) -> tuple[str, bytes, Ed25519PublicKey]:
    nombre, _, resto = vkey.partition("+")
    hexadecimal, _, codificada = resto.partition("+")
    _exigir_nombre(nombre)
    clave = _de_b64(codificada)
    if clave is None or clave[:1] != _ED25519 or len(clave) != len(_ED25519) + _LARGO_CLAVE:
        raise ClaveInvalida("la vkey no es de una clave Ed25519")
    huella = _huella(nombre, clave[1:])
    if hexadecimal != huella.hex():
        raise ClaveInvalida("la huella de la vkey no es la de su clave")
    return nombre, huella, Ed25519PublicKey.from_public_bytes(clave[1:])


def _firma(linea: str) -> Firma:
    raya, _, resto = linea.partition(" ")
    nombre, _, codificada = resto.partition(" ")
    crudo = _de_b64(codificada)
    if raya != "—" or not _nombre_valido(nombre) or crudo is None or len(crudo) <= _LARGO_HUELLA:
        raise TextoInvalido("una línea de firma no tiene la forma debida")
    return Firma(nombre, crudo[:_LARGO_HUELLA], crudo[_LARGO_HUELLA:])


def _huella(nombre: str, cruda: bytes) -> bytes:
    return sha256(nombre.encode() + b"\n" + _ED25519 + cruda).digest()[:_LARGO_HUELLA]


def _nombre_valido(nombre: str) -> bool:
    return nombre.isprintable() and bool(nombre) and "+" not in nombre and not any(c.isspace() for c in nombre)


def _exigir_nombre(nombre: str) -> None:
    if not _nombre_valido(nombre):
        raise ClaveInvalida("el nombre de una clave no puede estar vacío ni llevar espacios o «+»")


def _b64(datos: bytes) -> str:
    return b64encode(datos).decode()


def _de_b64(texto: str) -> bytes | None:
    """Los bytes, o ``None`` si no es exactamente como se codificarían (una sola escritura por valor)."""
    try:
        datos = b64decode(texto, validate=True)
    except ValueError:
        return None
    return datos if _b64(datos) == texto else None


__all__ = [
    "ClaveInvalida",
    "Firma",
    "FirmaInvalida",
    "OrigenInesperado",
    "PuntoDeControl",
    "PuntoInvalido",
    "SinFirma",
    "TextoInvalido",
    "firmar",
    "leer",
    "verificar",
    "vkey",
]
