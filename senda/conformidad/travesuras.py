"""Lo que puede hacerle el bus a lo que va hacia una institución: repetirlo, desordenarlo, perderlo o traerlo ampliado.

Se hace donde cada servicio publica, así que vale igual por AMQP y por HTTP, en memoria y en RabbitMQ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje
from infra.mensajeria.transportes.envuelto import TransporteEnvuelto
from infra.seguridad.firma import firmar, leer_cabecera

#: De los mensajes de un lote para la institución, los que de verdad salen, en su orden.
Travesura = Callable[[Sequence[Mensaje]], Sequence[Mensaje]]


def ninguna(mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
    """El bus se porta bien."""
    return mensajes


def repetir(mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
    """Cada uno, tres veces."""
    return [m for m in mensajes for _ in range(3)]


def desordenar(mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
    """Lo último, primero."""
    return list(reversed(mensajes))


@dataclass
class Perder:
    """Se pierde la primera vez cada mensaje de un intercambio; la segunda, llega."""

    intercambio: str
    perdidos: set[bytes] = field(default_factory=set)

    def __call__(self, mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
        salen = []
        for mensaje in mensajes:
            if mensaje.intercambio == self.intercambio and mensaje.cuerpo not in self.perdidos:
                self.perdidos.add(mensaje.cuerpo)
            else:
                salen.append(mensaje)
        return salen


@dataclass
class PerderElPrimero:
    """De cada lote de avisos se pierde uno: queda un hueco que el siguiente delata."""

    intercambio: str
    perdidos: set[bytes] = field(default_factory=set)

    def __call__(self, mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
        avisos = [m for m in mensajes if m.intercambio == self.intercambio]
        if len(avisos) < 2 or avisos[0].cuerpo in self.perdidos:  # noqa: PLR2004  uno solo no dejaría hueco
            return mensajes
        self.perdidos.add(avisos[0].cuerpo)
        return [m for m in mensajes if m is not avisos[0]]


@dataclass
class Ampliar:
    """Una versión menor posterior: cada mensaje trae campos que el contrato de hoy no tiene, firmados como es debido.

    ``claves``: ``source`` de cada servicio -> su clave de firma.
    """

    claves: Mapping[str, Ed25519PrivateKey]

    def __call__(self, mensajes: Sequence[Mensaje]) -> Sequence[Mensaje]:
        return [self._ampliado(m) for m in mensajes]

    def _ampliado(self, mensaje: Mensaje) -> Mensaje:
        cabecera = leer_cabecera(str(mensaje.cabeceras["firma"]))
        datos = {"novedad": {"de": "una versión posterior", "lista": [1, None, "ñ"]}, **json.loads(mensaje.cuerpo)}
        cuerpo = json.dumps(datos, ensure_ascii=False).encode()
        caduca = datetime.fromtimestamp(cabecera.exp, UTC)
        firma = firmar(cuerpo, self.claves[cabecera.kid], cabecera.kid, cabecera.servicio, cabecera.id, caduca)
        return _con(mensaje, cuerpo, firma)


def _con(mensaje: Mensaje, cuerpo: bytes, firma: str) -> Mensaje:
    return Mensaje(
        mensaje.intercambio, mensaje.clave, mensaje.tipo, cuerpo, mensaje.id, {**mensaje.cabeceras, "firma": firma},
        mensaje.responder_a,
    )  # fmt: skip


@dataclass
class Bus:
    """Qué travesura se hace ahora, y a quién."""

    institucion: str
    travesura: Travesura = ninguna


@dataclass
class Travieso(TransporteEnvuelto):
    """Un transporte que publica lo que la travesura de ahora dice; en lo demás, el de dentro."""

    bus: Bus
    nombres: Nombres = field(default_factory=Nombres)

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        suyos = [m for m in mensajes if self._es_suyo(m)]
        if not suyos:
            return self.dentro.publicar(mensajes)
        demas = [m for m in mensajes if not self._es_suyo(m)]
        salieron = iter(self.dentro.publicar(demas) if demas else [])
        todos = all(self.dentro.publicar(list(self.bus.travesura(suyos))))
        return [todos if self._es_suyo(m) else next(salieron) for m in mensajes]

    def _es_suyo(self, mensaje: Mensaje) -> bool:
        de_institucion = mensaje.intercambio in {self.nombres.buzon, self.nombres.acuses}
        return de_institucion and mensaje.clave == self.bus.institucion


__all__ = [
    "Ampliar",
    "Bus",
    "Perder",
    "PerderElPrimero",
    "Travesura",
    "Travieso",
    "desordenar",
    "ninguna",
    "repetir",
]
