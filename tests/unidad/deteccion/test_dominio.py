"""Qué puede afirmar detección y qué no."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from eventos.deteccion import (
    AlertaRecibida,
    Aplicador,
    EvaluacionAplicada,
    InformacionEntregada,
    PresuncionDescartada,
    PresuntaVictimaDetectada,
    ResultadoEvaluacion,
    RiesgoInmediatoSenalado,
    Tema,
    VictimaIdentificada,
)
from eventos.listas import CanalAlerta
from eventos.motivos import MotivoDescarte
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.deteccion import dominio
from servicios.deteccion.dominio import Deteccion
from tests.unidad.historia import OTRA_RUTA, RUTA, id_de
from tests.unidad.historia import historia as plegar

historia = partial(plegar, Deteccion)

ALERTA = AlertaRecibida(ruta=RUTA, canal=CanalAlerta.LINEA_TELEFONICA, urgencia=Urgencia.PRIORITARIA)
PRESUNTA = PresuntaVictimaDetectada(
    ruta=RUTA, nna=SiNo.NO_CONSTA, extranjera=SiNo.NO, idioma="kek", riesgo=NivelRiesgo.MEDIO, pais_deteccion="gt"
)
IDENTIFICADA = VictimaIdentificada(ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.NO)
DESCARTADA = PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.SIN_INDICIOS)
EVALUACION = EvaluacionAplicada(
    ruta=RUTA,
    instrumento="indicadores-generales",
    version_instrumento="1.0",
    perfil_aplicador=Aplicador.POLICIA,
    positivos=4,
    resultado=ResultadoEvaluacion.INDICIOS,
)
RIESGO = RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA)


def informacion(idioma: str, *, comprendida: bool = True, interprete: bool = False) -> InformacionEntregada:
    return InformacionEntregada(
        ruta=RUTA, idioma=idioma, comprendida=comprendida, interprete=interprete, temas=(Tema.DERECHOS,)
    )


def test_la_primera_persona_de_una_alerta_sigue_con_su_seudonimo():
    assert dominio.ruta_para(historia(ALERTA), OTRA_RUTA) == RUTA


def test_la_segunda_persona_de_una_alerta_recibe_el_suyo():
    assert dominio.ruta_para(historia(ALERTA, PRESUNTA), OTRA_RUTA) == OTRA_RUTA


def test_sin_alerta_la_ruta_es_nueva():
    assert dominio.ruta_para(None, OTRA_RUTA) == OTRA_RUTA


@pytest.mark.parametrize("hechos", [(), (PRESUNTA,)], ids=["nada", "ruta-que-no-es-alerta"])
def test_una_alerta_que_no_consta_no_sirve(hechos):
    with pytest.raises(dominio.AlertaDesconocida):
        dominio.ruta_para(historia(*hechos), OTRA_RUTA)


def test_identificar_exige_presuncion():
    with pytest.raises(dominio.SinDeteccion):
        dominio.identificar(historia(), IDENTIFICADA)
    with pytest.raises(dominio.SinPresuncion):
        dominio.identificar(historia(ALERTA), IDENTIFICADA)


def test_de_la_presuncion_a_la_identificacion():
    assert dominio.identificar(historia(ALERTA, PRESUNTA), IDENTIFICADA) is IDENTIFICADA


def test_no_se_identifica_a_quien_se_descarto():
    with pytest.raises(dominio.YaDescartada):
        dominio.identificar(historia(PRESUNTA, DESCARTADA), IDENTIFICADA)


def test_no_se_identifica_dos_veces():
    with pytest.raises(dominio.YaIdentificada):
        dominio.identificar(historia(PRESUNTA, IDENTIFICADA), IDENTIFICADA)


def test_no_se_descarta_a_una_victima_identificada():
    with pytest.raises(dominio.YaIdentificada):
        dominio.descartar(historia(PRESUNTA, IDENTIFICADA), DESCARTADA)


def test_no_se_descarta_dos_veces_ni_sin_presuncion():
    assert dominio.descartar(historia(PRESUNTA), DESCARTADA) is DESCARTADA
    with pytest.raises(dominio.YaDescartada):
        dominio.descartar(historia(PRESUNTA, DESCARTADA), DESCARTADA)
    with pytest.raises(dominio.SinPresuncion):
        dominio.descartar(historia(ALERTA), DESCARTADA)


@pytest.mark.parametrize("previo", [ALERTA, PRESUNTA])
def test_se_evalua_con_alerta_o_con_presuncion(previo):
    assert dominio.evaluar(historia(previo), EVALUACION) is EVALUACION


def test_no_se_evalua_lo_que_nadie_conto_ni_lo_descartado():
    with pytest.raises(dominio.SinDeteccion):
        dominio.evaluar(historia(), EVALUACION)
    with pytest.raises(dominio.YaDescartada):
        dominio.evaluar(historia(PRESUNTA, DESCARTADA), EVALUACION)


@pytest.mark.parametrize("hechos", [(ALERTA,), (PRESUNTA,), (PRESUNTA, DESCARTADA), (PRESUNTA, IDENTIFICADA)])
def test_un_peligro_se_senala_siempre_que_la_ruta_conste(hechos):
    assert dominio.senalar_riesgo(historia(*hechos), RIESGO) is RIESGO


def test_no_se_senala_peligro_en_una_ruta_que_no_consta():
    with pytest.raises(dominio.SinDeteccion):
        dominio.senalar_riesgo(historia(), RIESGO)


SIN_IDIOMA = replace(PRESUNTA, idioma="und")


@pytest.mark.parametrize(
    "entregada",
    [
        informacion("kek", comprendida=False),
        informacion("kek", comprendida=False, interprete=True),
        informacion("spa", comprendida=True),
    ],
    ids=["en-el-suyo", "en-el-suyo-con-interprete", "en-otro-que-comprende"],
)
def test_se_informa_en_un_idioma_que_comprende(entregada):
    assert dominio.informar(historia(PRESUNTA), entregada) is entregada


@pytest.mark.parametrize("interprete", [False, True])
def test_informar_en_un_idioma_que_no_comprende_no_es_informar_ni_con_interprete(interprete):
    with pytest.raises(dominio.IdiomaQueNoComprende):
        dominio.informar(historia(PRESUNTA), informacion("spa", comprendida=False, interprete=interprete))


def test_el_idioma_en_que_ya_comprendio_es_suyo():
    otra_vez = informacion("spa", comprendida=False)
    assert dominio.informar(historia(PRESUNTA, informacion("spa")), otra_vez) is otra_vez
    with pytest.raises(dominio.IdiomaQueNoComprende):
        dominio.informar(historia(PRESUNTA, informacion("kek", comprendida=False)), otra_vez)


@pytest.mark.parametrize("previo", [ALERTA, SIN_IDIOMA])
def test_si_no_consta_su_idioma_hace_falta_interprete_o_que_comprenda(previo):
    for entregada in (informacion("kek", comprendida=False, interprete=True), informacion("spa")):
        assert dominio.informar(historia(previo), entregada) is entregada
    with pytest.raises(dominio.IdiomaQueNoComprende):
        dominio.informar(historia(previo), informacion("spa", comprendida=False))


@pytest.mark.parametrize("codigo", sorted(dominio.SIN_IDIOMA))
def test_hay_que_decir_en_que_lengua_se_informo(codigo):
    with pytest.raises(dominio.IdiomaSinDecir):
        dominio.informar(historia(SIN_IDIOMA), informacion(codigo, interprete=True))


def test_cada_tema_se_dice_una_vez():
    repetida = InformacionEntregada(ruta=RUTA, idioma="kek", comprendida=True, temas=(Tema.DERECHOS, Tema.DERECHOS))
    with pytest.raises(dominio.TemaRepetido):
        dominio.informar(historia(PRESUNTA), repetida)


def test_informar_es_informar_de_algo():
    sin_temas = InformacionEntregada(ruta=RUTA, idioma="kek", comprendida=True, temas=())
    with pytest.raises(dominio.SinTemas):
        dominio.informar(historia(PRESUNTA), sin_temas)


def test_no_se_informa_en_una_ruta_que_no_consta():
    with pytest.raises(dominio.SinDeteccion):
        dominio.informar(historia(), informacion("kek"))


@pytest.mark.parametrize("apoyo", [IDENTIFICADA, DESCARTADA])
def test_la_presuncion_no_se_rectifica_mientras_algo_se_apoye_en_ella(apoyo):
    with pytest.raises(dominio.HechoConApoyos):
        dominio.exigir_rectificable(historia(PRESUNTA, apoyo), id_de(1))


def test_lo_que_se_apoya_en_la_presuncion_si_se_rectifica():
    dominio.exigir_rectificable(historia(PRESUNTA, IDENTIFICADA), id_de(2))
    dominio.exigir_rectificable(historia(PRESUNTA), id_de(1))
