"""De un mensaje del bus a un hecho crudo o un latido, o el porqué de que no se pueda leer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eventos.sobre import MAXIMO_BYTES
from infra.mensajeria.puertos import HechoCrudo, Latido
from infra.mensajeria.transportes.base import Mensaje
from infra.seguridad.cadena import hoja
from infra.seguridad.firma import publica_de_texto
from infra.seguridad.identidad_servicio import CabeceraInvalida, leer_cabecera_firmada

TIPO_LATIDO = "latido"
_POSICION_MAXIMA = 2**63 - 1


@dataclass
class MensajeIlegible(Exception):
    """No se puede ni decodificar: va a la cola de muertos, con alarma. ``codigo`` no repite nada de lo recibido."""

    codigo: str

    def __str__(self) -> str:
        return self.codigo


def interpretar(mensaje: Mensaje, origenes: Collection[str], claves: Mapping[str, str]) -> HechoCrudo | Latido:
    """Lee un mensaje de la cola de entrada. ``claves``: la pública de cada origen. Errores: `MensajeIlegible`."""
    origen = str(mensaje.cabeceras.get("origen", ""))
    if origen not in origenes:
        raise MensajeIlegible("origen-desconocido")
    if len(mensaje.cuerpo) > MAXIMO_BYTES:
        raise MensajeIlegible("demasiado-grande")
    if mensaje.tipo == TIPO_LATIDO:
        return _latido(mensaje, origen, claves)
    try:
        posicion = _posicion(int(mensaje.cabeceras["posicion"]))
        anterior = bytes.fromhex(str(mensaje.cabeceras["anterior"]))
        return HechoCrudo(origen, posicion, anterior, hoja(origen, posicion, anterior, mensaje.cuerpo), mensaje.cuerpo)
    except (KeyError, ValueError):
        raise MensajeIlegible("cabeceras-invalidas") from None


def _latido(mensaje: Mensaje, origen: str, claves: Mapping[str, str]) -> Latido:
    clave = claves.get(origen)
    if clave is None:
        raise MensajeIlegible("latido-sin-clave")
    try:
        cabecera = leer_cabecera_firmada(mensaje.cuerpo, publica_de_texto(clave))
    except CabeceraInvalida:
        raise MensajeIlegible("latido-falso") from None
    if cabecera.origen != origen:
        raise MensajeIlegible("latido-ajeno")
    try:
        return Latido(
            origen, _posicion(cabecera.posicion), bytes.fromhex(cabecera.hash), cabecera.instante, mensaje.cuerpo
        )
    except ValueError:
        raise MensajeIlegible("latido-sin-posicion") from None


def _posicion(posicion: int) -> int:
    if not 1 <= posicion <= _POSICION_MAXIMA:
        raise ValueError("la posición no cabe en la base")
    return posicion
