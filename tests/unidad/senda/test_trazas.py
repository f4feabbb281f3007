"""Apagadas si nadie las pide; y nada de lo que falle al encenderlas deja a un servicio sin arrancar."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from structlog.testing import capture_logs

from infra.mensajeria.topologia import Nombres
from infra.observabilidad.exportador import Prudente
from infra.observabilidad.puntos_de_traza import Puntos
from infra.observabilidad.trazas import Terminado, Trazas
from senda import trazas

DESTINO = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    "entorno",
    [
        {},
        {**DESTINO, "OTEL_SDK_DISABLED": "true"},
        {**DESTINO, "OTEL_TRACES_EXPORTER": "none"},
        {**DESTINO, "OTEL_TRACES_SAMPLER": "always_off"},
    ],
)
def test_si_nadie_las_pide_no_hay_nada(tmp_path: Path, entorno: dict[str, str]):
    assert trazas.encender(tmp_path, "deteccion", Nombres(), entorno=entorno) is None
    assert not list(tmp_path.iterdir())


def test_apagadas_no_se_importa_el_sdk():
    mira = "import sys, senda.trazas; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", mira], check=False).returncode == 0


@pytest.mark.parametrize(
    ("entorno", "suceso"),
    [
        ({**DESTINO, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "mucho"}, "trazas-apagadas"),
        ({**DESTINO, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "7"}, "trazas-apagadas"),
    ],
)
def test_una_variable_que_no_vale_se_dice_y_se_sigue(tmp_path: Path, entorno: dict[str, str], suceso: str):
    with capture_logs() as dicho:
        assert trazas.encender(tmp_path, "deteccion", Nombres(), entorno=entorno) is None
    assert [d["event"] for d in dicho] == [suceso]


def test_sin_los_paquetes_se_dice_y_se_sigue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "infra.observabilidad.exportador", None)
    with capture_logs() as dicho:
        assert trazas.encender(tmp_path, "deteccion", Nombres(), entorno=DESTINO) is None
    assert dicho[0]["event"] == "trazas-sin-paquetes"


def test_una_clave_estropeada_se_dice_y_se_sigue(tmp_path: Path):
    (tmp_path / trazas.CLAVE).write_bytes(b"corta")
    with capture_logs() as dicho:
        assert trazas.encender(tmp_path, "deteccion", Nombres(), entorno=DESTINO) is None
    assert dicho[0]["event"] == "trazas-apagadas"


def test_los_que_arrancan_a_la_vez_acaban_con_la_misma_clave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Ninguno la vio: todos la crean, y ha de quedar la del primero.
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert trazas.clave_de(tmp_path / trazas.CLAVE) == trazas.clave_de(tmp_path / trazas.CLAVE)
    (archivo,) = tmp_path.iterdir()
    assert stat.S_IMODE(archivo.stat().st_mode) == 0o600


def test_todos_eligen_las_mismas_trazas_y_en_su_proporcion():
    puntos, dejados = Puntos(b"k" * 32), list[Terminado]()
    una, otra = (Trazas(s, puntos, dejados.append, 0.25) for s in ("deteccion", "auditoria"))
    muestra = [puntos.traza(str(n)) for n in range(4000)]
    elegidas = [t for t in muestra if una.se_anota(t)]
    assert elegidas == [t for t in muestra if otra.se_anota(t)]
    assert 800 < len(elegidas) < 1200


class Nadie(SpanExporter):
    """No exporta; cuenta cuántas veces se lo piden."""

    def __init__(self) -> None:
        self.veces = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        self.veces += 1
        return SpanExportResult.FAILURE


def test_de_un_colector_que_no_contesta_se_avisa_una_vez():
    nadie = Nadie()
    prudente = Prudente(nadie)
    with capture_logs() as dicho:
        assert prudente.export([ReadableSpan("ninguno")]) is SpanExportResult.FAILURE
        assert prudente.export([ReadableSpan("ninguno")]) is SpanExportResult.FAILURE
    assert nadie.veces == 2
    assert [d["event"] for d in dicho] == ["colector-sin-respuesta"]
