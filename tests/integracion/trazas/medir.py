"""Cuánto cuestan las trazas, en CPU: `python -m tests.integracion.trazas.medir`.

Dos servicios en un proceso (SQLite, bus en memoria), de la solicitud a aplicar su hecho en el otro, apagadas y
encendidas por turnos. Encendidas, los spans pasan por la cola del SDK y se codifican en protobuf; solo falta la red.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from infra.mensajeria.ajustes import Ajustes
from infra.observabilidad.exportador import Exportador
from tests.integracion.mensajeria.sistema import Sistema
from tests.integracion.pilas import Pila
from tests.integracion.trazas.test_piezas import Trazado

VUELTAS = 7
SOLICITUDES = 400


class SoloCodifica(SpanExporter):
    """Hace todo lo que un envío menos enviarlo."""

    def __init__(self) -> None:
        self.spans = self.octetos = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += len(spans)
        self.octetos += len(encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS


def medir(clase: type[Sistema], salida: SoloCodifica | None) -> float:
    """Microsegundos de CPU por solicitud."""
    with tempfile.TemporaryDirectory() as carpeta:
        pila = Pila(Path(carpeta))
        sistema = clase(pila, ajustes=Ajustes())
        exportador = None
        if salida is not None and isinstance(sistema, Trazado):
            cola = BatchSpanProcessor(salida, max_queue_size=1_000_000, max_export_batch_size=128)
            exportador = Exportador(Resource.create({"service.name": "medida"}), cola)
            for trazas in sistema.trazas.values():
                trazas.dejar = exportador.dejar
        sistema.enviar(*(sistema.componer() for _ in range(SOLICITUDES)))
        inicio = time.process_time()
        sistema.reposo()
        if exportador is not None:
            exportador.cola.force_flush()
        tardo = time.process_time() - inicio
        assert len(sistema.efectos()) == SOLICITUDES
        if exportador is not None:
            exportador.cerrar()
        pila.cerrar()
    return tardo / SOLICITUDES * 1e6


def principal() -> None:
    """Imprime el resultado en JSON."""
    salida = SoloCodifica()
    medir(Sistema, None)
    pares = [(medir(Sistema, None), medir(Trazado, salida)) for _ in range(VUELTAS)]
    spans = salida.spans / (VUELTAS * SOLICITUDES)
    apagadas, encendidas = (median(lado) for lado in zip(*pares, strict=True))
    resultado = {
        "solicitudes": SOLICITUDES, "vueltas": VUELTAS, "us_por_solicitud_apagadas": round(apagadas),
        "us_por_solicitud_encendidas": round(encendidas), "spans_por_solicitud": round(spans, 1),
        "us_por_span": round((encendidas - apagadas) / spans, 1),
        "octetos_por_span": round(salida.octetos / salida.spans),
    }  # fmt: skip
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(resultado)).decode() + "\n")


if __name__ == "__main__":
    principal()
