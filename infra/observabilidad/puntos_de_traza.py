"""A qué traza pertenece cada cosa: se deduce de lo que solicitud y hechos ya llevan, así que no se guarda.

Quien publica, quien recibe y quien rearranca llegan al mismo punto por su cuenta, también tras un reenvío. Va con una
clave del despliegue: quien tiene un hecho (un tribunal, un órgano de control) no puede buscar con él en el almacén de
trazas, ni al revés (decisión 037).
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

if TYPE_CHECKING:
    from eventos.sobre import Anotado

#: Como la escribe W3C Trace Context; ``tracestate`` no se lee ni se escribe: es texto libre de quien llama.
CABECERA: Final = "traceparent"
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)


class Punto(NamedTuple):
    """Un span de una traza: 128 y 64 bits, nunca cero."""

    traza: int
    span: int

    def cabecera(self) -> str:
        """Su ``traceparent``."""
        return f"00-{self.traza:032x}-{self.span:016x}-01"


def de_cabecera(texto: object) -> Punto | None:
    """El punto que nombra un ``traceparent`` ajeno, o None si no tiene exactamente esa forma."""
    hallado = _TRACEPARENT.fullmatch(texto) if isinstance(texto, str) else None
    if hallado is None:
        return None
    punto = Punto(int(hallado[1], 16), int(hallado[2], 16))
    return punto if all(punto) else None


@dataclass(frozen=True)
class Puntos:
    """Los puntos de un despliegue. ``clave``: 32 bytes, la misma en todos sus procesos.

    ``huella``: SHA-256 del cuerpo de una solicitud; es la correlación de los hechos que causa.
    """

    clave: bytes

    def traza(self, correlacion: str) -> int:
        """La de una correlación: la de una solicitud y cuanto causó, o la de un plazo que venció."""
        return self._numero(16, b"traza", correlacion)

    def solicitud(self, huella: str) -> Punto:
        """Su llegada: la raíz de la traza."""
        return Punto(self.traza(huella), self._numero(8, b"solicitud", huella))

    def atencion(self, huella: str) -> Punto:
        """La decisión que la aceptó."""
        return Punto(self.traza(huella), self._numero(8, b"atencion", huella))

    def hecho(self, correlacion: str, hecho: str) -> Punto:
        """El nacimiento de un hecho, por su id."""
        return Punto(self.traza(correlacion), self._numero(8, b"hecho", hecho))

    def efecto(self, correlacion: str, hecho: str, servicio: str) -> Punto:
        """Lo que un servicio hizo con un hecho ajeno."""
        return Punto(self.traza(correlacion), self._numero(8, b"efecto", f"{servicio}\n{hecho}"))

    def causa(self, anotado: Anotado, servicio: str) -> Punto | None:
        """De qué cuelga el nacimiento de un hecho propio; None si el sistema lo hizo por sí (un plazo)."""
        if not anotado.causa:
            return None
        if anotado.causa == anotado.solicitud:
            return self.atencion(anotado.causa)
        return self.efecto(anotado.correlacion, anotado.causa, servicio)

    def _numero(self, bytes_: int, que: bytes, de: str) -> int:
        # surrogatepass: de un mensaje hostil puede llegar cualquier texto, y de él también hay que salir con un número.
        mac = blake2b(de.encode(errors="surrogatepass"), digest_size=bytes_, key=self.clave, person=que)
        return int.from_bytes(mac.digest()) or 1


def en_el_registro(punto: Punto) -> AbstractContextManager[None]:
    """Lo registrado dentro dice de qué traza es."""
    return structlog.contextvars.bound_contextvars(trace_id=f"{punto.traza:032x}", span_id=f"{punto.span:016x}")


__all__ = ["CABECERA", "Punto", "Puntos", "de_cabecera", "en_el_registro"]
