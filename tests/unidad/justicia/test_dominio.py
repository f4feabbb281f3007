"""Qué puede constar en justicia y en qué orden."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest

from eventos import justicia as j
from eventos.base import HechoDeRuta
from eventos.listas import Medida
from eventos.motivos import MotivoArchivo, MotivoDenegacion, MotivoLevantamiento, MotivoReaperturaProceso
from eventos.tipos import Urgencia
from servicios.justicia import apoyos, dominio
from servicios.justicia import rechazos as no
from servicios.justicia.estado import Justicia
from tests.unidad.historia import INICIO, RUTA, id_de
from tests.unidad.historia import historia as plegar

historia = partial(plegar, Justicia)

HOY = INICIO.date()
AYER = HOY - timedelta(days=1)
PROCESO, OTRO = UUID(int=1), UUID(int=2)
MEDIDA, REPARACION, COOPERACION = UUID(int=3), UUID(int=4), UUID(int=5)

DENUNCIA = j.DenunciaPresentada(ruta=RUTA, proceso=PROCESO, denunciante=j.QuienDenuncia.INSTITUCION)
DE_OFICIO = j.InvestigacionIniciada(ruta=RUTA, proceso=PROCESO, de_oficio=True)
INVESTIGACION = j.InvestigacionIniciada(ruta=RUTA, proceso=PROCESO, de_oficio=False)
QUERELLANTE = j.QuerellanteAdhesivoConstituido(ruta=RUTA, proceso=PROCESO, calidad=j.Calidad.QUERELLANTE_ADHESIVO)
DECLARACION = j.DeclaracionAnticipadaTomada(
    ruta=RUTA, proceso=PROCESO, forma=j.FormaDeclaracion.CAMARA_GESELL, acompanada=True
)
ACUSACION = j.AcusacionFormulada(ruta=RUTA, proceso=PROCESO, sindicados=2)
ARCHIVO = j.ProcesoArchivado(ruta=RUTA, proceso=PROCESO, motivo=MotivoArchivo.FALTA_DE_PRUEBA)
REAPERTURA = j.ProcesoReabierto(ruta=RUTA, proceso=PROCESO, motivo=MotivoReaperturaProceso.PRUEBA_NUEVA)
CONDENA_FIRME = j.SentenciaDictada(ruta=RUTA, proceso=PROCESO, fallo=j.Fallo.CONDENATORIA, firme=True, condenados=1)
PEDIDA = j.MedidaProteccionSolicitada(
    ruta=RUTA, medida=MEDIDA, clase=Medida.SEGURIDAD_PERSONAL, urgencia=Urgencia.INMEDIATA
)
COOPERACION_PEDIDA = j.CooperacionInternacionalSolicitada(
    ruta=RUTA, cooperacion=COOPERACION, clase=j.ClaseCooperacion.POLICIAL
)


def sentencia(fallo: j.Fallo, condenados: int, *, firme: bool = False) -> j.SentenciaDictada:
    return j.SentenciaDictada(ruta=RUTA, proceso=PROCESO, fallo=fallo, firme=firme, condenados=condenados)


def ordenada(*clases: j.ClaseReparacion, vence: date | None = None) -> j.ReparacionOrdenada:
    return j.ReparacionOrdenada(ruta=RUTA, reparacion=REPARACION, proceso=PROCESO, clases=clases, vence=vence)


def cumplida(*clases: j.ClaseReparacion, total: bool = False) -> j.ReparacionCumplida:
    return j.ReparacionCumplida(ruta=RUTA, reparacion=REPARACION, clases=clases, total=total)


def otorgada(vence: date | None = None) -> j.MedidaProteccionOtorgada:
    return j.MedidaProteccionOtorgada(ruta=RUTA, medida=MEDIDA, clase=Medida.SEGURIDAD_PERSONAL, vence=vence)


MEDIDA_DENEGADA = j.MedidaProteccionDenegada(ruta=RUTA, medida=MEDIDA, motivo=MotivoDenegacion.SIN_RIESGO)


def levantada(motivo: MotivoLevantamiento = MotivoLevantamiento.RIESGO_CESADO) -> j.MedidaProteccionLevantada:
    return j.MedidaProteccionLevantada(ruta=RUTA, medida=MEDIDA, motivo=motivo)


def autorizacion(
    que: j.Autorizacion, resolucion: j.Resolucion = j.Resolucion.CONCEDIDA, vence: date | None = None
) -> j.AutorizacionDeProteccion:
    return j.AutorizacionDeProteccion(ruta=RUTA, autorizacion=que, resolucion=resolucion, vence=vence)


def respuesta(resultado: j.ResultadoCooperacion) -> j.CooperacionInternacionalRespondida:
    return j.CooperacionInternacionalRespondida(ruta=RUTA, cooperacion=COOPERACION, resultado=resultado)


def no_criminalizacion(situacion: j.NoCriminalizacion) -> j.NoCriminalizacionInvocada:
    return j.NoCriminalizacionInvocada(ruta=RUTA, situacion=situacion)


CONDENA = sentencia(j.Fallo.CONDENATORIA, 1)
ABSUELVE = sentencia(j.Fallo.ABSOLUTORIA, 0)
PECUNIARIA, MEDICA, SIMBOLICA = (
    j.ClaseReparacion.PECUNIARIA,
    j.ClaseReparacion.MEDICA,
    j.ClaseReparacion.SIMBOLICA,
)
JUZGADO = (DENUNCIA, ACUSACION, CONDENA)


# --- El proceso ------------------------------------------------------------------------------------------------------


def test_puede_haber_varias_denuncias():
    assert dominio.denunciar(DENUNCIA, ruta_abierta=True) == DENUNCIA


def test_se_investiga_sin_que_nadie_denuncie():
    assert dominio.investigar(historia(), DE_OFICIO, ruta_abierta=True) == DE_OFICIO


def test_con_la_ruta_cerrada_no_se_abre_un_proceso_pero_el_abierto_sigue():
    with pytest.raises(no.RutaYaCerrada):
        dominio.denunciar(DENUNCIA, ruta_abierta=False)
    with pytest.raises(no.RutaYaCerrada):
        dominio.investigar(historia(), DE_OFICIO, ruta_abierta=False)
    dominio.investigar(historia(DENUNCIA), INVESTIGACION, ruta_abierta=False)


def test_no_se_investiga_un_proceso_que_no_consta():
    with pytest.raises(no.ProcesoDesconocido):
        dominio.investigar(historia(), INVESTIGACION, ruta_abierta=True)


@pytest.mark.parametrize("antes", [(DENUNCIA, INVESTIGACION), (DE_OFICIO,)])
def test_la_investigacion_se_inicia_una_vez(antes):
    with pytest.raises(no.YaInvestigado):
        dominio.investigar(historia(*antes), INVESTIGACION, ruta_abierta=True)


ACTOS = [
    (dominio.constituir_querellante, QUERELLANTE),
    (dominio.tomar_declaracion, DECLARACION),
    (dominio.acusar, ACUSACION),
]


@pytest.mark.parametrize(("acto", "propuesta"), ACTOS)
def test_los_actos_del_proceso_piden_un_proceso_en_curso(acto, propuesta):
    assert acto(historia(DENUNCIA), propuesta) == propuesta
    assert acto(historia(DE_OFICIO), propuesta) == propuesta
    with pytest.raises(no.ProcesoDesconocido):
        acto(historia(), propuesta)
    with pytest.raises(no.ProcesoTerminado):
        acto(historia(DENUNCIA, ARCHIVO), propuesta)
    with pytest.raises(no.ProcesoTerminado):
        acto(historia(DENUNCIA, ACUSACION, sentencia(j.Fallo.CONDENATORIA, 1, firme=True)), propuesta)


def test_la_victima_interviene_una_vez_en_cada_calidad():
    with pytest.raises(no.YaConstituida):
        dominio.constituir_querellante(historia(DENUNCIA, QUERELLANTE), QUERELLANTE)
    actor_civil = j.QuerellanteAdhesivoConstituido(ruta=RUTA, proceso=PROCESO, calidad=j.Calidad.ACTOR_CIVIL)
    dominio.constituir_querellante(historia(DENUNCIA, QUERELLANTE), actor_civil)


def test_la_victima_declara_una_sola_vez():
    with pytest.raises(no.DeclaracionYaTomada):
        dominio.tomar_declaracion(historia(DENUNCIA, DECLARACION), DECLARACION)


def test_se_acusa_a_alguien():
    with pytest.raises(no.SinSindicados):
        dominio.acusar(historia(DENUNCIA), j.AcusacionFormulada(ruta=RUTA, proceso=PROCESO, sindicados=0))


def test_sin_acusacion_no_hay_sentencia():
    with pytest.raises(no.SinAcusacion):
        dominio.sentenciar(historia(DENUNCIA), CONDENA)


def test_la_acusacion_de_otro_proceso_no_sirve():
    otra = j.AcusacionFormulada(ruta=RUTA, proceso=OTRO, sindicados=1)
    with pytest.raises(no.SinAcusacion):
        dominio.sentenciar(historia(DENUNCIA, otra), CONDENA)


@pytest.mark.parametrize(
    ("fallo", "condenados", "cuadra"),
    [
        (j.Fallo.CONDENATORIA, 2, True),
        (j.Fallo.CONDENATORIA, 0, False),
        (j.Fallo.CONDENATORIA, 3, False),
        (j.Fallo.MIXTA, 1, True),
        (j.Fallo.MIXTA, 0, False),
        (j.Fallo.ABSOLUTORIA, 0, True),
        (j.Fallo.ABSOLUTORIA, 1, False),
    ],
)
def test_los_condenados_cuadran_con_el_fallo_y_la_acusacion(fallo, condenados, cuadra):
    rep, propuesta = historia(DENUNCIA, ACUSACION), sentencia(fallo, condenados)
    if cuadra:
        assert dominio.sentenciar(rep, propuesta) == propuesta
    else:
        with pytest.raises(no.CondenadosNoCuadran):
            dominio.sentenciar(rep, propuesta)


def test_un_recurso_cambia_la_sentencia_que_no_era_firme():
    dominio.sentenciar(historia(*JUZGADO), ABSUELVE)
    with pytest.raises(no.ProcesoTerminado):
        dominio.sentenciar(historia(DENUNCIA, ACUSACION, sentencia(j.Fallo.CONDENATORIA, 1, firme=True)), ABSUELVE)


def test_se_archiva_lo_que_no_tiene_sentencia_y_una_vez():
    dominio.archivar(historia(DENUNCIA, ACUSACION), ARCHIVO)
    with pytest.raises(no.ProcesoConSentencia):
        dominio.archivar(historia(*JUZGADO), ARCHIVO)
    with pytest.raises(no.ProcesoTerminado):
        dominio.archivar(historia(DENUNCIA, ARCHIVO), ARCHIVO)
    with pytest.raises(no.ProcesoDesconocido):
        dominio.archivar(historia(), ARCHIVO)


def test_un_proceso_archivado_se_reabre_y_puede_archivarse_otra_vez():
    dominio.reabrir(historia(DENUNCIA, ARCHIVO), REAPERTURA)
    dominio.acusar(historia(DENUNCIA, ARCHIVO, REAPERTURA), ACUSACION)
    dominio.archivar(historia(DENUNCIA, ARCHIVO, REAPERTURA), ARCHIVO)
    dominio.reabrir(historia(DENUNCIA, ARCHIVO, REAPERTURA, ARCHIVO), REAPERTURA)


@pytest.mark.parametrize("antes", [(DENUNCIA,), (DENUNCIA, ARCHIVO, REAPERTURA), (DENUNCIA, ACUSACION, CONDENA_FIRME)])
def test_no_se_reabre_lo_que_no_esta_archivado(antes):
    with pytest.raises(no.ProcesoSinArchivar):
        dominio.reabrir(historia(*antes), REAPERTURA)
    with pytest.raises(no.ProcesoDesconocido):
        dominio.reabrir(historia(), REAPERTURA)


def test_anular_la_reapertura_deja_el_proceso_archivado_y_el_archivo_no_se_corrige_mientras_siga():
    just = historia(DENUNCIA, ARCHIVO, REAPERTURA)
    with pytest.raises(no.HechoConApoyos):
        apoyos.exigir_rectificable(just, id_de(2))
    apoyos.exigir_rectificable(just, id_de(3))
    assert historia(DENUNCIA, ARCHIVO).terminado(PROCESO)
    assert not just.terminado(PROCESO)


# --- La reparación ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("antes", "se_puede"),
    [
        ((), False),
        ((ABSUELVE,), False),
        ((CONDENA,), True),
        ((sentencia(j.Fallo.MIXTA, 1),), True),
        ((sentencia(j.Fallo.CONDENATORIA, 1, firme=True),), True),
        ((CONDENA, ABSUELVE), False),
        ((ABSUELVE, CONDENA), True),
    ],
)
def test_se_ordena_reparar_si_la_ultima_sentencia_condena(antes, se_puede):
    just = historia(DENUNCIA, ACUSACION, *antes)
    if se_puede:
        dominio.ordenar_reparacion(just, ordenada(PECUNIARIA), INICIO)
    else:
        with pytest.raises(no.SinCondena):
            dominio.ordenar_reparacion(just, ordenada(PECUNIARIA), INICIO)


def test_la_reparacion_no_repite_clases_ni_nace_vencida():
    with pytest.raises(no.ClasesRepetidas):
        dominio.ordenar_reparacion(historia(*JUZGADO), ordenada(MEDICA, MEDICA), INICIO)
    with pytest.raises(no.VenceAntes):
        dominio.ordenar_reparacion(historia(*JUZGADO), ordenada(MEDICA, vence=AYER), INICIO)


def test_no_se_cumple_lo_que_no_se_ordeno():
    with pytest.raises(no.ReparacionDesconocida):
        dominio.cumplir_reparacion(historia(*JUZGADO), cumplida(PECUNIARIA))


def test_no_se_cumple_mas_de_lo_ordenado():
    with pytest.raises(no.MasDeLoOrdenado):
        dominio.cumplir_reparacion(historia(*JUZGADO, ordenada(PECUNIARIA)), cumplida(PECUNIARIA, MEDICA))


def test_se_cumple_por_partes_y_es_total_cuando_no_falta_nada():
    just = historia(*JUZGADO, ordenada(PECUNIARIA, MEDICA), cumplida(PECUNIARIA))
    dominio.cumplir_reparacion(just, cumplida(PECUNIARIA))
    dominio.cumplir_reparacion(just, cumplida(MEDICA, total=True))
    with pytest.raises(no.ReparacionIncompleta):
        dominio.cumplir_reparacion(just, cumplida(PECUNIARIA, total=True))


def test_cumplida_del_todo_no_queda_nada():
    with pytest.raises(no.ReparacionYaCumplida):
        dominio.cumplir_reparacion(
            historia(*JUZGADO, ordenada(SIMBOLICA), cumplida(SIMBOLICA, total=True)), cumplida(SIMBOLICA)
        )


def test_lo_ya_ordenado_se_cumple_aunque_un_recurso_absuelva():
    dominio.cumplir_reparacion(historia(*JUZGADO, ordenada(MEDICA), ABSUELVE), cumplida(MEDICA, total=True))


# --- La protección ---------------------------------------------------------------------------------------------------


def test_una_medida_se_otorga_pedida_o_de_oficio_sin_denuncia_ni_proceso():
    dominio.otorgar_medida(historia(PEDIDA), otorgada(), INICIO, de_oficio=False)
    dominio.otorgar_medida(historia(), otorgada(), INICIO, de_oficio=True)


def test_no_se_otorga_por_pedida_la_que_nadie_pidio_ni_dos_veces():
    with pytest.raises(no.MedidaDesconocida):
        dominio.otorgar_medida(historia(), otorgada(), INICIO, de_oficio=False)
    with pytest.raises(no.MedidaYaOtorgada):
        dominio.otorgar_medida(historia(PEDIDA, otorgada()), otorgada(), INICIO, de_oficio=False)


def test_una_medida_pedida_se_deniega_una_vez_y_despues_solo_cabe_de_oficio():
    dominio.denegar_medida(historia(PEDIDA), MEDIDA_DENEGADA)
    denegada = historia(PEDIDA, MEDIDA_DENEGADA)
    with pytest.raises(no.MedidaYaDenegada):
        dominio.denegar_medida(denegada, MEDIDA_DENEGADA)
    with pytest.raises(no.MedidaYaDenegada):
        dominio.otorgar_medida(denegada, otorgada(), INICIO, de_oficio=False)
    dominio.otorgar_medida(denegada, otorgada(), INICIO, de_oficio=True)


def test_no_se_deniega_lo_que_nadie_pidio_ni_lo_ya_otorgado():
    with pytest.raises(no.MedidaDesconocida):
        dominio.denegar_medida(historia(), MEDIDA_DENEGADA)
    with pytest.raises(no.MedidaYaOtorgada):
        dominio.denegar_medida(historia(PEDIDA, otorgada()), MEDIDA_DENEGADA)
    with pytest.raises(no.HechoConApoyos):
        apoyos.exigir_rectificable(historia(PEDIDA, MEDIDA_DENEGADA), id_de(1))


def test_una_medida_no_nace_vencida():
    with pytest.raises(no.VenceAntes):
        dominio.otorgar_medida(historia(), otorgada(AYER), INICIO, de_oficio=True)
    dominio.otorgar_medida(historia(), otorgada(HOY), INICIO, de_oficio=True)


def test_se_levanta_lo_que_rige():
    dominio.levantar_medida(historia(otorgada()), levantada(), INICIO)
    for antes in [(PEDIDA,), (otorgada(), levantada())]:
        with pytest.raises(no.MedidaSinOtorgar):
            dominio.levantar_medida(historia(*antes), levantada(), INICIO)
    with pytest.raises(no.MedidaDesconocida):
        dominio.levantar_medida(historia(), levantada(), INICIO)


def test_por_vencida_solo_se_levanta_la_que_vencio():
    vencida = levantada(MotivoLevantamiento.VENCIDA)
    dominio.levantar_medida(historia(otorgada(AYER)), vencida, INICIO)
    for vence in [HOY, None]:
        with pytest.raises(no.MedidaSinVencer):
            dominio.levantar_medida(historia(otorgada(vence)), vencida, INICIO)


def test_el_juez_autoriza_sin_que_conste_nada_antes():
    for que in (j.Autorizacion.ABRIGO, j.Autorizacion.FAMILIA_SUSTITUTA, j.Autorizacion.EGRESO):
        dominio.autorizar(historia(), autorizacion(que), INICIO)
    with pytest.raises(no.VenceAntes):
        dominio.autorizar(historia(), autorizacion(j.Autorizacion.ABRIGO, vence=AYER), INICIO)


@pytest.mark.parametrize("antes", [(), (autorizacion(j.Autorizacion.ABRIGO, j.Resolucion.DENEGADA),)])
def test_se_prorroga_el_abrigo_que_se_concedio(antes):
    prorroga = autorizacion(j.Autorizacion.PRORROGA_ABRIGO)
    with pytest.raises(no.SinAbrigoQueProrrogar):
        dominio.autorizar(historia(*antes), prorroga, INICIO)
    dominio.autorizar(historia(*antes, autorizacion(j.Autorizacion.ABRIGO)), prorroga, INICIO)


def test_quien_asiste_esta_en_el_directorio():
    propuesta = j.AsistenciaJuridicaAsignada(ruta=RUTA, entidad="GT-IDPP", gratuita=True)
    dominio.asignar_asistencia(propuesta, en_directorio=True, asiste=True)
    with pytest.raises(no.EntidadDesconocida):
        dominio.asignar_asistencia(propuesta, en_directorio=False, asiste=False)
    with pytest.raises(no.EntidadNoAsiste):
        dominio.asignar_asistencia(propuesta, en_directorio=True, asiste=False)


# --- Cooperación y no criminalización --------------------------------------------------------------------------------


def test_la_cooperacion_puede_no_servir_a_un_proceso():
    dominio.solicitar_cooperacion(historia(), COOPERACION_PEDIDA)
    para_un_proceso = j.CooperacionInternacionalSolicitada(
        ruta=RUTA, cooperacion=COOPERACION, proceso=PROCESO, clase=j.ClaseCooperacion.EXTRADICION
    )
    dominio.solicitar_cooperacion(historia(DENUNCIA), para_un_proceso)
    with pytest.raises(no.ProcesoDesconocido):
        dominio.solicitar_cooperacion(historia(), para_un_proceso)


def test_se_responde_lo_solicitado_hasta_que_la_respuesta_es_definitiva():
    parcial, cumplida_ = respuesta(j.ResultadoCooperacion.PARCIAL), respuesta(j.ResultadoCooperacion.CUMPLIDA)
    with pytest.raises(no.CooperacionDesconocida):
        dominio.responder_cooperacion(historia(), cumplida_)
    dominio.responder_cooperacion(historia(COOPERACION_PEDIDA, parcial), cumplida_)
    with pytest.raises(no.CooperacionYaRespondida):
        dominio.responder_cooperacion(historia(COOPERACION_PEDIDA, cumplida_), parcial)


INVOCADA, CONCEDIDA, DENEGADA = map(no_criminalizacion, j.NoCriminalizacion)


@pytest.mark.parametrize("resuelve", [True, False])
def test_cualquiera_que_la_asista_invoca(resuelve):
    dominio.invocar_no_criminalizacion(historia(), INVOCADA, resuelve=resuelve)


@pytest.mark.parametrize("resolucion", [CONCEDIDA, DENEGADA])
def test_solo_resuelven_fiscalia_y_tribunal(resolucion):
    with pytest.raises(no.NoResuelve):
        dominio.invocar_no_criminalizacion(historia(INVOCADA), resolucion, resuelve=False)
    dominio.invocar_no_criminalizacion(historia(INVOCADA), resolucion, resuelve=True)


def test_conceder_cabe_de_oficio_y_denegar_no():
    dominio.invocar_no_criminalizacion(historia(), CONCEDIDA, resuelve=True)
    for antes in [(), (INVOCADA, CONCEDIDA)]:
        with pytest.raises(no.SinInvocar):
            dominio.invocar_no_criminalizacion(historia(*antes), DENEGADA, resuelve=True)


# --- Corregir --------------------------------------------------------------------------------------------------------

TODO: Sequence[HechoDeRuta] = (
    DENUNCIA, INVESTIGACION, QUERELLANTE, ACUSACION, CONDENA, ordenada(MEDICA), cumplida(MEDICA, total=True),
    PEDIDA, otorgada(), levantada(), COOPERACION_PEDIDA, respuesta(j.ResultadoCooperacion.CUMPLIDA), INVOCADA,
)  # fmt: skip
CON_APOYOS = {DENUNCIA, ACUSACION, CONDENA, TODO[5], TODO[8], COOPERACION_PEDIDA}


@pytest.mark.parametrize("n", range(1, len(TODO) + 1))
def test_no_se_corrige_aquello_en_que_otro_hecho_se_apoya(n):
    just = historia(*TODO)
    if TODO[n - 1] in CON_APOYOS:
        with pytest.raises(no.HechoConApoyos):
            apoyos.exigir_rectificable(just, id_de(n))
    else:
        apoyos.exigir_rectificable(just, id_de(n))


def test_con_otra_sentencia_que_condena_la_primera_se_puede_corregir():
    apoyos.exigir_rectificable(historia(*JUZGADO, CONDENA, ordenada(MEDICA)), id_de(3))
