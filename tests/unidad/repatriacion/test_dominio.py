"""Quién viaja y quién no. Cada regla, con lo que la cumple y lo que la incumple."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import pytest

from eventos.comun import Efecto, HechoRectificado
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoDesistimiento, MotivoRectificacion
from eventos.repatriacion import (
    Acompanante,
    AcompananteDesignado,
    Decision,
    DecisionInformadaRegistrada,
    Documento,
    DocumentosEmitidos,
    Iniciativa,
    InteresSuperiorDeterminado,
    Permanencia,
    PermanenciaConcedida,
    RecepcionConfirmada,
    Receptora,
    RepatriacionDesistida,
    RepatriacionSolicitada,
    ResultadoInteresSuperior,
    RiesgoRetornoEvaluado,
    SeguimientoRealizado,
    Sentido,
    Situacion,
    TrasladoProgramado,
    TrasladoRealizado,
)
from eventos.tipos import NivelRiesgo, SiNo
from servicios.repatriacion import dominio
from servicios.repatriacion import rechazos as no
from servicios.repatriacion.estado import Repatriacion
from tests.unidad.historia import INICIO, RUTA, anotado, id_de
from tests.unidad.historia import historia as plegar

historia = partial(plegar, Repatriacion)

HOY = INICIO.date()
DENTRO_DE_UN_MES = HOY + timedelta(days=30)
VIAJE = HOY + timedelta(days=10)
EL_DIA = INICIO + timedelta(days=10)


@dataclass(frozen=True)
class Ficha:
    nna: bool = False
    extranjera: SiNo = SiNo.SI
    abierta: bool = True


ADULTA = Ficha()
NNA = Ficha(nna=True)
CERRADA = Ficha(abierta=False)


def riesgo(
    nivel: NivelRiesgo = NivelRiesgo.BAJO, *, medidas: bool = True, hasta: date = DENTRO_DE_UN_MES
) -> RiesgoRetornoEvaluado:
    return RiesgoRetornoEvaluado(ruta=RUTA, nivel=nivel, medidas=medidas, vigente_hasta=hasta)


def decision(
    decision: Decision = Decision.ACEPTA,
    *,
    por: QuienConsiente = QuienConsiente.PERSONA,
    explicados: bool = True,
    oida: bool = True,
) -> DecisionInformadaRegistrada:
    return DecisionInformadaRegistrada(
        ruta=RUTA, decision=decision, por=por, idioma="spa", riesgos_explicados=explicados, persona_oida=oida
    )


def interes(
    resultado: ResultadoInteresSuperior = ResultadoInteresSuperior.RETORNO, *, oida: bool = True
) -> InteresSuperiorDeterminado:
    return InteresSuperiorDeterminado(ruta=RUTA, resultado=resultado, persona_oida=oida)


def programado(acompanante: Acompanante = Acompanante.CONSULADO, fecha: date = VIAJE) -> TrasladoProgramado:
    return TrasladoProgramado(ruta=RUTA, fecha=fecha, acompanante=acompanante)


def realizado(fecha: date = VIAJE) -> TrasladoRealizado:
    return TrasladoRealizado(ruta=RUTA, fecha=fecha)


def seguimiento(numero: int) -> SeguimientoRealizado:
    return SeguimientoRealizado(ruta=RUTA, numero=numero, situacion=Situacion.SEGURA)


def anula(n: int) -> HechoRectificado:
    return HechoRectificado(ruta=RUTA, corrige=id_de(n), efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO)


SOLICITADA = RepatriacionSolicitada(ruta=RUTA, sentido=Sentido.HACIA_SU_PAIS, iniciativa=Iniciativa.PERSONA)
ACEPTA = decision()
ACEPTA_SU_REPRESENTACION = decision(por=QuienConsiente.REPRESENTANTE_LEGAL)
RECIBIDA = RecepcionConfirmada(ruta=RUTA, receptora=Receptora.GOBIERNO, conforme=True)
PERMANENCIA = PermanenciaConcedida(ruta=RUTA, permanencia=Permanencia.HUMANITARIA, coopera=SiNo.NO)
DESISTIDA = RepatriacionDesistida(ruta=RUTA, motivo=MotivoDesistimiento.DECISION_PERSONA)
PASAPORTE = DocumentosEmitidos(ruta=RUTA, documentos=(Documento.PASAPORTE,))
EN_CURSO = (SOLICITADA, riesgo(), ACEPTA)
EN_CURSO_NNA = (SOLICITADA, riesgo(), interes(), ACEPTA_SU_REPRESENTACION)


def programar(rep: Repatriacion, ficha: Ficha = ADULTA, propuesta: TrasladoProgramado | None = None):
    return dominio.programar_traslado(rep, propuesta or programado(), ficha, INICIO)


def viajar(
    rep: Repatriacion,
    ficha: Ficha = ADULTA,
    propuesta: TrasladoRealizado | None = None,
    documentos: DocumentosEmitidos | None = PASAPORTE,
):
    """Con su pasaporte, salvo que se diga otra cosa."""
    if documentos is not None:
        rep = rep.evolucionar(anotado(documentos, 90))
    return dominio.realizar_traslado(rep, propuesta or realizado(), ficha, EL_DIA)


def decidir(
    rep: Repatriacion, propuesta: DecisionInformadaRegistrada, ficha: Ficha = ADULTA, cuando: datetime = INICIO
):
    return dominio.registrar_decision(rep, propuesta, ficha, cuando)


# --- Regla 1: el traslado programado ---------------------------------------------------------------------------------


def test_con_riesgo_vigente_y_decision_informada_hay_traslado():
    assert programar(historia(*EN_CURSO)) == programado()


def test_sin_decision_informada_no_hay_traslado():
    with pytest.raises(no.FaltaDecisionInformada):
        programar(historia(SOLICITADA, riesgo()))


@pytest.mark.parametrize("otra", [Decision.RECHAZA, Decision.APLAZA])
def test_si_no_acepta_no_hay_traslado(otra):
    with pytest.raises(no.FaltaDecisionInformada):
        programar(historia(*EN_CURSO, decision(otra)))


def test_sin_evaluar_el_riesgo_no_hay_traslado():
    with pytest.raises(no.RiesgoSinEvaluar):
        programar(historia(SOLICITADA, ACEPTA))


def test_el_riesgo_ha_de_seguir_vigente_el_dia_del_viaje():
    vispera = VIAJE - timedelta(days=1)
    with pytest.raises(no.RiesgoVencido):
        programar(historia(SOLICITADA, riesgo(hasta=vispera), ACEPTA))
    assert programar(historia(SOLICITADA, riesgo(hasta=VIAJE), ACEPTA))


def test_con_riesgo_alto_sin_medidas_no_se_viaja_y_se_propone_permanecer():
    with pytest.raises(no.RiesgoAltoSinMedidas) as rechazo:
        programar(historia(SOLICITADA, riesgo(NivelRiesgo.ALTO, medidas=False), ACEPTA))
    assert "conceder-permanencia" in rechazo.value.que_hacer


def test_con_riesgo_alto_y_medidas_se_puede():
    assert programar(historia(SOLICITADA, riesgo(NivelRiesgo.ALTO, medidas=True), ACEPTA))


def test_si_el_riesgo_sube_despues_de_aceptar_hay_que_preguntar_otra_vez():
    subio = historia(*EN_CURSO, riesgo(NivelRiesgo.MEDIO))
    with pytest.raises(no.DecisionSinConocerElRiesgo):
        programar(subio)
    assert programar(historia(*EN_CURSO, riesgo(NivelRiesgo.MEDIO), ACEPTA))


def test_si_el_riesgo_no_sube_la_decision_sigue_valiendo():
    assert programar(historia(SOLICITADA, riesgo(NivelRiesgo.MEDIO), ACEPTA, riesgo(NivelRiesgo.BAJO)))


def test_aceptar_antes_de_evaluar_el_riesgo_no_es_decidir_informada():
    with pytest.raises(no.DecisionSinConocerElRiesgo):
        programar(historia(SOLICITADA, ACEPTA, riesgo()))


def test_una_nna_viaja_con_interes_superior_representacion_y_compania():
    assert programar(historia(*EN_CURSO_NNA), NNA)


def test_una_nna_sin_interes_superior_no_viaja():
    with pytest.raises(no.FaltaInteresSuperior):
        programar(historia(SOLICITADA, riesgo(), ACEPTA_SU_REPRESENTACION), NNA)


@pytest.mark.parametrize("otro", [r for r in ResultadoInteresSuperior if r is not ResultadoInteresSuperior.RETORNO])
def test_si_lo_mejor_para_la_nna_no_es_el_retorno_no_viaja(otro):
    with pytest.raises(no.FaltaInteresSuperior):
        programar(historia(*EN_CURSO_NNA, interes(otro)), NNA)


def test_una_nna_no_viaja_sola():
    with pytest.raises(no.FaltaAcompanante):
        programar(historia(*EN_CURSO_NNA), NNA, programado(Acompanante.SIN_ACOMPANANTE))


def test_una_adulta_puede_viajar_sola():
    assert programar(historia(*EN_CURSO), ADULTA, programado(Acompanante.SIN_ACOMPANANTE))


def test_si_resulta_ser_nna_la_aceptacion_de_adulta_ya_no_basta():
    with pytest.raises(no.DecideQuienNoPuede):
        programar(historia(SOLICITADA, riesgo(), interes(), ACEPTA), NNA)


def test_sin_solicitud_no_hay_traslado():
    with pytest.raises(no.SinSolicitud):
        programar(historia(riesgo(), ACEPTA))


def test_no_se_programa_para_un_dia_que_ya_paso():
    with pytest.raises(no.FechaPasada):
        programar(historia(*EN_CURSO), ADULTA, programado(fecha=HOY - timedelta(days=1)))


def test_programar_otra_vez_cambia_el_dia():
    otro_dia = VIAJE + timedelta(days=1)
    rep = historia(*EN_CURSO, programado(), programado(fecha=otro_dia))
    assert rep.programado is not None
    assert rep.programado.fecha == otro_dia


# --- Regla 1: el día del viaje ---------------------------------------------------------------------------------------


def test_se_viaja_si_todo_sigue_en_pie():
    assert viajar(historia(*EN_CURSO, programado())) == realizado()


def test_sin_programar_no_se_viaja():
    with pytest.raises(no.TrasladoSinProgramar):
        viajar(historia(*EN_CURSO))


@pytest.mark.parametrize(
    "despues",
    [
        decision(Decision.RECHAZA),
        decision(Decision.APLAZA),
        riesgo(NivelRiesgo.ALTO, medidas=False),
        interes(ResultadoInteresSuperior.PERMANENCIA),
        DESISTIDA,
    ],
    ids=["rechaza", "aplaza", "riesgo alto", "interés superior", "desiste"],
)
def test_lo_que_contradice_la_regla_1_deja_sin_efecto_lo_programado(despues):
    with pytest.raises(no.TrasladoSinProgramar):
        viajar(historia(*EN_CURSO, programado(), despues))


def test_aceptar_otra_vez_no_revive_el_traslado_que_se_rechazo():
    with pytest.raises(no.TrasladoSinProgramar):
        viajar(historia(*EN_CURSO, programado(), decision(Decision.RECHAZA), ACEPTA))


def test_el_riesgo_ha_de_seguir_vigente_cuando_se_viaja():
    vence_en_el_camino = (SOLICITADA, riesgo(hasta=VIAJE), ACEPTA, programado())
    assert viajar(historia(*vence_en_el_camino))
    with pytest.raises(no.RiesgoVencido):
        dominio.realizar_traslado(
            historia(*vence_en_el_camino), realizado(VIAJE + timedelta(days=1)), ADULTA, EL_DIA + timedelta(days=1)
        )


@pytest.mark.parametrize(
    "documentos",
    [
        None,
        DocumentosEmitidos(ruta=RUTA, documentos=(Documento.PARTIDA_NACIMIENTO, Documento.AUTORIZACION_SALIDA)),
        DocumentosEmitidos(ruta=RUTA, documentos=(Documento.PASAPORTE,), vencen=VIAJE - timedelta(days=1)),
    ],
)
def test_sin_un_documento_con_que_viajar_ese_dia_no_hay_viaje(documentos):
    with pytest.raises(no.SinDocumentosDeViaje):
        viajar(historia(*EN_CURSO, programado()), documentos=documentos)


@pytest.mark.parametrize("documento", ["pasaporte", "salvoconducto", "documento-de-viaje", "documento-de-identidad"])
def test_se_viaja_con_cualquiera_de_los_que_sirven(documento):
    emitidos = DocumentosEmitidos(ruta=RUTA, documentos=(Documento(documento),), vencen=VIAJE)
    assert viajar(historia(*EN_CURSO, programado()), documentos=emitidos)


def test_un_documento_anulado_no_sirve():
    with pytest.raises(no.SinDocumentosDeViaje):
        viajar(historia(*EN_CURSO, programado(), PASAPORTE, anula(5)), documentos=None)


def test_si_el_riesgo_sube_antes_de_viajar_hay_que_preguntar_otra_vez():
    with pytest.raises(no.DecisionSinConocerElRiesgo):
        viajar(historia(*EN_CURSO, programado(), riesgo(NivelRiesgo.ALTO)))


def test_si_resulta_ser_nna_no_viaja_como_adulta():
    with pytest.raises(no.DecideQuienNoPuede):
        viajar(historia(*EN_CURSO, programado()), NNA)


def test_no_se_da_por_hecho_un_viaje_que_no_ha_llegado():
    with pytest.raises(no.FechaPorLlegar):
        viajar(historia(*EN_CURSO, programado()), ADULTA, realizado(VIAJE + timedelta(days=2)))


def test_no_se_programa_despues_de_haber_viajado():
    with pytest.raises(no.FechaPasada):
        viajar(historia(*EN_CURSO, programado()), ADULTA, realizado(HOY - timedelta(days=2)))


def test_no_se_viaja_dos_veces_con_el_mismo_traslado():
    viajo = historia(*EN_CURSO, programado(), realizado())
    for intento in (viajar, programar):
        with pytest.raises(no.YaViajo):
            intento(viajo)


def test_otro_viaje_pide_decidir_otra_vez():
    vuelta = historia(*EN_CURSO, programado(), realizado(), RECIBIDA, SOLICITADA, riesgo())
    with pytest.raises(no.FaltaDecisionInformada):
        programar(vuelta)


# --- La decisión -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("otra", [Decision.RECHAZA, Decision.APLAZA])
@pytest.mark.parametrize("ficha", [ADULTA, NNA, CERRADA])
def test_no_aceptar_no_tiene_condiciones(otra, ficha):
    propuesta = decision(otra, explicados=False, oida=False)
    assert decidir(historia(), propuesta, ficha) == propuesta


def test_no_se_acepta_sin_evaluar_el_riesgo():
    with pytest.raises(no.RiesgoSinEvaluar):
        decidir(historia(SOLICITADA), ACEPTA)


def test_no_se_acepta_con_una_evaluacion_vencida():
    with pytest.raises(no.RiesgoSinEvaluar):
        decidir(historia(SOLICITADA, riesgo(hasta=HOY)), ACEPTA, ADULTA, INICIO + timedelta(days=3))


def test_no_se_acepta_sin_que_se_explique_el_riesgo():
    with pytest.raises(no.DecisionSinConocerElRiesgo):
        decidir(historia(SOLICITADA, riesgo()), decision(explicados=False), ADULTA, EL_DIA)


def test_lo_aceptado_antes_de_la_evaluacion_no_la_conocia():
    with pytest.raises(no.DecisionSinConocerElRiesgo):
        decidir(historia(SOLICITADA, riesgo()), ACEPTA, ADULTA, INICIO - timedelta(days=1))


@pytest.mark.parametrize(
    ("ficha", "por", "oida", "puede"),
    [
        (ADULTA, QuienConsiente.PERSONA, False, True),
        (ADULTA, QuienConsiente.APOYO_DESIGNADO, True, True),
        (ADULTA, QuienConsiente.REPRESENTANTE_LEGAL, True, True),
        (ADULTA, QuienConsiente.REPRESENTANTE_LEGAL, False, False),
        (ADULTA, QuienConsiente.AUTORIDAD_NINEZ, True, False),
        (NNA, QuienConsiente.PERSONA, True, False),
        (NNA, QuienConsiente.APOYO_DESIGNADO, True, False),
        (NNA, QuienConsiente.REPRESENTANTE_LEGAL, True, True),
        (NNA, QuienConsiente.AUTORIDAD_NINEZ, True, True),
        (NNA, QuienConsiente.AUTORIDAD_NINEZ, False, False),
    ],
)
def test_quien_puede_aceptar(ficha, por, oida, puede):
    rep, propuesta = historia(SOLICITADA, riesgo()), decision(por=por, oida=oida)
    if puede:
        assert decidir(rep, propuesta, ficha, EL_DIA) == propuesta
    else:
        with pytest.raises(no.DecideQuienNoPuede):
            decidir(rep, propuesta, ficha, EL_DIA)


def test_una_aceptacion_que_llega_tarde_no_pisa_un_rechazo_posterior():
    rep = historia(SOLICITADA, riesgo(), anotado(decision(Decision.RECHAZA), 3, ocurrido=EL_DIA))
    with pytest.raises(no.DecisionSuperada):
        decidir(rep, ACEPTA, ADULTA, EL_DIA - timedelta(days=1))


def test_un_riesgo_que_llega_tarde_no_pisa_al_posterior():
    antiguo = anotado(riesgo(), 3, ocurrido=INICIO - timedelta(days=1))
    rep = historia(SOLICITADA, riesgo(NivelRiesgo.ALTO, medidas=False), antiguo, ACEPTA)
    with pytest.raises(no.RiesgoAltoSinMedidas):
        programar(rep)


def test_lo_decidido_antes_de_desistir_no_vale_despues():
    rep = historia(SOLICITADA, riesgo(), anotado(DESISTIDA, 3, ocurrido=EL_DIA), SOLICITADA)
    with pytest.raises(no.DecisionSuperada):
        decidir(rep, ACEPTA, ADULTA, INICIO + timedelta(hours=1))


# --- Corregir --------------------------------------------------------------------------------------------------------


def test_anular_la_aceptacion_deja_sin_efecto_el_traslado_aunque_se_acepte_despues():
    with pytest.raises(no.TrasladoSinProgramar):
        viajar(historia(*EN_CURSO, programado(), anula(3), ACEPTA))


def test_anular_un_rechazo_no_revive_el_traslado():
    rep = historia(*EN_CURSO, programado(), decision(Decision.RECHAZA), anula(5))
    assert programar(rep)
    with pytest.raises(no.TrasladoSinProgramar):
        viajar(rep)


def test_anular_la_evaluacion_deja_a_la_decision_sin_riesgo_que_conocer():
    with pytest.raises(no.RiesgoSinEvaluar):
        programar(historia(*EN_CURSO, anula(2)))


def test_corregir_otra_cosa_no_toca_el_traslado():
    documentos = DocumentosEmitidos(ruta=RUTA, documentos=(Documento.PASAPORTE,))
    assert viajar(historia(*EN_CURSO, documentos, programado(), anula(4)))


@pytest.mark.parametrize(
    ("corrige", "con_apoyos"), [(1, True), (2, False), (3, False), (4, False), (5, True), (6, True)]
)
def test_no_se_corrige_aquello_en_que_otro_hecho_se_apoya(corrige, con_apoyos):
    rep = historia(*EN_CURSO, programado(), realizado(), RECIBIDA, seguimiento(1))
    if con_apoyos:
        with pytest.raises(no.HechoConApoyos):
            dominio.exigir_rectificable(rep, id_de(corrige))
    else:
        dominio.exigir_rectificable(rep, id_de(corrige))


# --- Lo demás --------------------------------------------------------------------------------------------------------


def test_no_hay_dos_repatriaciones_a_la_vez():
    with pytest.raises(no.YaSolicitada):
        dominio.solicitar(historia(SOLICITADA), SOLICITADA, ADULTA)


@pytest.mark.parametrize("fin", [(DESISTIDA,), (riesgo(), ACEPTA, programado(), realizado())])
def test_terminada_una_se_puede_pedir_otra(fin):
    dominio.solicitar(historia(SOLICITADA, *fin), SOLICITADA, ADULTA)


@pytest.mark.parametrize(
    ("extranjera", "sentido", "puede"),
    [
        (SiNo.SI, Sentido.HACIA_SU_PAIS, True),
        (SiNo.NO_CONSTA, Sentido.HACIA_SU_PAIS, True),
        (SiNo.NO, Sentido.HACIA_SU_PAIS, False),
        (SiNo.NO, Sentido.DESDE_EL_EXTERIOR, True),
        (SiNo.SI, Sentido.DESDE_EL_EXTERIOR, True),
    ],
)
def test_una_nacional_no_vuelve_a_su_pais_desde_el(extranjera, sentido, puede):
    propuesta = RepatriacionSolicitada(ruta=RUTA, sentido=sentido, iniciativa=Iniciativa.PERSONA)
    if puede:
        dominio.solicitar(historia(), propuesta, Ficha(extranjera=extranjera))
    else:
        with pytest.raises(no.SentidoImposible):
            dominio.solicitar(historia(), propuesta, Ficha(extranjera=extranjera))


@pytest.mark.parametrize("hasta", [HOY - timedelta(days=1), HOY + timedelta(days=366)])
def test_una_evaluacion_ni_nace_vencida_ni_vale_mas_de_un_ano(hasta):
    with pytest.raises(no.VigenciaImposible):
        dominio.evaluar_riesgo(riesgo(hasta=hasta), ADULTA, INICIO)


@pytest.mark.parametrize("hasta", [HOY, HOY + timedelta(days=365)])
def test_una_evaluacion_vale_hasta_un_ano(hasta):
    dominio.evaluar_riesgo(riesgo(hasta=hasta), ADULTA, INICIO)


def test_por_la_tarde_en_guatemala_sigue_siendo_hoy_aunque_en_utc_sea_manana():
    de_noche = INICIO.replace(hour=3) + timedelta(days=1)
    dominio.evaluar_riesgo(riesgo(hasta=HOY), ADULTA, de_noche)


def test_el_interes_superior_es_de_nna():
    with pytest.raises(no.NoConstaComoNNA):
        dominio.determinar_interes_superior(interes(), ADULTA)
    dominio.determinar_interes_superior(interes(), NNA)


def test_no_se_determina_el_retorno_de_una_nna_sin_oirla():
    with pytest.raises(no.PersonaSinOir):
        dominio.determinar_interes_superior(interes(oida=False), NNA)
    dominio.determinar_interes_superior(interes(ResultadoInteresSuperior.PERMANENCIA, oida=False), NNA)


def test_la_institucion_que_acompana_esta_en_el_directorio():
    propuesta = AcompananteDesignado(
        ruta=RUTA, acompanante=Acompanante.PROCURADURIA_NINEZ, institucion_acompanante="GT-PGN"
    )
    with pytest.raises(no.EscoltaDesconocida):
        dominio.designar_acompanante(historia(SOLICITADA), propuesta, NNA, en_directorio=False)
    dominio.designar_acompanante(historia(SOLICITADA), propuesta, NNA, en_directorio=True)


def test_no_se_designa_a_nadie_para_acompanar_a_una_nna():
    sola = AcompananteDesignado(ruta=RUTA, acompanante=Acompanante.SIN_ACOMPANANTE)
    with pytest.raises(no.FaltaAcompanante):
        dominio.designar_acompanante(historia(SOLICITADA), sola, NNA, en_directorio=False)
    dominio.designar_acompanante(historia(SOLICITADA), sola, ADULTA, en_directorio=False)


def test_no_se_acompana_un_retorno_que_nadie_pidio():
    with pytest.raises(no.SinSolicitud):
        dominio.designar_acompanante(
            historia(), AcompananteDesignado(ruta=RUTA, acompanante=Acompanante.FAMILIAR), ADULTA, en_directorio=False
        )


def test_los_documentos_se_emiten_sin_repatriacion_y_vigentes():
    vigentes = DocumentosEmitidos(ruta=RUTA, documentos=(Documento.PASAPORTE,), vencen=DENTRO_DE_UN_MES)
    dominio.emitir_documentos(vigentes, INICIO)
    with pytest.raises(no.DocumentosVencidos):
        dominio.emitir_documentos(vigentes, INICIO + timedelta(days=90))


def test_nadie_recibe_a_quien_no_viajo():
    with pytest.raises(no.TrasladoSinRealizar):
        dominio.confirmar_recepcion(historia(*EN_CURSO, programado()), RECIBIDA)


def test_la_recepcion_se_confirma_una_vez():
    viajo = (*EN_CURSO, programado(), realizado())
    dominio.confirmar_recepcion(historia(*viajo), RECIBIDA)
    with pytest.raises(no.YaRecibida):
        dominio.confirmar_recepcion(historia(*viajo, RECIBIDA), RECIBIDA)


def test_el_seguimiento_sigue_a_la_recepcion_o_a_la_permanencia():
    viajo = (*EN_CURSO, programado(), realizado())
    with pytest.raises(no.SinRecepcion):
        dominio.realizar_seguimiento(historia(*viajo), seguimiento(1))
    dominio.realizar_seguimiento(historia(*viajo, RECIBIDA), seguimiento(1))
    dominio.realizar_seguimiento(historia(PERMANENCIA), seguimiento(1))


@pytest.mark.parametrize("numero", [0, 1, 3])
def test_los_seguimientos_van_seguidos(numero):
    with pytest.raises(no.SeguimientoFueraDeOrden):
        dominio.realizar_seguimiento(historia(PERMANENCIA, seguimiento(1)), seguimiento(numero))


@pytest.mark.parametrize("coopera", SiNo)
def test_la_permanencia_no_depende_de_cooperar_ni_de_nada(coopera):
    propuesta = PermanenciaConcedida(ruta=RUTA, permanencia=Permanencia.REFLEXION, coopera=coopera)
    assert dominio.conceder_permanencia(propuesta, INICIO) == propuesta


def test_la_permanencia_no_nace_vencida():
    ayer = PermanenciaConcedida(
        ruta=RUTA, permanencia=Permanencia.TEMPORAL, coopera=SiNo.SI, vence=HOY - timedelta(days=1)
    )
    with pytest.raises(no.PermanenciaVencida):
        dominio.conceder_permanencia(ayer, INICIO)


def test_poder_quedarse_no_obliga_a_quedarse():
    assert viajar(historia(*EN_CURSO, programado(), PERMANENCIA))


def test_se_desiste_de_lo_que_esta_en_curso():
    dominio.desistir(historia(SOLICITADA), DESISTIDA)
    with pytest.raises(no.SinSolicitud):
        dominio.desistir(historia(), DESISTIDA)
    with pytest.raises(no.YaViajo):
        dominio.desistir(historia(*EN_CURSO, programado(), realizado()), DESISTIDA)


# --- Ruta cerrada ----------------------------------------------------------------------------------------------------


def test_con_la_ruta_cerrada_no_se_acerca_a_nadie_a_un_viaje():
    rep = historia(*EN_CURSO)
    intentos = (
        lambda: dominio.solicitar(historia(), SOLICITADA, CERRADA),
        lambda: dominio.evaluar_riesgo(riesgo(), CERRADA, INICIO),
        lambda: dominio.determinar_interes_superior(interes(), Ficha(nna=True, abierta=False)),
        lambda: decidir(rep, ACEPTA, CERRADA, EL_DIA),
        lambda: programar(rep, CERRADA),
        lambda: dominio.designar_acompanante(
            rep, AcompananteDesignado(ruta=RUTA, acompanante=Acompanante.FAMILIAR), CERRADA, en_directorio=False
        ),
    )
    for intento in intentos:
        with pytest.raises(no.RutaYaCerrada):
            intento()


def test_el_viaje_ya_programado_consta_aunque_la_ruta_se_cerrara_por_el():
    assert viajar(historia(*EN_CURSO, programado()), CERRADA)
