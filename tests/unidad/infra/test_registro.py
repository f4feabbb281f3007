"""Del registro no sale nada que nadie autorizó, venga de donde venga."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from infra.observabilidad import registro
from infra.observabilidad.puntos_de_traza import Punto, en_el_registro


@pytest.fixture
def salida(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Lo que el proceso escribe por stderr, con el registro puesto; al acabar, todo como estaba."""
    raiz = logging.getLogger()
    antes, nivel, gancho = raiz.handlers[:], raiz.level, sys.excepthook
    escrito = io.StringIO()
    monkeypatch.setattr(sys, "stderr", escrito)
    registro.configurar("deteccion")
    yield escrito
    structlog.reset_defaults()
    raiz.handlers[:] = antes
    raiz.setLevel(nivel)
    sys.excepthook = gancho


def lineas(salida: io.StringIO) -> list[dict]:
    return [json.loads(linea) for linea in salida.getvalue().splitlines()]


def test_una_linea_dice_instante_servicio_y_correlacion(salida: io.StringIO):
    with registro.con_correlacion("c-1"):
        structlog.get_logger().info("hecho-publicado", posicion=7)
    structlog.get_logger().info("otro")
    primera, segunda = lineas(salida)
    assert primera["event"] == "hecho-publicado"
    assert (primera["servicio"], primera["correlacion"], primera["posicion"]) == ("deteccion", "c-1", 7)
    assert primera["instante"].endswith("Z")
    assert "correlacion" not in segunda


def test_una_linea_dice_de_que_traza_es(salida: io.StringIO):
    with en_el_registro(Punto(0xAB, 0xCD)):
        structlog.get_logger().info("dentro")
    structlog.get_logger().info("fuera")
    dentro, fuera = lineas(salida)
    assert (dentro["trace_id"], dentro["span_id"]) == ("0" * 30 + "ab", "0" * 14 + "cd")
    assert "trace_id" not in fuera


def test_lo_no_permitido_no_sale_y_lo_largo_se_acorta(salida: io.StringIO):
    structlog.get_logger().info("x", nombre="MARIA", motivo="m" * 1000, colas=["a", object()])
    (linea,) = lineas(salida)
    assert "MARIA" not in salida.getvalue()
    assert len(linea["motivo"]) == 200
    assert linea["colas"] == ["a", "object"]


def test_de_una_excepcion_salen_su_clase_y_su_pila_no_su_mensaje(salida: io.StringIO):
    def leer(relato: str) -> None:
        conocidos: dict[str, int] = {}
        try:
            conocidos[relato] += 1
        except KeyError as error:
            raise ValueError(f"no vale {relato}") from error

    try:
        leer("MARIA")
    except ValueError:
        structlog.get_logger().exception("fallo")
    (linea,) = lineas(salida)
    assert (linea["error"], linea["causas"]) == ("ValueError", ["KeyError"])
    assert any("test_registro.py" in paso and paso.endswith("leer") for paso in linea["pila"])
    assert "MARIA" not in salida.getvalue()


def test_de_una_libreria_salen_la_plantilla_y_el_lugar(salida: io.StringIO):
    logging.getLogger("ajena").warning("no pude con %s", "MARIA")
    logging.getLogger("ajena").error("ya compuesto: MARIA")
    logging.getLogger("ajena").info("ruido")
    plantilla, compuesto = lineas(salida)
    assert (plantilla["modulo"], plantilla["plantilla"]) == ("ajena", "no pude con %s")
    assert "plantilla" not in compuesto
    assert compuesto["linea"] > 0
    assert "MARIA" not in salida.getvalue()


def test_lo_que_nadie_atrapa_se_registra_sin_mensaje(salida: io.StringIO):
    sys.excepthook(RuntimeError, RuntimeError("MARIA"), None)
    (linea,) = lineas(salida)
    assert (linea["event"], linea["error"]) == ("excepcion-sin-atrapar", "RuntimeError")
    assert "MARIA" not in salida.getvalue()


def test_en_desarrollo_es_texto(salida: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", salida)
    registro.configurar("deteccion", desarrollo=True)
    structlog.get_logger().info("hola", nombre="MARIA")
    assert "hola" in salida.getvalue()
    assert "{" not in salida.getvalue()
    assert "MARIA" not in salida.getvalue()
