"""Un colector OTLP de verdad: un servidor HTTP que entiende el protobuf, y que puede quedarse mudo o irse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Visto:
    """Un span exportado; ids en hexadecimal, vacío si no hay."""

    nombre: str
    servicio: str
    traza: str
    span: str
    padre: str
    clase: int
    desde: int
    hasta: int
    atributos: dict[str, object]
    enlaces: tuple[tuple[str, str], ...]
    fallo: bool


@dataclass
class Colector:
    """Lo recibido desde que se abrió. ``crudo``: los bytes, para buscar en ellos lo que no ha de estar."""

    puerto: int = 0
    crudo: list[bytes] = field(default_factory=list)
    _hablar: Event = field(default_factory=Event)
    _llegadas: int = 0
    _cerrojo: Lock = field(default_factory=Lock)
    _servidor: ThreadingHTTPServer | None = None

    def abrir(self) -> Colector:
        """Escucha, en el mismo puerto que antes si ya lo hizo."""
        colector = self

        class Puerta(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                cuerpo = self.rfile.read(int(self.headers["Content-Length"]))
                with colector._cerrojo:
                    colector._llegadas += 1
                colector._hablar.wait()
                with colector._cerrojo:
                    colector.crudo.append(cuerpo)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  así se llama
                pass

        self._servidor = ThreadingHTTPServer(("127.0.0.1", self.puerto), Puerta)
        self._servidor.daemon_threads = True
        self._servidor.block_on_close = False
        self.puerto = self._servidor.server_address[1]
        self._hablar.set()
        Thread(target=self._servidor.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.puerto}"

    @property
    def llegadas(self) -> int:
        """Peticiones que llegaron, contestadas o no."""
        return self._llegadas

    def callar(self) -> None:
        """Acepta y no contesta, hasta que se le deje hablar."""
        self._hablar.clear()

    def hablar(self) -> None:
        self._hablar.set()

    def cerrar(self) -> None:
        """Deja de escuchar."""
        self.hablar()
        if self._servidor is not None:
            self._servidor.shutdown()
            self._servidor.server_close()
            self._servidor = None

    def spans(self) -> list[Visto]:
        with self._cerrojo:
            crudo = list(self.crudo)
        return [visto for cuerpo in crudo for visto in _leer(ExportTraceServiceRequest.FromString(cuerpo))]

    def de(self, traza: str) -> list[Visto]:
        """Los de una traza."""
        return [s for s in self.spans() if s.traza == traza]


def _leer(pedido: ExportTraceServiceRequest) -> Iterable[Visto]:
    for de_recurso in pedido.resource_spans:
        recurso = {a.key: a.value.string_value for a in de_recurso.resource.attributes}
        for ambito in de_recurso.scope_spans:
            for span in ambito.spans:
                yield Visto(
                    span.name, recurso["service.name"], span.trace_id.hex(), span.span_id.hex(),
                    span.parent_span_id.hex(), span.kind, span.start_time_unix_nano, span.end_time_unix_nano,
                    {a.key: a.value.string_value or a.value.int_value for a in span.attributes},
                    tuple((e.trace_id.hex(), e.span_id.hex()) for e in span.links), span.status.code == 2,
                )  # fmt: skip
