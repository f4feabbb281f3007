"""Una evaluación casa con su instrumento; un indicador de peligro avisa, y nada de lo sellado sale en claro."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from msgspec import UNSET

from contratos import instrumentos
from contratos.solicitudes.deteccion import AplicarEvaluacion, DescartarPresuncion, DetectarPresuntaVictima
from eventos.deteccion import (
    Aplicador,
    EvaluacionAplicada,
    Peligro,
    ResultadoEvaluacion,
    RiesgoInmediatoSenalado,
)
from eventos.motivos import MotivoDescarte
from eventos.rechazo import Rechazo
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from infra.almacen.motor import leyendo
from servicios.deteccion import instrumentos as regla
from servicios.deteccion.contexto import CONTEXTO
from servicios.deteccion.dominio import YaDescartada
from servicios.deteccion.instrumentos import peligros, riesgo_de
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import RUTA

SIN_PELIGRO = ("unodc-miedo-o-ansiedad", "cdhec-duerme-donde-trabaja")
DE_PELIGRO = ("oit-violencia-fisica-o-sexual", "unodc-lesiones-de-agresion")


@pytest.fixture
def deteccion(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        yield abierto


@pytest.fixture
def ruta(deteccion) -> UUID:
    peticion = DetectarPresuntaVictima(
        nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.BAJO, pais_deteccion="gt"
    )
    return UUID(deteccion.pedir(peticion)[0].hecho.sujeto)


def aplicada(**cambios) -> EvaluacionAplicada:
    campos: dict[str, Any] = {
        "ruta": RUTA,
        "instrumento": "salud",
        "version_instrumento": "1.0",
        "perfil_aplicador": Aplicador.SALUD,
        "positivos": len(cambios.get("indicadores", SIN_PELIGRO) or ()),
        "resultado": ResultadoEvaluacion.INDICIOS,
        "indicadores": SIN_PELIGRO,
    }
    return EvaluacionAplicada(**(campos | cambios))


def peticion(ruta: UUID, **cambios) -> AplicarEvaluacion:
    return AplicarEvaluacion(**(msgspec.structs.asdict(aplicada(**cambios)) | {"ruta": ruta}))


MALAS: dict[str, dict[str, Any]] = {
    "instrumento-desconocido": {"instrumento": "guia-eri"},
    "version-de-instrumento-desconocida": {"version_instrumento": "9.9"},
    "aplicador-que-no-corresponde": {"perfil_aplicador": Aplicador.POLICIA},
    "indicadores-ausentes": {"indicadores": UNSET, "positivos": 2},
    "indicador-repetido": {"indicadores": ("unodc-miedo-o-ansiedad",) * 2, "positivos": 1},
    "indicador-de-otro-instrumento": {"indicadores": (*SIN_PELIGRO, "reta-medio-seduccion")},
    "positivos-que-no-cuadran": {"positivos": 3},
}


@pytest.mark.parametrize("codigo", MALAS)
def test_lo_que_no_casa_con_el_instrumento_se_rechaza_diciendo_que_hacer(deteccion, ruta, codigo):
    with pytest.raises(Rechazo) as rechazo:
        deteccion.pedir(peticion(ruta, **MALAS[codigo]))
    assert rechazo.value.codigo == codigo
    assert rechazo.value.campo.startswith(("datos.", "sellado."))
    assert rechazo.value.que_hacer


def test_cada_rechazo_de_la_regla_tiene_su_prueba():
    clases = [c for c in vars(regla).values() if isinstance(c, type) and issubclass(c, Rechazo) and c is not Rechazo]
    assert {c.codigo for c in clases} == set(MALAS)


@pytest.mark.parametrize("codigo", instrumentos.codigos())
def test_todo_instrumento_publicado_se_puede_aplicar_entero_desde_sus_funciones(codigo):
    suyo = instrumentos.vigente(codigo)
    for aplicador in suyo.aplicadores:
        todos = tuple(suyo.indicadores)
        assert peligros(aplicada(instrumento=codigo, perfil_aplicador=aplicador, indicadores=todos))


@pytest.mark.parametrize("codigo", instrumentos.codigos())
def test_avisa_cada_indicador_de_peligro_y_solo_ellos(codigo):
    suyo = instrumentos.vigente(codigo)
    for indicador in suyo.indicadores.values():
        aviso = riesgo_de(
            aplicada(instrumento=codigo, perfil_aplicador=suyo.aplicadores[0], indicadores=(indicador.codigo,))
        )
        assert (aviso.peligros if aviso else None) == ((indicador.peligro,) if indicador.peligro else None)


@pytest.mark.parametrize("resultado", ResultadoEvaluacion)
@pytest.mark.parametrize("indicadores", [(), SIN_PELIGRO, UNSET])
def test_la_cuenta_no_decide_el_resultado(resultado, indicadores):
    assert peligros(aplicada(resultado=resultado, indicadores=indicadores)) == ()


def test_sin_peligro_solo_queda_la_evaluacion(deteccion, ruta):
    [causado] = deteccion.pedir(peticion(ruta))
    assert isinstance(causado.hecho, EvaluacionAplicada)


def test_un_indicador_de_peligro_avisa_en_la_misma_transaccion(deteccion, ruta):
    evaluacion, aviso = deteccion.pedir(peticion(ruta, indicadores=(*SIN_PELIGRO, *DE_PELIGRO)))
    assert isinstance(evaluacion.hecho, EvaluacionAplicada)
    assert isinstance(aviso.hecho, RiesgoInmediatoSenalado)
    assert aviso.hecho.ruta == ruta
    assert aviso.hecho.urgencia is Urgencia.INMEDIATA
    assert aviso.registrado == evaluacion.registrado


def test_el_peligro_no_depende_de_que_se_concluya_que_hay_trata():
    suyos = peligros(aplicada(indicadores=DE_PELIGRO, resultado=ResultadoEvaluacion.SIN_INDICIOS))
    assert suyos == (Peligro.SALUD_URGENTE, Peligro.AMENAZA_ACTUAL)


def test_lo_que_no_se_admite_no_deja_ni_el_aviso(deteccion, ruta):
    deteccion.pedir(DescartarPresuncion(ruta=ruta, motivo=MotivoDescarte.SIN_INDICIOS))
    guardado = _guardado(deteccion)
    with pytest.raises(YaDescartada):
        deteccion.pedir(peticion(ruta, indicadores=DE_PELIGRO))
    with pytest.raises(Rechazo):
        deteccion.pedir(peticion(ruta, indicadores=DE_PELIGRO, positivos=7))
    assert _guardado(deteccion) == guardado


def test_los_indicadores_y_peligros_no_salen_en_claro(deteccion, ruta, caplog):
    caplog.set_level(logging.DEBUG)
    deteccion.pedir(peticion(ruta, indicadores=DE_PELIGRO))
    escrito = _guardado(deteccion) + caplog.text
    assert "riesgo-inmediato-senalado" in escrito
    for secreto in (*DE_PELIGRO, Peligro.AMENAZA_ACTUAL, Peligro.SALUD_URGENTE):
        assert secreto not in escrito


@pytest.mark.parametrize("codigo", MALAS)
def test_ningun_rechazo_repite_lo_que_llego(codigo):
    mala = aplicada(**MALAS[codigo])
    with pytest.raises(Rechazo) as rechazo:
        peligros(mala)
    todo = io.StringIO()
    error: BaseException | None = rechazo.value
    while error is not None:
        todo.write(f"{error!r} {error} {error.args} {getattr(error, '__notes__', ())}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for valor in (*SIN_PELIGRO, "reta-medio-seduccion", "guia-eri", "9.9"):
        assert valor not in todo.getvalue()


def _guardado(deteccion: Banco) -> str:
    """Todo lo que hay en la base del servicio, como texto."""
    with leyendo(deteccion.motor) as conexion:
        tablas = sa.MetaData()
        tablas.reflect(conexion)
        filas = [fila for tabla in tablas.tables.values() for fila in conexion.execute(sa.select(tabla))]
    return "\n".join(
        valor.decode("utf-8", "replace") if isinstance(valor, bytes) else str(valor) for fila in filas for valor in fila
    )
