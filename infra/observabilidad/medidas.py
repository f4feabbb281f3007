"""Lo que un proceso cuenta mientras trabaja: cuánto respondió, cuánto tardó y en qué. Empieza en cero con él.

Cada réplica cuenta lo suyo, así que se combinan con ``sum``. Ninguna etiqueta nombra rutas, instituciones ni personas.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Histogram, disable_created_metrics
from prometheus_client.core import Metric

# La hora a la que nació cada serie: Prometheus no la usa y dobla lo que se envía.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: Segundos. De lo que cuesta un paso ocioso a lo que dura uno que se da por perdido.
PASOS: Final = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
#: De un acuse inmediato a uno que llega cuando la institución ya no lo espera.
DEMORAS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
RESULTADOS: Final = ("aceptada", "rechazada", "repetida", "devuelta", "rehusada")
DESTINOS: Final = ("acuses", "buzon", "reparaciones", "respuesta")


class Medidas:
    """Los contadores de un proceso de ``servicio``."""

    def __init__(self, servicio: str) -> None:
        self._solicitudes = Counter(
            "senda_solicitudes", "Solicitudes respondidas por este proceso, por resultado", ("servicio", "resultado"),
            registry=None,
        )  # fmt: skip
        self._respuesta = Histogram(
            "senda_respuesta_segundos", "De recibir una solicitud a tener su acuse guardado", ("servicio",),
            buckets=DEMORAS, registry=None,
        )  # fmt: skip
        self._salida = Histogram(
            "senda_salida_segundos", "De guardar un mensaje a que el bus lo confirme, por destino",
            ("servicio", "destino"), buckets=DEMORAS, registry=None,
        )  # fmt: skip
        self._paso = Histogram(
            "senda_paso_segundos", "Lo que dura un paso que tenía trabajo, o que falló", ("servicio", "paso"),
            buckets=PASOS, registry=None,
        )  # fmt: skip
        self._servicio = servicio
        # Desde el principio y en cero: de una serie que nace ya con valor, Prometheus no ve la primera subida.
        self._por_resultado = {r: self._solicitudes.labels(servicio, r) for r in RESULTADOS}
        for destino in DESTINOS:
            self._salida.labels(servicio, destino)
        self._de_respuesta = self._respuesta.labels(servicio)

    def respondida(self, resultado: str, demora: float) -> None:
        """Una solicitud respondida; ``demora``: segundos desde que se recibió."""
        self._por_resultado[resultado].inc()
        self._de_respuesta.observe(max(0.0, demora))

    def rehusadas(self, cuantas: int) -> None:
        """Solicitudes que pasaban del cupo de su institución: ni se miraron."""
        self._por_resultado["rehusada"].inc(cuantas)

    def enviado(self, destino: str, demora: float) -> None:
        """Un mensaje que el bus confirmó; ``destino``: el intercambio sin prefijo, o vacío si era una respuesta."""
        self._salida.labels(self._servicio, destino or "respuesta").observe(max(0.0, demora))

    def paso(self, nombre: str, segundos: float) -> None:
        """Un paso dado. ``nombre``: el del paso, nunca lo que atendía."""
        self._paso.labels(self._servicio, nombre).observe(segundos)

    def familias(self) -> Iterable[Metric]:
        """Lo contado, en el formato de la librería."""
        for una in (self._solicitudes, self._respuesta, self._salida, self._paso):
            yield from una.collect()


__all__ = ["DEMORAS", "DESTINOS", "PASOS", "RESULTADOS", "Medidas"]
