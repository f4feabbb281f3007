"""El examen de una solicitud: forma, quién la firma y qué pide. De bytes hostiles a una petición tipada, o un porqué.

Ningún mensaje repite lo recibido: se nombra el campo y qué hacer.
"""

from __future__ import annotations

import re
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
from contratos.codigos import ARREGLOS
from contratos.formatos import exigir
from contratos.lectura import JsonRechazado, leer_json
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
    """La solicitud no se puede atender. ``codigo``: uno de `contratos.codigos.DE_EXAMEN`, o el de un `Rechazo`.

    Sin ``que_hacer``, los de `contratos.codigos.ARREGLOS`.
    """

    codigo: str
    campo: str = ""
    que_hacer: str = ""

    def __post_init__(self) -> None:
        if not self.que_hacer:
            campo, self.que_hacer = ARREGLOS[self.codigo]
            self.campo = self.campo or campo

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
        raise SolicitudInvalida("demasiado-grande")
    huella = sha256(cuerpo).hexdigest()
    documento = _leer_json(cuerpo)
    try:
        solicitud = _leer_solicitud.decode(cuerpo)
        exigir(Solicitud, documento)
    except msgspec.ValidationError as error:
        raise SolicitudInvalida("forma-invalida", _campo(error), _corrige(_campo(error))) from None
    return Examinada(solicitud, huella)


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
    if not firma:
        raise SolicitudInvalida("firma-ausente")
    # Un usuario que no es de una institución (el portal, la demostración) publica por varias: ahí manda la firma.
    if usuario is not None and usuario != solicitud.institucion:
        raise SolicitudInvalida("otro-usuario")
    try:
        cabecera = verificar(firma, cuerpo, clave, servicio, ahora)
    except FirmaInvalida as error:
        raise SolicitudInvalida(error.codigo) from None
    if cabecera.kid != solicitud.institucion:
        raise SolicitudInvalida("firma-de-otra")
    if cabecera.id != str(solicitud.id):
        raise SolicitudInvalida("firma-de-otra-solicitud")


def abrir(examinada: Examinada, servicio: str, claves: ClavesServicio, ahora: datetime) -> Peticion:
    """La petición tipada, con sus campos sellados abiertos. Errores: `SolicitudInvalida`."""
    solicitud = examinada.solicitud
    clase = _clase_de(solicitud.tipo)
    if clase.servicio != servicio:
        raise SolicitudInvalida("otro-servicio", "tipo", f"Ese tipo lo atiende «{clase.servicio}»; envíalo a su clave.")
    if _en_utc(solicitud.ocurrido) > ahora + TOLERANCIA_RELOJ:
        raise SolicitudInvalida("fecha-futura")
    datos = _objeto(leer_json(bytes(solicitud.datos)), "datos")
    sellables = campos_sellados(clase)
    for campo in sellables & datos.keys():
        raise SolicitudInvalida("dato-en-claro", f"datos.{campo}")
    if solicitud.sellado:
        if not sellables:
            raise SolicitudInvalida("dato-invalido", "sellado", "Esta petición no lleva nada sellado: déjalo vacío.")
        datos |= _abrir_sellado(solicitud.sellado, claves, sellables)
    try:
        return leer_peticion(clase, datos)
    except msgspec.ValidationError as error:
        campo = _campo(error)
        ubicado = f"sellado.{campo}" if campo.split(".")[0] in sellables else f"datos.{campo}".rstrip(".")
        raise SolicitudInvalida("dato-invalido", ubicado, _corrige(ubicado)) from None


def _clase_de(tipo: str) -> type[Peticion]:
    clase = PETICIONES.get(tipo)
    if clase is not None:
        return clase
    sin_version = tipo.rpartition(".v")[0]
    if hay := sorted(otro for otro in PETICIONES if otro.rpartition(".v")[0] == sin_version):
        raise SolicitudInvalida("version-desconocida", "tipo", f"De ese tipo hay: {', '.join(hay)}.")
    raise SolicitudInvalida("tipo-desconocido")


def _en_utc(instante: datetime) -> datetime:
    try:
        return instante.astimezone(UTC)
    except OverflowError:
        raise SolicitudInvalida("dato-invalido", "ocurrido", _corrige("ocurrido")) from None


def _abrir_sellado(texto: str, claves: ClavesServicio, sellables: frozenset[str]) -> dict[str, Any]:
    try:
        claro = abrir_sellado(texto, claves.recepcion)
    except SobreCerradoInvalido:
        raise SolicitudInvalida("sellado-ilegible") from None
    sellado = _objeto(_leer_json(claro, "sellado"), "sellado")
    if sellado.keys() - sellables:
        raise SolicitudInvalida("dato-invalido", "sellado", "Trae campos que el contrato no sella; mira su esquema.")
    return sellado


def _leer_json(cuerpo: bytes, campo: str = "") -> Any:
    try:
        return leer_json(cuerpo)
    except JsonRechazado as error:
        raise SolicitudInvalida(error.codigo, campo) from None


def _objeto(valor: Any, campo: str) -> dict[str, Any]:
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
