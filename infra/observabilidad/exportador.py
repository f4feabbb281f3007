"""Exportar los spans por OTLP/HTTP con el SDK de OpenTelemetry y sus variables, sin frenar ni tumbar a nadie.

La cola es acotada y la vacía un hilo aparte: si el colector no está o no contesta se pierde la traza, no el trabajo. Es
el único módulo que importa `opentelemetry`, que se instala aparte (extra ``trazas``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from infra.observabilidad.puntos_de_traza import Punto
from infra.observabilidad.trazas import Terminado

registro = structlog.get_logger(__name__)

#: Spans por envío: codificarlos ocupa el proceso, y en hilos verdes nadie más corre mientras tanto.
_LOTE: Final = 128
#: Segundos que se dan al cerrar para lo que quede.
_DESPEDIDA: Final = 2.0
_ANOTADA: Final = TraceFlags(TraceFlags.SAMPLED)
_AMBITO: Final = InstrumentationScope("senda")


@dataclass
class Prudente(SpanExporter):
    """Da los spans a ``dentro``; lo que no sale se cuenta y se olvida."""

    dentro: SpanExporter
    _perdidos: int = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.dentro.export(spans) is SpanExportResult.SUCCESS:
            if self._perdidos:
                registro.warning("colector-de-vuelta", perdidos=self._perdidos)
                self._perdidos = 0
            return SpanExportResult.SUCCESS
        if not self._perdidos:
            registro.warning("colector-sin-respuesta")
        self._perdidos += len(spans)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self.dentro.shutdown()


@dataclass
class Exportador:
    """Lo que deja `Trazas` acaba aquí. ``recurso``: qué proceso es."""

    recurso: Resource
    cola: BatchSpanProcessor = field(repr=False)

    @classmethod
    def abrir(cls, servicio: str, *, lote: int | None = _LOTE) -> Exportador:
        """El de un servicio. A dónde y cómo, por las variables de OpenTelemetry.

        ``lote``: None si lo fija OTEL_BSP_MAX_EXPORT_BATCH_SIZE. Errores: `ValueError`.
        """
        # El SDK cuenta cada reintento, con direcciones: que no hay colector, y cuándo vuelve, lo dice `Prudente`.
        suyo = logging.getLogger("opentelemetry")
        suyo.handlers[:], suyo.propagate = [logging.NullHandler()], False
        recurso = Resource.create({"service.name": servicio, "service.namespace": "senda"})
        return cls(recurso, BatchSpanProcessor(Prudente(OTLPSpanExporter()), max_export_batch_size=lote))

    def dejar(self, terminado: Terminado) -> None:
        """Lo pone en la cola; si está llena, se pierde el más viejo."""
        t = terminado
        self.cola.on_end(
            ReadableSpan(
                t.nombre,
                context=_contexto(t.punto, ajeno=False),
                parent=None if t.padre is None else _contexto(t.padre, ajeno=True),
                resource=self.recurso,
                attributes={**t.atributos, "error.type": t.error} if t.error else t.atributos,
                links=[Link(_contexto(enlace, ajeno=True)) for enlace in t.enlaces],
                kind=SpanKind[t.clase],
                status=Status(StatusCode.ERROR if t.error else StatusCode.UNSET),
                start_time=t.desde,
                end_time=t.hasta,
                instrumentation_scope=_AMBITO,
            )
        )

    def cerrar(self) -> None:
        """Exporta lo que quede, en `_DESPEDIDA` segundos como mucho."""
        despedida = Thread(target=self.cola.shutdown, name="trazas", daemon=True)
        despedida.start()
        despedida.join(_DESPEDIDA)


def _contexto(punto: Punto, *, ajeno: bool) -> SpanContext:
    return SpanContext(punto.traza, punto.span, ajeno, _ANOTADA)


__all__ = ["Exportador", "Prudente"]
