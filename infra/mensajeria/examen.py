"""El examen de una solicitud: forma, quién la firma y qué pide. De bytes hostiles a una petición tipada, o un porqué.

Ningún mensaje repite lo recibido: se nombra el campo y qué hacer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

import contratos.solicitudes  # noqa: F401  (llena PETICIONES)
from contratos.base import PETICIONES, Peticion
from contratos.revision import leer as leer_peticion
from contratos.solicitud import MAXIMO_BYTES, Solicitud
from eventos.base import campos_sellados
from infra.seguridad.firma import FirmaInvalida, verificar
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.sobre_cerrado import SobreCerradoInvalido
from infra.seguridad.sobre_cerrado import abrir as abrir_sellado

#: Relojes que no marchan a la vez: lo fechado hasta cinco minutos más tarde se acepta.
TOLERANCIA_RELOJ = timedelta(minutes=5)

_leer_solicitud = msgspec.json.Decoder(Solicitud)
_RUTA_DEL_ERROR = re.compile(r"`\$\.?([^`]*)`")


@dataclass
class SolicitudInvalida(Exception):
    """La solicitud no se puede atender. ``codigo``: uno de `contratos.codigos.DE_EXAMEN`, o el de un `Rechazo`."""

    codigo: str
    campo: str
    que_hacer: str

    def __str__(self) -> str:
        return f"{self.codigo} ({self.campo})"


class _ConRuta(Struct):
    ruta: UUID | None = None


_leer_ruta = msgspec.json.Decoder(_ConRuta)


@dataclass(frozen=True, slots=True)
class Examinada:
    """Una solicitud con forma válida, aún sin creer. ``huella``: SHA-256 de sus bytes, en hexadecimal."""

    solicitud: Solicitud
    huella: str

    @property
    def clave(self) -> tuple[str, str]:
        """Institución e id: lo que la identifica."""
        return self.solicitud.institucion, str(self.solicitud.id)

    @property
    def ruta(self) -> UUID | None:
        """La ruta de la que parece hablar, sin validar: una pista para leer por lotes."""
        try:
            return _leer_ruta.decode(self.solicitud.datos).ruta
        except (ValueError, RecursionError):
            return None


def leer(cuerpo: bytes) -> Examinada:
    """Lee el sobre de la solicitud, sin creerla todavía. Errores: `SolicitudInvalida`."""
    if len(cuerpo) > MAXIMO_BYTES:
        raise SolicitudInvalida(
            "demasiado-grande", "", f"Una solicitud mide como mucho {MAXIMO_BYTES} bytes; lo grande va por referencia."
        )
    huella = sha256(cuerpo).hexdigest()
    try:
        return Examinada(_leer_solicitud.decode(cuerpo), huella)
    except msgspec.ValidationError as error:
        raise SolicitudInvalida("forma-invalida", _campo(error), _corrige(_campo(error))) from None
    except (ValueError, RecursionError):  # los de msgspec y los de UTF-8 son ValueError
        raise SolicitudInvalida(
            "json-invalido", "", "El cuerpo no es JSON en UTF-8; revísalo y vuelve a firmarlo."
        ) from None


def comprobar_firma(
    examinada: Examinada,
    cuerpo: bytes,
    firma: str,
    clave: Ed25519PublicKey,
    servicio: str,
    ahora: datetime,
    usuario: str | None,
) -> None:
    """Comprueba que la institución firmó exactamente esos bytes para este servicio. Errores: `SolicitudInvalida`."""
    solicitud = examinada.solicitud
    # Un usuario que no es de una institución (el portal, la demostración) publica por varias: ahí manda la firma.
    if usuario is not None and usuario != solicitud.institucion:
        raise SolicitudInvalida("otro-usuario", "institucion", "Publica con el usuario del bus de tu institución.")
    try:
        cabecera = verificar(firma, cuerpo, clave, servicio, ahora)
    except FirmaInvalida as error:
        raise SolicitudInvalida(
            error.codigo, "firma", "Firma los bytes exactos del cuerpo con la clave inscrita."
        ) from None
    if cabecera.kid != solicitud.institucion:
        raise SolicitudInvalida("firma-de-otra", "institucion", "La firma es de otra institución; firma con la tuya.")
    if cabecera.id != str(solicitud.id):
        raise SolicitudInvalida(
            "firma-de-otra-solicitud", "id", "La firma protege otro id; firma de nuevo esta solicitud."
        )


def abrir(examinada: Examinada, servicio: str, claves: ClavesServicio, ahora: datetime) -> Peticion:
    """La petición tipada, con sus campos sellados abiertos. Errores: `SolicitudInvalida`."""
    solicitud = examinada.solicitud
    clase = PETICIONES.get(solicitud.tipo)
    if clase is None:
        raise SolicitudInvalida("tipo-desconocido", "tipo", "Ese tipo o versión no está en el contrato publicado.")
    if clase.servicio != servicio:
        raise SolicitudInvalida("otro-servicio", "tipo", f"Ese tipo lo atiende «{clase.servicio}»; envíalo a su clave.")
    if _en_utc(solicitud.ocurrido) > ahora + TOLERANCIA_RELOJ:
        raise SolicitudInvalida("fecha-futura", "ocurrido", "Lo que se cuenta no puede haber ocurrido en el futuro.")
    datos = _objeto(lambda: msgspec.json.decode(solicitud.datos), "datos")
    sellables = campos_sellados(clase)
    for campo in sellables & datos.keys():
        raise SolicitudInvalida("dato-en-claro", f"datos.{campo}", "Ese campo solo puede viajar dentro de «sellado».")
    if solicitud.sellado:
        datos |= _abrir_sellado(solicitud.sellado, claves, sellables)
    try:
        return leer_peticion(clase, datos)
    except msgspec.ValidationError as error:
        campo = _campo(error)
        ubicado = f"sellado.{campo}" if campo.split(".")[0] in sellables else f"datos.{campo}".rstrip(".")
        raise SolicitudInvalida("dato-invalido", ubicado, _corrige(ubicado)) from None


def _en_utc(instante: datetime) -> datetime:
    try:
        return instante.astimezone(UTC)
    except OverflowError:
        raise SolicitudInvalida("dato-invalido", "ocurrido", _corrige("ocurrido")) from None


def _abrir_sellado(texto: str, claves: ClavesServicio, sellables: frozenset[str]) -> dict[str, Any]:
    try:
        claro = abrir_sellado(texto, claves.recepcion)
    except SobreCerradoInvalido:
        raise SolicitudInvalida(
            "sellado-ilegible",
            "sellado",
            "Cífralo (JWE ECDH-ES, A256GCM) hacia la clave de recepción vigente del servicio.",
        ) from None
    sellado = _objeto(lambda: msgspec.json.decode(claro), "sellado")
    if sellado.keys() - sellables:
        raise SolicitudInvalida("dato-invalido", "sellado", "Trae campos que el contrato no sella; mira su esquema.")
    return sellado


def _objeto(leer_json: Callable[[], Any], campo: str) -> dict[str, Any]:
    try:
        valor = leer_json()
    except (ValueError, RecursionError):
        valor = None
    if not isinstance(valor, dict):
        raise SolicitudInvalida("forma-invalida", campo, "Ha de ser un objeto JSON.")
    return valor


def _campo(error: msgspec.ValidationError) -> str:
    """El camino del campo que falla. Del mensaje de msgspec solo se toma el camino: el resto puede repetir el valor."""
    texto = str(error)
    if hallado := _RUTA_DEL_ERROR.search(texto):
        # Las claves de un mapa las elige quien envía; solo se repite lo que parece un nombre de campo.
        return re.sub(r"[^a-z0-9_.\[\]]", "", hallado.group(1))[:80]
    falta = re.search(r"required field `([a-z_]+)`", texto)
    return falta.group(1) if falta else ""


def _corrige(campo: str) -> str:
    return (
        f"Revisa «{campo}» con el esquema del contrato."
        if campo
        else "Revisa la solicitud con el esquema del contrato."
    )
