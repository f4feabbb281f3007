"""El sobre: CloudEvents 1.0 en JSON estructurado. Se codifica una vez; esos bytes se guardan, viajan y se auditan.

``data`` lleva los campos abiertos y, si los hay, ``sellado``: los demás campos, cifrados y en base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from eventos.base import CATALOGO, Hecho, campos_sellados, partir
from eventos.tipos import Instante
from eventos.versiones import elevar

#: Un sobre cabe en una entrada de tlog-tiles (65 535 bytes) con su cabecera; lo grande va por referencia y hash.
MAXIMO_BYTES = 60 * 1024

#: Cifra o descifra: (contenido, dato autenticado) -> bytes.
Cifra = Callable[[bytes, bytes], bytes]


class SobreInvalido(ValueError):
    """Los bytes no son un sobre del catálogo. El mensaje dice qué falla, nunca el valor."""


class TipoDesconocido(SobreInvalido):
    """Sobre bien formado de un tipo o versión que este servicio aún no conoce: se espera, no se salta."""


class Sobre(Struct, frozen=True, kw_only=True):
    """Metadatos de un hecho (CloudEvents) y su ``data`` sin decodificar."""

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: Instante
    datacontenttype: str = "application/json"
    dataschema: str
    registrado: Instante
    institucion: str
    agente: str
    causaid: str
    correlacionid: str
    agregado: UUID
    version: int
    solicitud: str = ""
    data: Raw


class Anotado(Struct, frozen=True, kw_only=True):
    """Un hecho con lo que su sobre dice de él: lo que reciben dominio, políticas y lecturas. Tiempos en UTC."""

    id: UUID
    origen: str
    hecho: Hecho
    institucion: str
    agente: str
    ocurrido: datetime
    registrado: datetime
    causa: str
    correlacion: str
    agregado: UUID
    version: int
    solicitud: str


_codificador = msgspec.json.Encoder()
_leer_sobre = msgspec.json.Decoder(Sobre)


def esquema(tipo: str) -> str:
    """URI del esquema JSON publicado para un tipo."""
    return f"urn:senda:esquema:{tipo}"


def codificar(anotado: Anotado, cifrar: Cifra | None) -> bytes:
    """Los bytes definitivos de un hecho.

    ``cifrar`` es obligatorio si el hecho lleva campos sellados con valor. El dato autenticado ata el cifrado al id y
    al tipo, para que no pueda trasplantarse a otro evento.
    """
    hecho = anotado.hecho
    if campos_sellados(type(hecho)):
        abierto, sellado = partir(hecho)
        if sellado:
            if cifrar is None:
                raise SobreInvalido(f"{hecho.tipo}: lleva campos sellados y no hay clave con que sellarlos")
            dato = _autenticado(anotado.id, hecho.tipo)
            abierto["sellado"] = b64encode(cifrar(_codificador.encode(sellado), dato)).decode()
        data = _codificador.encode(abierto)
    else:
        data = _codificador.encode(hecho)
    sobre = Sobre(
        id=anotado.id, source=anotado.origen, type=hecho.tipo, subject=hecho.sujeto, time=anotado.ocurrido,
        dataschema=esquema(hecho.tipo), registrado=anotado.registrado, institucion=anotado.institucion,
        agente=anotado.agente, causaid=anotado.causa, correlacionid=anotado.correlacion, agregado=anotado.agregado,
        version=anotado.version, solicitud=anotado.solicitud, data=Raw(data),
    )  # fmt: skip
    cuerpo = _codificador.encode(sobre)
    if len(cuerpo) > MAXIMO_BYTES:
        raise SobreInvalido(f"{hecho.tipo}: el sobre pasa de {MAXIMO_BYTES} bytes; lo grande va por referencia y hash")
    return cuerpo


def abrir_sobre(cuerpo: bytes) -> Sobre:
    """Lee los metadatos sin exigir que el tipo se conozca. Errores: `SobreInvalido`."""
    try:
        return _leer_sobre.decode(cuerpo)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise SobreInvalido("no es un sobre CloudEvents de Senda") from None


def decodificar(cuerpo: bytes, descifrar: Cifra | None = None) -> Anotado:
    """Lee un hecho. Sin ``descifrar``, los campos sellados quedan en ``UNSET``.

    Errores: `SobreInvalido`, `TipoDesconocido`; los del propio descifrado salen tal cual.
    """
    return anotado_de(abrir_sobre(cuerpo), descifrar)


def anotado_de(sobre: Sobre, descifrar: Cifra | None = None) -> Anotado:
    """El hecho de un sobre ya abierto, subido a su versión actual."""
    tipo, data = sobre.type, sobre.data
    try:
        if descifrar is not None:
            data = _con_sellados(sobre, descifrar)
        tipo, data = elevar(tipo, data)
        clase = CATALOGO.get(tipo)
        if clase is None:
            raise TipoDesconocido("tipo o versión que no está en este catálogo")
        hecho = _lector_de(clase).decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise SobreInvalido("el contenido no cumple el esquema de su tipo") from None
    if hecho.sujeto != sobre.subject:
        raise SobreInvalido("el sujeto del sobre no es el del hecho")
    return Anotado(
        id=sobre.id, origen=sobre.source, hecho=hecho, institucion=sobre.institucion, agente=sobre.agente,
        ocurrido=sobre.time, registrado=sobre.registrado, causa=sobre.causaid, correlacion=sobre.correlacionid,
        agregado=sobre.agregado, version=sobre.version, solicitud=sobre.solicitud,
    )  # fmt: skip


@cache
def _lector_de(clase: type[Hecho]) -> msgspec.json.Decoder[Hecho]:
    # Preparar uno por hecho costaba más que leerlo.
    return msgspec.json.Decoder(clase)


def _autenticado(id_hecho: UUID, tipo: str) -> bytes:
    return f"{id_hecho}\n{tipo}".encode()


def _con_sellados(sobre: Sobre, descifrar: Cifra) -> Raw:
    llano = msgspec.json.decode(sobre.data, type=dict[str, Any])
    if "sellado" not in llano:
        return sobre.data
    try:
        cifrado = b64decode(llano.pop("sellado"), validate=True)
    except (TypeError, ValueError):
        raise SobreInvalido("lo sellado no está en base64") from None
    claro = msgspec.json.decode(descifrar(cifrado, _autenticado(sobre.id, sobre.type)), type=dict[str, Any])
    # Lo abierto manda: quien tenga la clave no puede desmentir en secreto lo que todos leen.
    return Raw(_codificador.encode(claro | llano))
