r"""Notas firmadas: un punto de control («el libro tenía N entradas y esta raíz») y quién responde de él.

Formato C2SP ``tlog-checkpoint`` sobre ``signed-note``::

    origen\n
    tamaño\n
    raíz en base64\n
    extensiones (cero o más líneas)\n
    \n
    — nombre base64(huella de 4 bytes ‖ firma)\n

Clave pública (vkey): ``nombre+huella en hexadecimal+base64(tipo ‖ clave)``; huella = primeros 4 bytes de
SHA-256(nombre ‖ "\n" ‖ tipo ‖ clave). Tipo 0x01: Ed25519 sobre el texto hasta antes de la línea vacía, con su salto
final. Tipo 0x04: refrendo de un testigo, Ed25519 sobre ``cosignature/v1\ntime T\n`` y ese mismo texto; su firma es el
instante T (8 bytes, segundos desde 1970) y los 64 bytes.
Fuente: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note y https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519: Final = 0x01
REFRENDO: Final = 0x04

_TAMANO = re.compile(r"0|[1-9][0-9]{0,18}")
#: Una sola escritura por instante: así también se ordenan como texto.
_INSTANTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
#: Caracteres de control, salvo el salto de línea, y lo que no es UTF-8.
_PROHIBIDOS = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_FIRMAS_MAXIMAS: Final = 100
#: Lo que mide de sobra un punto con todas sus firmas; más es un intento de hacer trabajar a quien verifica.
MAXIMO_TEXTO: Final = 64 * 1024
#: Origen, tamaño y raíz; después puede haber extensiones.
_LINEAS: Final = 3
_LARGO_RAIZ: Final = 32
_LARGO_CLAVE: Final = 32
_LARGO_HUELLA: Final = 4
_LARGO_INSTANTE: Final = 8
_INSTANTE_MAXIMO: Final = 2**63 - 1


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

    @property
    def extensiones(self) -> dict[str, str]:
        """Las líneas de extensión ``clave valor``; si una clave se repite, vale la primera."""
        lineas = self.firmado.decode().split("\n")[_LINEAS:-1]
        pares = (linea.partition(" ") for linea in reversed(lineas))
        return {clave: valor for clave, _, valor in pares}


def instante_de(punto: PuntoDeControl) -> datetime | None:
    """Cuándo dice haberse firmado (UTC), si lo dice en la forma acordada."""
    dicho = punto.extensiones.get("instante", "")
    try:
        return datetime.fromisoformat(dicho) if _INSTANTE.fullmatch(dicho) else None
    except ValueError:
        return None


def accesos_de(punto: PuntoDeControl) -> tuple[int, bytes] | None:
    """Cuántos accesos fija y la hoja del último (32 bytes), si lo dice en la forma acordada."""
    numero, _, codificada = punto.extensiones.get("accesos", "").partition(" ")
    hoja = de_b64(codificada)
    if not _TAMANO.fullmatch(numero) or hoja is None or len(hoja) != _LARGO_RAIZ:
        return None
    return int(numero), hoja


class Vkey(NamedTuple):
    """Una clave pública con nombre. ``tipo``: `ED25519` o `REFRENDO`."""

    nombre: str
    huella: bytes
    tipo: int
    publica: Ed25519PublicKey

    @property
    def cruda(self) -> bytes:
        """La clave: 32 bytes."""
        return self.publica.public_bytes_raw()


def leer_vkey(texto: str) -> Vkey:
    """Errores: `ClaveInvalida` si no es una vkey Ed25519 (de firma o de refrendo) o su huella no es la suya."""
    nombre, _, resto = texto.partition("+")
    hexadecimal, _, codificada = resto.partition("+")
    if not nombre_valido(nombre):
        raise ClaveInvalida("el nombre de una clave no puede estar vacío ni llevar espacios o «+»")
    clave = de_b64(codificada)
    if clave is None or len(clave) != 1 + _LARGO_CLAVE or clave[0] not in {ED25519, REFRENDO}:
        raise ClaveInvalida("la vkey no es de una clave Ed25519")
    huella = huella_de(nombre, clave[0], clave[1:])
    if hexadecimal != huella.hex():
        raise ClaveInvalida("la huella de la vkey no es la de su clave")
    return Vkey(nombre, huella, clave[0], Ed25519PublicKey.from_public_bytes(clave[1:]))


def escribir_vkey(nombre: str, publica: Ed25519PublicKey, tipo: int = ED25519) -> str:
    """La clave pública en el formato que se reparte. ``tipo``: `ED25519` o `REFRENDO`. Errores: `ClaveInvalida`."""
    if not nombre_valido(nombre):
        raise ClaveInvalida("el nombre de una clave no puede estar vacío ni llevar espacios o «+»")
    cruda = publica.public_bytes_raw()
    return f"{nombre}+{huella_de(nombre, tipo, cruda).hex()}+{b64encode(bytes([tipo]) + cruda).decode()}"


def escribir_firma(nombre: str, huella: bytes, firma: bytes) -> str:
    """Una línea de firma, con su salto final."""
    return f"— {nombre} {b64encode(huella + firma).decode()}\n"


def leer(texto: str) -> PuntoDeControl:
    """Lee la forma, sin comprobar firmas. Admite líneas de extensión y firmas de testigos. Errores: `TextoInvalido`."""
    if len(texto) > MAXIMO_TEXTO or _PROHIBIDOS.search(texto):
        raise TextoInvalido("es demasiado largo, o lleva caracteres de control o que no son UTF-8")
    cuerpo, separador, pie = texto.rpartition("\n\n")
    if not separador or not pie.endswith("\n"):
        raise TextoInvalido("falta la línea vacía antes de las firmas o el salto final")
    lineas = cuerpo.split("\n")
    if len(lineas) < _LINEAS or not all(lineas) or not _TAMANO.fullmatch(lineas[1]):
        raise TextoInvalido("se esperan origen, tamaño y raíz, una línea cada uno")
    raiz = de_b64(lineas[2])
    if raiz is None or len(raiz) != _LARGO_RAIZ:
        raise TextoInvalido("la raíz no son 32 bytes en base64")
    firmas = tuple(leer_firma(linea) for linea in pie[:-1].split("\n"))
    if len(firmas) > _FIRMAS_MAXIMAS:
        raise TextoInvalido("lleva demasiadas firmas")
    return PuntoDeControl(lineas[0], int(lineas[1]), raiz, f"{cuerpo}\n".encode(), firmas)


def verificar(texto: str, vkey: str, *, origen: str | None = None) -> PuntoDeControl:
    """Lee el punto y exige la firma de ``vkey``. ``origen`` es el libro esperado; por omisión, el nombre de la clave.

    Las firmas de otros se ignoran, como manda signed-note. Errores: `ClaveInvalida`, `TextoInvalido`, `SinFirma`,
    `FirmaInvalida`, `OrigenInesperado`.
    """
    clave = leer_vkey(vkey)
    punto = leer(texto)
    exigir_firma(punto, clave)
    if punto.origen != (clave.nombre if origen is None else origen):
        raise OrigenInesperado("el punto es de otro libro")
    return punto


def exigir_firma(punto: PuntoDeControl, clave: Vkey) -> int | None:
    """Exige que esa clave firmara el punto. De un refrendo devuelve su instante (segundos desde 1970).

    Errores: `SinFirma`, `FirmaInvalida`.
    """
    suyas = [f.firma for f in punto.firmas if f.nombre == clave.nombre and f.huella == clave.huella]
    if not suyas:
        raise SinFirma("el punto no lleva la firma esperada")
    instante = None
    for firma in suyas:
        try:
            if clave.tipo == REFRENDO:
                instante = _exigir_refrendo(punto, clave, firma)
            else:
                clave.publica.verify(firma, punto.firmado)
        except InvalidSignature:
            raise FirmaInvalida("la firma no corresponde al texto") from None
    return instante


def refrendado(instante: int, firmado: bytes) -> bytes:
    """Los bytes que firma un testigo: el texto del punto y cuándo lo vio (segundos desde 1970)."""
    return f"cosignature/v1\ntime {instante}\n".encode() + firmado


def leer_firma(linea: str) -> Firma:
    """Una línea de firma. Errores: `TextoInvalido`."""
    raya, _, resto = linea.partition(" ")
    nombre, _, codificada = resto.partition(" ")
    crudo = de_b64(codificada)
    if raya != "—" or not nombre_valido(nombre) or crudo is None or len(crudo) <= _LARGO_HUELLA:
        raise TextoInvalido("una línea de firma no tiene la forma debida")
    return Firma(nombre, crudo[:_LARGO_HUELLA], crudo[_LARGO_HUELLA:])


def huella_de(nombre: str, tipo: int, cruda: bytes) -> bytes:
    """La huella de una clave (4 bytes)."""
    return sha256(nombre.encode() + b"\n" + bytes([tipo]) + cruda).digest()[:_LARGO_HUELLA]


def nombre_valido(nombre: str) -> bool:
    """Si sirve de nombre de clave en una nota."""
    return nombre.isprintable() and bool(nombre) and "+" not in nombre and not any(c.isspace() for c in nombre)


def de_b64(texto: str) -> bytes | None:
    """Los bytes, o ``None`` si no es exactamente como se codificarían (una sola escritura por valor)."""
    try:
        datos = b64decode(texto, validate=True)
    except ValueError:
        return None
    return datos if b64encode(datos).decode() == texto else None


def _exigir_refrendo(punto: PuntoDeControl, clave: Vkey, firma: bytes) -> int:
    instante = int.from_bytes(firma[:_LARGO_INSTANTE])
    if instante > _INSTANTE_MAXIMO:
        raise FirmaInvalida("el instante del refrendo no cabe")
    clave.publica.verify(firma[_LARGO_INSTANTE:], refrendado(instante, punto.firmado))
    return instante


__all__ = [
    "ED25519",
    "MAXIMO_TEXTO",
    "REFRENDO",
    "ClaveInvalida",
    "Firma",
    "FirmaInvalida",
    "OrigenInesperado",
    "PuntoDeControl",
    "PuntoInvalido",
    "SinFirma",
    "TextoInvalido",
    "Vkey",
    "accesos_de",
    "de_b64",
    "escribir_firma",
    "escribir_vkey",
    "exigir_firma",
    "huella_de",
    "instante_de",
    "leer",
    "leer_firma",
    "leer_vkey",
    "nombre_valido",
    "refrendado",
    "verificar",
]
