"""Lo que tiene fecha avisa cuando está por vencer y cuando venció: una vez, y solo si sigue en pie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from contratos.protocolos import vigente
from contratos.protocolos.paquete import Asunto
from contratos.rectificacion import Rectificacion
from contratos.solicitudes import atencion as pide_a
from contratos.solicitudes import justicia as pide
from contratos.solicitudes import repatriacion as pide_r
from eventos import atencion as at
from eventos import repatriacion as r
from eventos.base import Hecho
from eventos.calendario import comienzo_del_dia, fin_del_dia, habiles_antes
from eventos.comun import Efecto
from eventos.coordinacion import RutaCerrada, RutaReabierta
from eventos.justicia import MedidaPorVencer, MedidaProteccionOtorgada, MedidaVencida
from eventos.listas import Derecho, Medida, QuienConsiente, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoDesistimiento,
    MotivoLevantamiento,
    MotivoReapertura,
    MotivoRectificacion,
    MotivoRevision,
)
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo, SiNo
from servicios.atencion.contexto import CONTEXTO as ATENCION
from servicios.comun.vencimientos import Fecha, por_avisar
from servicios.justicia.contexto import CONTEXTO as JUSTICIA
from servicios.repatriacion.contexto import CONTEXTO as REPATRIACION
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import INICIO, RUTA

GT = vigente("gt")
HOY = INICIO.date()
VENCE = date(2026, 2, 20)
CERRADA = RutaCerrada(ruta=RUTA, motivo=MotivoCierre.DECISION_PERSONA)
FALLECIDA = RutaCerrada(ruta=RUTA, motivo=MotivoCierre.FALLECIMIENTO)
REABIERTA = RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.PERSONA_LO_PIDE)


@pytest.fixture
def justicia(tmp_path) -> Iterator[Banco]:
    with banco(JUSTICIA, tmp_path) as abierto:
        abierto.conocer(abierta())
        yield abierto


@pytest.fixture
def repatriacion(tmp_path) -> Iterator[Banco]:
    with banco(REPATRIACION, tmp_path) as abierto:
        abierto.conocer(replace(abierta(), extranjera=SiNo.SI))
        yield abierto


@pytest.fixture
def atencion(tmp_path) -> Iterator[Banco]:
    with banco(ATENCION, tmp_path) as abierto:
        abierto.conocer(abierta())
        yield abierto


def hasta(servicio: Banco, instante: datetime) -> list[Hecho]:
    """Lo que el reloj cuenta al llegar a un instante (UTC)."""
    servicio.reloj.adelantar_hasta(instante)
    return servicio.plazos()


def antes_de(dia: date, asunto: Asunto) -> datetime:
    """Cuándo toca avisar de que algo vence ese día."""
    return comienzo_del_dia(habiles_antes(dia, GT.antelacion(asunto), GT.calendario), GT.calendario)


def otorgar(justicia: Banco, vence: date | None = VENCE) -> MedidaProteccionOtorgada:
    return otorgada(justicia, vence)[1]


def otorgada(justicia: Banco, vence: date | None = VENCE) -> tuple[Anotado, MedidaProteccionOtorgada]:
    (anotado,) = justicia.pedir(pide.OtorgarMedidaProteccion(ruta=RUTA, clase=Medida.REUBICACION, vence=vence))
    assert isinstance(anotado.hecho, MedidaProteccionOtorgada)
    return anotado, anotado.hecho


def por_vencer(medida: MedidaProteccionOtorgada) -> MedidaPorVencer:
    assert medida.vence
    return MedidaPorVencer(ruta=RUTA, medida=medida.medida, clase=medida.clase, vence=medida.vence)


def vencida(medida: MedidaProteccionOtorgada) -> MedidaVencida:
    assert medida.vence
    return MedidaVencida(ruta=RUTA, medida=medida.medida, clase=medida.clase, vence=medida.vence)


def rectificar(anotado: Anotado, clase: type[Rectificacion] = pide.RectificarHecho) -> Rectificacion:
    return clase(ruta=RUTA, corrige=anotado.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO)


# Cuántos días antes: un dato del protocolo, con el calendario del país.


@pytest.mark.parametrize(
    ("dia", "cuantos", "antes"),
    [
        (date(2026, 1, 9), 1, date(2026, 1, 8)),
        (date(2026, 1, 12), 1, date(2026, 1, 9)),  # lunes
        (date(2026, 1, 11), 1, date(2026, 1, 9)),  # vence en domingo
        (date(2026, 4, 6), 2, date(2026, 3, 31)),  # Semana Santa
        (date(2026, 1, 9), 0, date(2026, 1, 9)),
    ],
)
def test_los_dias_habiles_se_descuentan_del_dia_en_que_vence(dia, cuantos, antes):
    assert habiles_antes(dia, cuantos, GT.calendario) == antes


def test_el_aviso_toca_al_empezar_el_dia_en_hora_oficial():
    assert antes_de(VENCE, Asunto.MEDIDA) == datetime(2026, 2, 13, 6, tzinfo=UTC)
    assert fin_del_dia(VENCE, GT.calendario) == datetime(2026, 2, 21, 6, tzinfo=UTC)


def test_todo_protocolo_dice_con_cuanta_antelacion_y_que_es_del_proyecto():
    assert {a.asunto for a in GT.antelaciones} == set(Asunto)
    assert all("sin fuente legal" in a.fuente for a in GT.antelaciones)


# Medidas de protección.


def test_una_medida_avisa_antes_de_vencer_y_al_vencer(justicia):
    medida = otorgar(justicia)
    assert justicia.plazos() == []
    toca = antes_de(VENCE, Asunto.MEDIDA)
    assert hasta(justicia, toca - timedelta(seconds=1)) == []
    assert hasta(justicia, toca) == [por_vencer(medida)]
    fin = fin_del_dia(VENCE, GT.calendario)
    assert hasta(justicia, fin - timedelta(seconds=1)) == []
    assert hasta(justicia, fin) == [vencida(medida)]
    assert hasta(justicia, fin + timedelta(days=3650)) == []


def test_el_reloj_dice_cuando_toca_el_siguiente(justicia):
    def proximo() -> datetime | None:
        with justicia.almacen.consulta() as tanda:
            return JUSTICIA.proximo_vencimiento(tanda)

    assert proximo() is None
    otorgar(justicia)
    for toca in (antes_de(VENCE, Asunto.MEDIDA), fin_del_dia(VENCE, GT.calendario)):
        justicia.plazos()
        assert proximo() == toca
        justicia.reloj.adelantar_hasta(toca)
    justicia.plazos()
    assert proximo() is None


def test_si_el_reloj_salta_anos_solo_se_dice_que_vencio(justicia):
    """«Por vencer» sería falso."""
    medidas = [otorgar(justicia), otorgar(justicia, VENCE + timedelta(days=300))]
    justicia.pasan(days=4000)
    assert justicia.plazos() == [vencida(m) for m in medidas]
    assert justicia.plazos() == []


def test_los_avisos_no_se_repiten_por_muchas_veces_que_se_mire_la_ruta(justicia):
    """Cada hecho con fecha hace mirar la ruta otra vez."""
    medida = otorgar(justicia)
    justicia.pasan(days=4000)
    assert justicia.plazos() == [vencida(medida)]
    for dia in range(3):
        otra = otorgar(justicia, justicia.reloj.ahora().date() + timedelta(days=200 + dia))
        assert vencida(medida) not in justicia.plazos()
        justicia.pedir(
            pide.LevantarMedidaProteccion(ruta=RUTA, medida=otra.medida, motivo=MotivoLevantamiento.RESOLUCION)
        )
    assert justicia.plazos() == []


@pytest.mark.parametrize("lote", [1, 2])
def test_en_lotes_pequenos_se_avisa_de_todas(justicia, lote):
    justicia.conocer(*(abierta(UUID(int=n)) for n in range(1, 6)))
    for n in range(1, 6):
        justicia.pedir(pide.OtorgarMedidaProteccion(ruta=UUID(int=n), clase=Medida.REUBICACION, vence=VENCE))
    justicia.pasan(days=400)
    assert sorted(h.sujeto for h in justicia.plazos(lote)) == [str(UUID(int=n)) for n in range(1, 6)]


def test_una_medida_sin_fecha_o_con_una_que_no_es_un_plazo_no_avisa(justicia):
    for vence in (None, date.max):
        otorgar(justicia, vence)
    justicia.pasan(days=4000)
    assert justicia.plazos() == []


def test_una_medida_levantada_no_avisa(justicia):
    medida = otorgar(justicia)
    justicia.pedir(
        pide.LevantarMedidaProteccion(ruta=RUTA, medida=medida.medida, motivo=MotivoLevantamiento.RIESGO_CESADO)
    )
    justicia.pasan(days=4000)
    assert justicia.plazos() == []


def test_una_medida_otorgada_por_error_no_avisa(justicia):
    anotado, _ = otorgada(justicia)
    justicia.plazos()
    justicia.pedir(rectificar(anotado))
    justicia.pasan(days=4000)
    assert justicia.plazos() == []


def test_si_se_levanto_por_error_vuelve_a_avisar_aunque_ya_venciera(justicia):
    medida = otorgar(justicia)
    (levantada,) = justicia.pedir(
        pide.LevantarMedidaProteccion(ruta=RUTA, medida=medida.medida, motivo=MotivoLevantamiento.RIESGO_CESADO)
    )
    justicia.pasan(days=4000)
    assert justicia.plazos() == []
    justicia.pedir(rectificar(levantada))
    assert justicia.plazos() == [vencida(medida)]


def test_una_medida_renovada_avisa_de_la_fecha_nueva(justicia):
    vieja = otorgar(justicia)
    assert hasta(justicia, antes_de(VENCE, Asunto.MEDIDA)) == [por_vencer(vieja)]
    nueva = otorgar(justicia, VENCE + timedelta(days=60))
    justicia.pedir(pide.LevantarMedidaProteccion(ruta=RUTA, medida=vieja.medida, motivo=MotivoLevantamiento.SUSTITUIDA))
    assert hasta(justicia, fin_del_dia(VENCE, GT.calendario)) == []
    justicia.pasan(days=4000)
    assert justicia.plazos() == [vencida(nueva)]


def test_una_medida_protege_y_avisa_tambien_con_la_ruta_cerrada(justicia):
    medida = otorgar(justicia)
    justicia.conocer(CERRADA)
    assert hasta(justicia, antes_de(VENCE, Asunto.MEDIDA)) == [por_vencer(medida)]


def test_de_quien_fallecio_no_se_avisa(justicia):
    otorgar(justicia)
    justicia.conocer(FALLECIDA)
    # Tampoco de lo que se registra ya cerrada: un auto anterior que se anota tarde.
    otorgar(justicia)
    justicia.pasan(days=4000)
    assert justicia.plazos() == []
    justicia.conocer(REABIERTA)
    assert [type(h) for h in justicia.plazos()] == [MedidaVencida, MedidaVencida]


def test_con_un_protocolo_que_aun_no_esta_aqui_se_espera_y_lo_demas_sigue(justicia):
    ajena = UUID(int=77)
    justicia.conocer(replace(abierta(ajena), version_protocolo="99.0"))
    justicia.pedir(pide.OtorgarMedidaProteccion(ruta=ajena, clase=Medida.REUBICACION, vence=VENCE))
    medida = otorgar(justicia)
    justicia.pasan(days=4000)
    assert justicia.plazos() == [vencida(medida)]


# Permanencia, seguimiento y riesgo de volver.


def conceder(repatriacion: Banco, vence: date | None, permanencia: r.Permanencia = r.Permanencia.REFLEXION) -> Anotado:
    return repatriacion.pedir(
        pide_r.ConcederPermanencia(ruta=RUTA, permanencia=permanencia, coopera=SiNo.NO, vence=vence)
    )[0]


def seguir(repatriacion: Banco, numero: int, proximo: date | None) -> Sequence[Anotado]:
    return repatriacion.pedir(
        pide_r.RealizarSeguimiento(ruta=RUTA, numero=numero, situacion=r.Situacion.SEGURA, proximo=proximo)
    )


def test_la_permanencia_avisa_antes_y_despues(repatriacion):
    conceder(repatriacion, VENCE)
    reflexion = r.Permanencia.REFLEXION
    assert hasta(repatriacion, antes_de(VENCE, Asunto.PERMANENCIA)) == [
        r.PermanenciaPorVencer(ruta=RUTA, permanencia=reflexion, vence=VENCE)
    ]
    assert hasta(repatriacion, fin_del_dia(VENCE, GT.calendario)) == [
        r.PermanenciaVencida(ruta=RUTA, permanencia=reflexion, vence=VENCE)
    ]


@pytest.mark.parametrize("otra", [None, VENCE + timedelta(days=200)])
def test_otra_permanencia_sustituye_a_la_anterior(repatriacion, otra):
    conceder(repatriacion, VENCE)
    segunda = conceder(repatriacion, otra, r.Permanencia.TEMPORAL)
    assert hasta(repatriacion, fin_del_dia(VENCE, GT.calendario)) == []
    repatriacion.pedir(rectificar(segunda, pide_r.RectificarHecho))
    assert [type(h) for h in repatriacion.plazos()] == [r.PermanenciaVencida]


def test_el_seguimiento_previsto_que_nadie_hizo_se_cuenta(repatriacion):
    conceder(repatriacion, None)
    seguir(repatriacion, 1, VENCE)
    assert hasta(repatriacion, antes_de(VENCE, Asunto.SEGUIMIENTO)) == [
        r.SeguimientoPorVencer(ruta=RUTA, seguimiento=2, vence=VENCE)
    ]
    repatriacion.conocer(CERRADA)
    assert hasta(repatriacion, fin_del_dia(VENCE, GT.calendario)) == [
        r.SeguimientoVencido(ruta=RUTA, seguimiento=2, vence=VENCE)
    ]


def test_el_seguimiento_hecho_a_tiempo_no_avisa_y_el_siguiente_tiene_su_fecha(repatriacion):
    conceder(repatriacion, None)
    seguir(repatriacion, 1, VENCE)
    seguir(repatriacion, 2, VENCE + timedelta(days=90))
    assert hasta(repatriacion, fin_del_dia(VENCE, GT.calendario)) == []
    repatriacion.pasan(days=400)
    assert repatriacion.plazos() == [r.SeguimientoVencido(ruta=RUTA, seguimiento=3, vence=VENCE + timedelta(days=90))]


def riesgo_retorno(repatriacion: Banco, vigente_hasta: date) -> None:
    repatriacion.pedir(
        pide_r.EvaluarRiesgoRetorno(ruta=RUTA, nivel=NivelRiesgo.BAJO, medidas=True, vigente_hasta=vigente_hasta)
    )


def test_el_riesgo_de_volver_vencido_se_cuenta_mientras_el_retorno_se_estudia(repatriacion):
    pedido = pide_r.SolicitarRepatriacion(ruta=RUTA, sentido=r.Sentido.HACIA_SU_PAIS, iniciativa=r.Iniciativa.PERSONA)
    riesgo_retorno(repatriacion, VENCE)
    repatriacion.pasan(days=60)
    assert repatriacion.plazos() == []
    repatriacion.pedir(pedido)
    assert repatriacion.plazos() == [r.RiesgoRetornoVencido(ruta=RUTA, nivel=NivelRiesgo.BAJO, vence=VENCE)]
    riesgo_retorno(repatriacion, VENCE + timedelta(days=90))
    repatriacion.pedir(pide_r.DesistirRepatriacion(ruta=RUTA, motivo=MotivoDesistimiento.DECISION_PERSONA))
    repatriacion.pasan(days=400)
    assert repatriacion.plazos() == []


# Riesgo y metas, mientras la ruta sigue abierta.


def evaluar(atencion: Banco, vigente_hasta: date) -> None:
    atencion.pedir(pide_a.EvaluarRiesgo(ruta=RUTA, nivel=NivelRiesgo.MEDIO, vigente_hasta=vigente_hasta))


def test_la_evaluacion_de_riesgo_vencida_se_cuenta_si_no_hay_otra(atencion):
    evaluar(atencion, VENCE)
    evaluar(atencion, VENCE + timedelta(days=30))
    assert hasta(atencion, fin_del_dia(VENCE, GT.calendario)) == []
    atencion.pasan(days=60)
    assert atencion.plazos() == [at.RiesgoVencido(ruta=RUTA, nivel=NivelRiesgo.MEDIO, vence=VENCE + timedelta(days=30))]


def test_con_la_ruta_cerrada_no_se_cuenta_hasta_que_se_reabre(atencion):
    evaluar(atencion, VENCE)
    atencion.conocer(CERRADA)
    atencion.pasan(days=400)
    assert atencion.plazos() == []
    atencion.conocer(REABIERTA)
    assert [type(h) for h in atencion.plazos()] == [at.RiesgoVencido]


def test_una_meta_pasada_se_cuenta_y_una_conservada_con_otra_fecha_avisa_de_la_nueva(atencion):
    def meta(vence: date, id_meta: UUID | None = None) -> pide_a.MetaPedida:
        return pide_a.MetaPedida(
            meta=id_meta, derecho=Derecho.EDUCACION, servicio=ServicioPedido.EDUCACION, vence=vence
        )

    atencion.pedir(
        pide_a.OtorgarConsentimiento(
            ruta=RUTA, alcances=tuple(at.Alcance), por=QuienConsiente.PERSONA, persona_oida=True, idioma="spa"
        )
    )
    acordado = atencion.pedir(
        pide_a.AcordarPlan(
            ruta=RUTA, metas=(meta(VENCE), meta(VENCE)), por=QuienConsiente.PERSONA, persona_oida=True,
            revisar_el=VENCE,
        )
    )[0].hecho  # fmt: skip
    assert isinstance(acordado, at.PlanAcordado)
    una, otra = acordado.metas

    def pasada(id_meta: UUID, vence: date) -> at.MetaVencida:
        return at.MetaVencida(
            ruta=RUTA, plan=acordado.plan, meta=id_meta, servicio=ServicioPedido.EDUCACION, vence=vence
        )

    nueva = VENCE + timedelta(days=30)
    atencion.pedir(
        pide_a.RevisarPlan(
            ruta=RUTA, plan=acordado.plan, metas=(meta(VENCE, una.meta), meta(nueva, otra.meta)),
            motivo=MotivoRevision.PERIODICA, revisar_el=nueva,
        )
    )  # fmt: skip
    assert hasta(atencion, fin_del_dia(VENCE, GT.calendario)) == [pasada(una.meta, VENCE)]
    atencion.pasan(days=60)
    assert atencion.plazos() == [pasada(otra.meta, nueva)]
    atencion.pedir(pide_a.ConcluirPlan(ruta=RUTA, plan=acordado.plan, resultado=at.ResultadoPlan.CUMPLIDO_EN_PARTE))
    assert atencion.plazos() == []


# La función de todos.


def test_lo_que_ya_consta_no_se_vuelve_a_decir():
    dicho = MedidaVencida(ruta=RUTA, medida=UUID(int=1), clase=Medida.REUBICACION, vence=VENCE)
    fecha = Fecha(vence=VENCE, vencido=dicho)
    ahora = fin_del_dia(VENCE, GT.calendario)
    assert por_avisar([fecha], [], GT, ahora) == ([dicho], None)
    assert por_avisar([fecha], [dicho], GT, ahora) == ([], None)
