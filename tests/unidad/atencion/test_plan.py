"""El plan de reintegración: con quién se acuerda y qué prueba una meta."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from uuid import UUID

import pytest

from contratos.solicitudes.atencion import MetaPedida
from eventos.atencion import (
    Alcance,
    NecesidadesEvaluadas,
    PlanConcluido,
    PlanRevisado,
    ResultadoPlan,
)
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoRevision
from servicios.atencion.dominio import plan
from servicios.atencion.dominio.consentimiento import FaltaOirla, FaltaRepresentacion, FechaPasada, SinConsentimiento
from servicios.atencion.dominio.servicios import prestar_servicio
from tests.unidad.atencion.relatos import (
    CONSIENTE,
    EDUCACION,
    EXAMINA,
    HOY,
    META,
    OTRA_META,
    PLAN,
    acordado,
    concluido,
    cumplida,
    estancia,
    historia,
    meta_del_plan,
    otorgado,
    prestado,
    revocado,
)
from tests.unidad.historia import INICIO, RUTA, id_de

DESPUES = INICIO + timedelta(days=1)


def acordar(atencion, propuesto, *, nna=False):
    return plan.acordar(atencion, propuesto, nna=nna, institucion=EXAMINA, instante=DESPUES)


def revisado(*metas, id_plan=PLAN, revisar_el=date(2026, 7, 5)):
    return PlanRevisado(ruta=RUTA, plan=id_plan, metas=metas, motivo=MotivoRevision.PERIODICA, revisar_el=revisar_el)


def revisar(atencion, nuevo):
    return plan.revisar(atencion, nuevo, institucion=EXAMINA, instante=DESPUES)


def test_el_plan_exige_consentimiento_vigente():
    with pytest.raises(SinConsentimiento):
        acordar(historia(), acordado())
    with pytest.raises(SinConsentimiento):
        acordar(historia(CONSIENTE, revocado()), acordado())
    with pytest.raises(SinConsentimiento):
        acordar(historia(otorgado(Alcance.ESTADISTICA)), acordado())
    assert acordar(historia(CONSIENTE), acordado())


def test_con_una_nna_se_acuerda_por_su_representacion_y_oyendola():
    with pytest.raises(FaltaRepresentacion):
        acordar(historia(CONSIENTE), acordado(), nna=True)
    por_ella = QuienConsiente.REPRESENTANTE_LEGAL
    with pytest.raises(FaltaOirla):
        acordar(historia(CONSIENTE), acordado(por=por_ella, oida=False), nna=True)
    assert acordar(historia(CONSIENTE), acordado(por=por_ella), nna=True)


def test_un_plan_a_la_vez():
    with pytest.raises(plan.PlanVigente):
        acordar(historia(CONSIENTE, acordado()), acordado())
    assert acordar(historia(CONSIENTE, acordado(), concluido()), acordado())


def test_las_fechas_del_plan_no_son_pasadas():
    with pytest.raises(FechaPasada):
        acordar(historia(CONSIENTE), acordado_con(meta_del_plan(META, vence=HOY)))
    with pytest.raises(FechaPasada):
        revisar(historia(CONSIENTE, acordado()), revisado(meta_del_plan(META), revisar_el=HOY))


def test_al_revisar_una_meta_conservada_pudo_vencer_pero_una_que_se_pone_no():
    vencida = meta_del_plan(META, vence=HOY)
    con_ella = historia(CONSIENTE, acordado_con(vencida))
    assert revisar(con_ella, revisado(vencida))
    with pytest.raises(FechaPasada):
        revisar(con_ella, revisado(vencida, meta_del_plan(OTRA_META, vence=HOY)))


def acordado_con(meta):
    base = acordado()
    return type(base)(ruta=RUTA, plan=PLAN, metas=(meta,), por=base.por, persona_oida=True, revisar_el=base.revisar_el)


def propuesta(meta=None):
    return MetaPedida(meta=meta, derecho=Derecho.EDUCACION, servicio=ServicioPedido.EDUCACION)


def test_las_metas_nuevas_reciben_id_y_las_conservadas_lo_mantienen():
    ids = map(UUID, (f"00000000-0000-4000-8000-{n:012d}" for n in count(1)))
    en_marcha = plan.en_marcha(historia(CONSIENTE, acordado()))
    metas = plan.metas_con_id([propuesta(META), propuesta(), propuesta()], en_marcha, lambda: next(ids))
    assert [m.meta.int & 0xFF for m in metas[1:]] == [1, 2]
    assert metas[0].meta == META


@pytest.mark.parametrize("metas", [[propuesta(OTRA_META)], [propuesta(META), propuesta(META)]])
def test_solo_se_conservan_metas_del_plan_y_una_vez(metas):
    with pytest.raises(plan.MetaDesconocida):
        plan.metas_con_id(metas, plan.en_marcha(historia(CONSIENTE, acordado())), lambda: OTRA_META)


@pytest.mark.parametrize(
    "cambio", [{"derecho": Derecho.TRABAJO}, {"servicio": ServicioPedido.MEDIOS_DE_VIDA}], ids=lambda c: next(iter(c))
)
def test_una_meta_conservada_no_pasa_a_ser_otra(cambio):
    otra = MetaPedida(**{"meta": META, "derecho": Derecho.EDUCACION, "servicio": ServicioPedido.EDUCACION} | cambio)
    with pytest.raises(plan.MetaCambiada):
        plan.metas_con_id([otra], plan.en_marcha(historia(CONSIENTE, acordado())), lambda: OTRA_META)


def test_se_revisa_el_plan_en_marcha_con_consentimiento():
    nuevas = revisado(meta_del_plan(OTRA_META))
    assert revisar(historia(CONSIENTE, acordado()), nuevas)
    for hechos in ((CONSIENTE,), (CONSIENTE, acordado(), concluido())):
        with pytest.raises(plan.PlanDesconocido):
            revisar(historia(*hechos), nuevas)
    with pytest.raises(plan.PlanDesconocido):
        revisar(historia(CONSIENTE, acordado()), revisado(meta_del_plan(META), id_plan=OTRA_META))
    with pytest.raises(SinConsentimiento):
        revisar(historia(CONSIENTE, acordado(), revocado()), nuevas)


def test_una_meta_se_cumple_con_evidencia_de_la_ruta():
    atencion = historia(CONSIENTE, acordado(), EDUCACION)
    plan.cumplir_meta(atencion, cumplida(id_de(3)))


@pytest.mark.parametrize(
    "evidencias",
    [(), (id_de(99),), (id_de(1),), (id_de(2),), (id_de(4),), (id_de(5),), (id_de(3), id_de(99))],
    ids=["ninguna", "no-existe", "consentimiento", "el-plan", "declinado", "necesidades", "una-falsa"],
)
def test_lo_que_no_es_haber_recibido_algo_no_prueba_nada(evidencias):
    declinado = prestado(ServicioPedido.EDUCACION, ResultadoAtencion.DECLINADA)
    necesidades = NecesidadesEvaluadas(ruta=RUTA, necesidades=())
    atencion = historia(CONSIENTE, acordado(), EDUCACION, declinado, necesidades)
    with pytest.raises(plan.SinEvidencia):
        plan.cumplir_meta(atencion, cumplida(*evidencias))


def test_lo_recibido_ha_de_ser_de_la_meta_o_haberse_prestado_para_ella():
    comida, clase_particular = prestado(ServicioPedido.ALIMENTACION), prestado(ServicioPedido.PSICOSOCIAL, meta=META)
    atencion = historia(CONSIENTE, acordado(), comida, clase_particular, estancia(), EDUCACION)
    for ajena in (id_de(3), id_de(5)):
        with pytest.raises(plan.EvidenciaAjena):
            plan.cumplir_meta(atencion, cumplida(ajena))
    for suya in (id_de(4), id_de(6)):
        plan.cumplir_meta(atencion, cumplida(suya, id_de(3)))


def test_no_se_cumple_dos_veces_ni_una_meta_retirada():
    hechos = (CONSIENTE, acordado(), EDUCACION, cumplida(id_de(3)))
    with pytest.raises(plan.MetaYaCumplida):
        plan.cumplir_meta(historia(*hechos), cumplida(id_de(3)))
    sin_ella = historia(CONSIENTE, acordado(), EDUCACION, revisado(meta_del_plan(OTRA_META)))
    with pytest.raises(plan.MetaDesconocida):
        plan.cumplir_meta(sin_ella, cumplida(id_de(3)))


def test_cumplido_es_sin_metas_pendientes():
    cumplido = concluido(ResultadoPlan.CUMPLIDO)
    hechos = (CONSIENTE, acordado(META, OTRA_META), EDUCACION, cumplida(id_de(3)))
    with pytest.raises(plan.PlanSinCumplir):
        plan.concluir(historia(*hechos), cumplido)
    plan.concluir(historia(*hechos), concluido())
    plan.concluir(historia(*hechos, cumplida(id_de(3), meta=OTRA_META)), cumplido)
    plan.concluir(historia(*hechos, revisado(meta_del_plan(META))), cumplido)


def test_no_se_concluye_lo_que_no_esta_en_marcha():
    for hechos in ((), (acordado(), concluido())):
        with pytest.raises(plan.PlanDesconocido):
            plan.concluir(historia(*hechos), concluido())
    ajeno = PlanConcluido(ruta=RUTA, plan=OTRA_META, resultado=ResultadoPlan.SIN_CONTACTO)
    with pytest.raises(plan.PlanDesconocido):
        plan.concluir(historia(acordado()), ajeno)


def test_un_servicio_sirve_a_una_meta_del_plan_en_marcha():
    def prestar(atencion, meta):
        servicio = prestado(ServicioPedido.EDUCACION, meta=meta)
        return prestar_servicio(atencion, servicio, derivada=True, institucion=EXAMINA, instante=DESPUES)

    assert prestar(historia(CONSIENTE, acordado()), META)
    for hechos, meta in (((CONSIENTE, acordado()), OTRA_META), ((CONSIENTE, acordado(), concluido()), META)):
        with pytest.raises(plan.MetaDesconocida):
            prestar(historia(*hechos), meta)
