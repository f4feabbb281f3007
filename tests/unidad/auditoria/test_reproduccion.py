"""Decir otra vez lo que el libro guarda: hasta una fecha, contando versiones y sin callar lo que no se entiende."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos import versiones as de_eventos
from eventos.base import CATALOGO
from eventos.deteccion import Aplicador, EvaluacionAplicada, PresuntaVictimaDetectada, ResultadoEvaluacion
from eventos.sobre import codificar
from servicios.auditoria.flujo import FilaDelLibro
from servicios.auditoria.reproduccion import Versiones, reproducir
from tests.unidad.coordinacion.muestras import abierta, deteccion
from tests.unidad.historia import INICIO, RUTA, anotado


def fila(hecho, n: int = 1, origen: str = "") -> FilaDelLibro:
    suyo = anotado(hecho, n)
    return FilaDelLibro(n - 1, n, origen or suyo.origen, codificar(suyo, None))


def evaluacion() -> EvaluacionAplicada:
    return EvaluacionAplicada(
        ruta=RUTA,
        instrumento="frontera",
        version_instrumento="1.0",
        perfil_aplicador=next(iter(Aplicador)),
        positivos=0,
        resultado=next(iter(ResultadoEvaluacion)),
    )


def test_cuenta_esquemas_protocolos_e_instrumentos():
    contadas = Versiones()
    hechos = list(reproducir([fila(deteccion()), fila(abierta(), 2), fila(evaluacion(), 3)], contadas))
    assert [type(a.hecho).__name__ for a in hechos] == [
        "PresuntaVictimaDetectada", "RutaAbierta", "EvaluacionAplicada"
    ]  # fmt: skip
    assert contadas.esquemas.total() == 3
    assert contadas.protocolos == {("gt", "1.0"): 1}
    assert contadas.instrumentos == {("frontera", "1.0"): 1}
    assert contadas.sin_entender == 0


def test_hasta_una_fecha_incluida():
    filas = [fila(deteccion(), n) for n in (1, 2, 3)]
    assert len(list(reproducir(filas, Versiones(), INICIO + timedelta(minutes=1)))) == 2
    contadas = Versiones()
    assert list(reproducir(filas, contadas, INICIO - timedelta(seconds=1))) == []
    assert not contadas.esquemas


def test_el_esquema_contado_es_el_guardado_y_no_el_subido(monkeypatch: pytest.MonkeyPatch):
    viejo = PresuntaVictimaDetectada.tipo.replace(".v1", ".v0")
    monkeypatch.setitem(de_eventos.SUBIDAS, viejo, (PresuntaVictimaDetectada.tipo, lambda datos: datos))
    guardada = fila(deteccion())
    guardada = guardada._replace(cuerpo=guardada.cuerpo.replace(b"detectada.v1", b"detectada.v0"))
    contadas = Versiones()
    (leido,) = reproducir([guardada], contadas)
    assert isinstance(leido.hecho, PresuntaVictimaDetectada)
    assert contadas.esquemas == {viejo: 1}


def test_lo_que_no_se_entiende_se_cuenta_y_no_rompe(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(CATALOGO, PresuntaVictimaDetectada.tipo)
    con_nombre = fila(deteccion())
    sin_forma = con_nombre._replace(cuerpo=con_nombre.cuerpo.replace(b"senda.deteccion.presunta", b"MARIA de la Paz"))
    filas = [
        con_nombre,
        sin_forma,
        con_nombre._replace(cuerpo=b"\xff\x00 no es JSON"),
        con_nombre._replace(cuerpo=b'{"id":' + b"[" * 100_000),
        con_nombre._replace(origen="/gt/otro"),
        fila(abierta(), 2),
    ]
    contadas = Versiones()
    assert len(list(reproducir(filas, contadas))) == 1
    assert contadas.desconocidos == {PresuntaVictimaDetectada.tipo: 1, "otro": 1}
    assert contadas.ilegibles == 3
    assert contadas.sin_entender == 5
