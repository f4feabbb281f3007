"""Lo que cada institución firmó y el acuse que se le dio: cómo se guardan y qué hace falta para creerlos.

Con las entradas van las solicitudes de cada paquete, con el mismo índice: ``solicitudes/x001/234.jsonl``, una por línea
``{huella, firma, cuerpo, acuse, firma_acuse}`` (bytes en base64; ``cuerpo`` vacío si la clave de la persona ya se
destruyó, y entonces ha de constar en el libro).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar import json_unico
from senda_verificar.faltas import Codigo
from senda_verificar.firmas import SinValor, leer_jws
from senda_verificar.json_unico import JsonInvalido
from senda_verificar.nota import de_b64

SOLICITUDES: Final = "solicitudes"
#: El resultado de un acuse que sí causó hechos.
ACEPTADA: Final = "aceptada"
_CAMPOS: Final = ("huella", "firma", "cuerpo", "acuse", "firma_acuse")
#: Una línea de `solicitudes/`: sus cinco campos.
Guardada = Mapping[str, str]


class NoVale(Exception):
    """Una solicitud que no prueba lo que debería, con la falta que es. No repite lo recibido."""

    def __init__(self, codigo: Codigo, que: str) -> None:
        super().__init__(que)
        self.codigo = codigo
        self.que = que


def leer_solicitudes(lineas: Iterable[str]) -> dict[str, Guardada]:
    """Por huella, lo que se conserva de cada solicitud. Lo que no se deje leer no está."""
    leidas: dict[str, Guardada] = {}
    for linea in lineas:
        try:
            fila = json_unico.objeto(linea)
        except JsonInvalido:
            continue
        if all(isinstance(fila.get(c), str) for c in _CAMPOS):
            leidas[fila["huella"]] = fila
    return leidas


def abrir(fila: Guardada, huella: str, servicio: str, claves: list[Ed25519PublicKey]) -> Mapping[str, Any]:
    """Lo que se firmó, si alguna de esas claves firmó esos bytes para ese servicio. Errores: `NoVale`."""
    cuerpo = de_b64(fila["cuerpo"]) or b""
    if sha256(cuerpo).hexdigest() != huella:
        raise NoVale(Codigo.SOLICITUD_ALTERADA, "los bytes guardados no son los que dice el hecho")
    try:
        firma = leer_jws(fila["firma"], cuerpo, claves)
        solicitud = json_unico.objeto(cuerpo)
    except SinValor as error:
        raise NoVale(Codigo.FIRMA_DE_INSTITUCION, str(error)) from None
    except JsonInvalido:
        raise NoVale(Codigo.SOLICITUD_ALTERADA, "lo firmado no es una solicitud") from None
    if (firma.kid, firma.servicio, firma.id) != (solicitud.get("institucion"), servicio, solicitud.get("id")):
        raise NoVale(Codigo.FIRMA_DE_INSTITUCION, "la firma es de otra solicitud, servicio o institución")
    return solicitud


def leer_acuse(en_base64: str, firma: str, claves: list[Ed25519PublicKey] | None) -> Mapping[str, Any]:
    """Un acuse; sin ``claves`` no se comprueba su firma. Errores: `SinValor`."""
    cuerpo = de_b64(en_base64)
    if cuerpo is None:
        raise SinValor("el acuse no está en base64")
    if claves is not None:
        leer_jws(firma, cuerpo, claves)
    try:
        acuse = json_unico.objeto(cuerpo)
    except JsonInvalido:
        raise SinValor("el acuse no tiene la forma acordada") from None
    eventos = acuse.setdefault("eventos", [])
    if not isinstance(eventos, list) or not all(map(_es_evento, eventos)):
        raise SinValor("el acuse no tiene la forma acordada")
    return acuse


def _es_evento(evento: object) -> bool:
    return (
        isinstance(evento, dict)
        and all(isinstance(evento.get(c), str) for c in ("id", "tipo", "sujeto"))
        and isinstance(evento.get("datos", {}), dict)
    )


def cumple(evento: Mapping[str, Any], sobre: Mapping[str, Any]) -> bool:
    """Si un hecho del libro es el que un acuse prometió: su id, su tipo, su sujeto y lo que dijo en claro."""
    if (evento.get("id"), evento.get("tipo"), evento.get("sujeto")) != (sobre["id"], sobre["type"], sobre["subject"]):
        return False
    return all(sobre["data"].get(campo) == valor for campo, valor in evento.get("datos", {}).items())


__all__ = ["ACEPTADA", "SOLICITUDES", "Guardada", "NoVale", "abrir", "cumple", "leer_acuse", "leer_solicitudes"]
