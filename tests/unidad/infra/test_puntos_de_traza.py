"""De un mismo hecho, todos los procesos sacan el mismo punto; de un punto, nadie sin la clave saca nada."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventos.deteccion import AlertaRecibida
from eventos.listas import CanalAlerta
from eventos.sobre import Anotado
from eventos.tipos import Urgencia
from infra.observabilidad.puntos_de_traza import Punto, Puntos, de_cabecera

PUNTOS = Puntos(b"k" * 32)
HUELLA = "ab" * 32
HECHO = "0190-hecho"


def anotado(causa: str, correlacion: str, solicitud: str = "") -> Anotado:
    ahora = datetime(2026, 5, 4, tzinfo=UTC)
    alerta = AlertaRecibida(ruta=UUID(int=1), canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)
    return Anotado(
        id=UUID(int=7), origen="/gt/deteccion", hecho=alerta, institucion="GT-PNC", agente="ag-0123abcd",
        ocurrido=ahora, registrado=ahora, causa=causa, correlacion=correlacion, agregado=UUID(int=1), version=1,
        solicitud=solicitud,
    )  # fmt: skip


def test_cada_cosa_tiene_su_punto_en_la_traza_de_su_solicitud():
    puntos = [
        PUNTOS.solicitud(HUELLA), PUNTOS.atencion(HUELLA), PUNTOS.hecho(HUELLA, HECHO),
        PUNTOS.efecto(HUELLA, HECHO, "coordinacion"), PUNTOS.efecto(HUELLA, HECHO, "auditoria"),
    ]  # fmt: skip
    assert {p.traza for p in puntos} == {PUNTOS.traza(HUELLA)}
    assert len({p.span for p in puntos}) == len(puntos)
    assert puntos[2] == Puntos(b"k" * 32).hecho(HUELLA, HECHO)


def test_sin_la_clave_no_se_va_de_un_hecho_a_su_traza():
    otra = Puntos(b"z" * 32)
    assert PUNTOS.traza(HUELLA) != otra.traza(HUELLA)
    assert PUNTOS.hecho(HUELLA, HECHO).span != otra.hecho(HUELLA, HECHO).span
    assert f"{PUNTOS.traza(HUELLA):032x}" not in HUELLA


def test_un_hecho_cuelga_de_lo_que_lo_causo():
    de_solicitud = anotado(HUELLA, HUELLA, HUELLA)
    assert PUNTOS.causa(de_solicitud, "deteccion") == PUNTOS.atencion(HUELLA)
    de_politica = anotado(HECHO, HUELLA)
    assert PUNTOS.causa(de_politica, "coordinacion") == PUNTOS.efecto(HUELLA, HECHO, "coordinacion")
    assert PUNTOS.causa(anotado("", "un-plazo"), "coordinacion") is None


@given(st.builds(Punto, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1)))
def test_una_cabecera_se_lee_como_se_escribe(punto: Punto):
    assert de_cabecera(punto.cabecera()) == punto


@pytest.mark.parametrize(
    "texto",
    [
        None, 7, "", "MARIA", "00-" + "a" * 32 + "-" + "b" * 16, "00-" + "A" * 32 + "-" + "b" * 16 + "-01",
        "ff-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "0" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "0" * 16 + "-01", "00-" + "a" * 32 + "-" + "b" * 16 + "-01-MARIA",
        "00-" + "a" * 32 + "-" + "b" * 16 + "-01\n", "00-" + "٣" * 32 + "-" + "b" * 16 + "-01",
    ],
)  # fmt: skip
def test_lo_que_no_es_una_cabecera_no_se_lee(texto: object):
    assert de_cabecera(texto) is None


@given(st.text())
def test_de_cualquier_texto_sale_un_punto(texto: str):
    assert all(PUNTOS.hecho(texto, texto))
    assert all(PUNTOS.hecho("\ud800", "\ud800"))
