"""Necesidades, riesgo, servicios, satisfacción y reintegración."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos.atencion import (
    AtencionInmediataBrindada,
    NecesidadesEvaluadas,
    Nucleo,
    Prestacion,
    ReintegracionFamiliarLograda,
    RiesgoEvaluado,
    SatisfaccionRegistrada,
)
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.tipos import NivelRiesgo
from servicios.atencion.dominio import correccion, servicios
from servicios.atencion.dominio.consentimiento import FaltaOirla, FechaPasada, SinConsentimiento
from servicios.atencion.dominio.ruta import RutaYaCerrada, exigir_abierta
from tests.unidad.atencion.relatos import (
    CONSIENTE,
    EDUCACION,
    EXAMINA,
    HOY,
    OTRA_META,
    acordado,
    concluido,
    cumplida,
    estancia,
    historia,
    prestado,
    revocado,
)
from tests.unidad.historia import INICIO, RUTA, id_de

INMEDIATA = AtencionInmediataBrindada(ruta=RUTA, prestaciones=(Prestacion.ALIMENTACION,))


def satisfaccion(servicio):
    return SatisfaccionRegistrada(ruta=RUTA, servicio=servicio, puntaje=4)


def prestar(atencion, servicio, *, derivada=True):
    instante = INICIO + timedelta(days=1)
    return servicios.prestar_servicio(atencion, servicio, derivada=derivada, institucion=EXAMINA, instante=instante)


def test_una_evaluacion_de_necesidades_dice_alguna():
    with pytest.raises(servicios.SinNecesidades):
        servicios.evaluar_necesidades(NecesidadesEvaluadas(ruta=RUTA, necesidades=()))


def test_el_riesgo_no_nace_caducado():
    hoy = RiesgoEvaluado(ruta=RUTA, nivel=NivelRiesgo.ALTO, vigente_hasta=HOY)
    servicios.evaluar_riesgo(hoy, dia=HOY)
    with pytest.raises(FechaPasada):
        servicios.evaluar_riesgo(hoy, dia=HOY + timedelta(days=1))


def test_la_atencion_inmediata_no_espera_a_nada():
    assert servicios.brindar_atencion_inmediata(INMEDIATA) is INMEDIATA


def test_la_atencion_inmediata_dice_que_dio():
    with pytest.raises(servicios.SinPrestaciones):
        servicios.brindar_atencion_inmediata(AtencionInmediataBrindada(ruta=RUTA, prestaciones=()))


def test_un_servicio_exige_consentimiento():
    assert prestar(historia(CONSIENTE), EDUCACION)
    with pytest.raises(SinConsentimiento):
        prestar(historia(), EDUCACION)


def test_un_servicio_no_responde_a_la_derivacion_de_otra():
    with pytest.raises(servicios.DerivacionAjena):
        prestar(historia(CONSIENTE), EDUCACION, derivada=False)


@pytest.mark.parametrize(
    ("hecho", "servicio"),
    [
        (EDUCACION, ServicioPedido.EDUCACION),
        (estancia(), ServicioPedido.ALOJAMIENTO),
        (INMEDIATA, ServicioPedido.ATENCION_INMEDIATA),
    ],
)
def test_se_valora_lo_que_se_recibio(hecho, servicio):
    servicios.registrar_satisfaccion(historia(hecho), satisfaccion(servicio))
    with pytest.raises(servicios.ServicioNoRecibido):
        servicios.registrar_satisfaccion(historia(), satisfaccion(servicio))


def test_no_se_valora_lo_que_se_declino():
    declinado = prestado(ServicioPedido.SALUD, ResultadoAtencion.DECLINADA)
    with pytest.raises(servicios.ServicioNoRecibido):
        servicios.registrar_satisfaccion(historia(declinado), satisfaccion(ServicioPedido.SALUD))


def reintegrada(*, evaluado=True, oida=True):
    return ReintegracionFamiliarLograda(ruta=RUTA, nucleo=Nucleo.AMPLIADA, evaluado=evaluado, persona_oida=oida)


def test_se_reintegra_con_una_familia_evaluada_y_oyendola():
    servicios.lograr_reintegracion(reintegrada())
    with pytest.raises(servicios.FamiliaSinEvaluar):
        servicios.lograr_reintegracion(reintegrada(evaluado=False))
    with pytest.raises(FaltaOirla):
        servicios.lograr_reintegracion(reintegrada(oida=False))


def test_en_una_ruta_cerrada_no_se_empieza_nada():
    exigir_abierta(abierta=True)
    with pytest.raises(RutaYaCerrada):
        exigir_abierta(abierta=False)


def test_una_revocacion_no_se_anula():
    with pytest.raises(correccion.HechoFirme):
        correccion.exigir_rectificable(historia(CONSIENTE, revocado()), id_de(2))


@pytest.mark.parametrize(
    ("posterior", "corregido"),
    [
        ((cumplida(id_de(3)),), 3),
        ((cumplida(id_de(3)),), 2),
        ((concluido(),), 2),
        ((cumplida(id_de(3)), concluido()), 4),
        ((concluido(), acordado(plan=OTRA_META)), 4),
    ],
    ids=["la-evidencia", "el-plan-con-metas", "el-plan-concluido", "la-meta-de-un-fin", "el-fin-con-otro-plan"],
)
def test_no_se_corrige_aquello_en_que_otro_se_apoya(posterior, corregido):
    with pytest.raises(correccion.HechoConApoyos):
        correccion.exigir_rectificable(historia(CONSIENTE, acordado(), EDUCACION, *posterior), id_de(corregido))


def test_lo_demas_se_corrige():
    atencion = historia(CONSIENTE, acordado(), EDUCACION, cumplida(id_de(3)))
    for n in (1, 4):
        correccion.exigir_rectificable(atencion, id_de(n))
    correccion.exigir_rectificable(historia(CONSIENTE, acordado(), EDUCACION, concluido()), id_de(4))
