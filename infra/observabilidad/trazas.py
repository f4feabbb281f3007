"""Las trazas de un proceso: spans ya terminados que se dejan y otro exporta (`exportador`), sin que nadie lo espere.

Se anotan después de confirmar, con sus tiempos: una transacción revertida no deja rastro de lo que no pasó. Los
atributos son los de una métrica (servicio, origen, tipo, código): nunca un id de ruta, una institución ni una persona.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import structlog

from infra.observabilidad.puntos_de_traza import Punto, Puntos

registro = structlog.get_logger(__name__)

Clase = Literal["CLIENT", "CONSUMER", "PRODUCER", "SERVER"]
Atributos = Mapping[str, str | int]

#: Los enlaces que un span admite de fábrica (OTEL_SPAN_LINK_COUNT_LIMIT).
_ENLACES: Final = 128
#: Solicitudes cuya llegada se recuerda haber anotado. Olvidar una solo hace que, repetida, salga su raíz otra vez.
_RECUERDA: Final = 4096
#: No el del servicio: anotar no ha de cambiar lo que él decide. Un id de span no es un secreto.
_AZAR: Final = random.Random()  # noqa: S311
_64_BITS: Final = 2**64


class Terminado(NamedTuple):
    """Un span acabado. ``desde`` y ``hasta`` en nanosegundos; ``error``: la clase del fallo, o vacío."""

    nombre: str
    clase: Clase
    punto: Punto
    padre: Punto | None
    desde: int
    hasta: int
    atributos: Atributos
    enlaces: Sequence[Punto] = ()
    error: str = ""


def ahora() -> int:
    """La hora de verdad, en nanosegundos: la del despliegue puede ir acelerada y una traza mide esperas de verdad."""
    return time.time_ns()


@dataclass
class Trazas:
    """Dónde dejan sus spans las piezas de un servicio.

    ``dejar``: a quién dárselos; no ha de esperar a nada. ``proporcion``: parte de las trazas que se anotan.
    """

    servicio: str
    puntos: Puntos
    dejar: Callable[[Terminado], None]
    proporcion: float = 1.0
    _avisado: bool = False
    _vistas: dict[Punto, None] = field(default_factory=dict)

    def se_anota(self, traza: int) -> bool:
        """Si entra en la muestra. Todos los procesos eligen las mismas, y lo que diga quien llama no cuenta."""
        return traza % _64_BITS < self.proporcion * _64_BITS

    def otro(self, traza: int) -> Punto:
        """Un punto del que nada va a colgar en otro proceso."""
        return Punto(traza, _AZAR.getrandbits(64) or 1)

    def estrenar(self, raiz: Punto) -> Punto | None:
        """De qué cuelga la llegada de una solicitud: de nada la primera vez que se ve aquí; repetida, de ella."""
        if raiz in self._vistas:
            return raiz
        self._vistas[raiz] = None
        if len(self._vistas) > _RECUERDA:
            del self._vistas[next(iter(self._vistas))]
        return None

    def anotar(
        self, nombre: str, clase: Clase, punto: Punto, padre: Punto | None, desde: int, atributos: Atributos,
        *, enlaces: Sequence[Punto] = (), error: str = "",
    ) -> None:  # fmt: skip
        """Deja un span que acaba ahora. Nunca lanza: el trabajo que cuenta ya está hecho."""
        try:
            self.dejar(Terminado(nombre, clase, punto, padre, desde, ahora(), atributos, enlaces, error))
        except Exception as fallo:  # noqa: BLE001  lo que sea: perder una traza no cuesta nada
            if not self._avisado:
                self._avisado = True
                registro.error("traza-perdida", exc_info=fallo)

    def anotar_lote(
        self, nombre: str, clase: Clase, partes: Sequence[Punto], desde: int, atributos: Atributos, error: str = ""
    ) -> None:
        """Lo que se hizo de una vez con varios mensajes: traza propia, un enlace a cada uno y ningún padre."""
        suyo = self.otro(_AZAR.getrandbits(128) or 1)
        cuantos = {"messaging.batch.message_count": len(partes)}
        self.anotar(
            f"{nombre} (lote)", clase, suyo, None, desde, {**atributos, **cuantos}, enlaces=partes[:_ENLACES],
            error=error,
        )  # fmt: skip


__all__ = ["Atributos", "Clase", "Terminado", "Trazas", "ahora"]
