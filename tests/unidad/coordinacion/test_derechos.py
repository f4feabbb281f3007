"""Reglas 3 y 9: el estado de cada derecho sale de las evidencias, lleguen en el orden que lleguen."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from eventos.atencion import (
    AlojamientoAsignado,
    AlojamientoFinalizado,
    ClaseAlojamiento,
    RiesgoEvaluado,
    ServicioPrestado,
)
from eventos.coordinacion import DerechoEnRestitucion, DerechoNoAplicable, DerechoRestituido, DerechoVulneradoDeNuevo
from eventos.deteccion import RiesgoInmediatoSenalado
from eventos.listas import Derecho, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoFinAlojamiento, MotivoNoAplicable
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.coordinacion.dominio.derechos import Estado, EstadoDerecho, aplicables, deducir, revisar
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Perfil
from tests.unidad.coordinacion.muestras import ADULTA, GT, NINA, abierta, prueba
from tests.unidad.historia import INICIO, RUTA, anotado, historia, id_de

REGLAS = {regla.derecho: regla for regla in GT.derechos}
ESTANCIA = UUID("5b0e6c1e-2f43-4d7a-9c55-6f7a1d2e3b41")


def servicio(n: int, que=ServicioPedido.SALUD, resultado=ResultadoAtencion.COMPLETA, **cambios):
    return prueba(anotado(ServicioPrestado(ruta=RUTA, servicio=que, resultado=resultado), n), **cambios)


def riesgo(n: int, nivel: NivelRiesgo):
    return prueba(anotado(RiesgoEvaluado(ruta=RUTA, nivel=nivel, vigente_hasta=date(2026, 6, 1)), n))


def peligro(n: int):
    return prueba(anotado(RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA), n))


def test_la_condicion_migratoria_solo_se_exige_a_quien_puede_ser_extranjera():
    for extranjera, exigida in ((SiNo.SI, True), (SiNo.NO_CONSTA, True), (SiNo.NO, False)):
        exigidos = aplicables(GT.derechos, Perfil(nna=False, extranjera=extranjera))
        assert (Derecho.CONDICION_MIGRATORIA in exigidos) is exigida
        assert (Derecho.RETORNO in exigidos) is exigida


def test_la_educacion_se_exige_a_ninez_y_los_medios_de_vida_a_adultas():
    assert Derecho.EDUCACION in aplicables(GT.derechos, NINA)
    assert Derecho.TRABAJO not in aplicables(GT.derechos, NINA)
    assert Derecho.EDUCACION not in aplicables(GT.derechos, ADULTA)
    assert Derecho.TRABAJO in aplicables(GT.derechos, ADULTA)


def test_un_servicio_parcial_pone_en_restitucion_y_uno_completo_restituye():
    regla = REGLAS[Derecho.SALUD_FISICA]
    parcial = servicio(1, resultado=ResultadoAtencion.PARCIAL)
    assert deducir(regla, [parcial]).estado is Estado.EN_RESTITUCION
    completo = deducir(regla, [parcial, servicio(2)])
    assert (completo.estado, completo.evidencias) == (Estado.RESTITUIDO, (id_de(1), id_de(2)))


@pytest.mark.parametrize("resultado", [ResultadoAtencion.NO_LOCALIZADA, ResultadoAtencion.DECLINADA])
def test_un_servicio_que_no_se_dio_no_restituye_nada(resultado):
    assert deducir(REGLAS[Derecho.SALUD_FISICA], [servicio(1, resultado=resultado)]).estado is Estado.PENDIENTE


def test_una_evidencia_sin_mandato_o_rectificada_no_cuenta():
    regla = REGLAS[Derecho.SALUD_FISICA]
    assert deducir(regla, [servicio(1, con_mandato=False)]).estado is Estado.PENDIENTE
    assert deducir(regla, [servicio(1, contradicha_por=id_de(7))]).estado is Estado.PENDIENTE


def test_un_peligro_vulnera_lo_restituido_y_antes_de_restituir_no_dice_nada():
    regla = REGLAS[Derecho.INTEGRIDAD]
    bajo = riesgo(1, NivelRiesgo.BAJO)
    assert deducir(regla, [bajo, peligro(2)]).estado is Estado.VULNERADO
    assert deducir(regla, [peligro(2)]).estado is Estado.PENDIENTE
    assert deducir(regla, [bajo, peligro(2), riesgo(3, NivelRiesgo.BAJO)]).estado is Estado.RESTITUIDO


def test_el_orden_de_llegada_no_cambia_lo_deducido():
    evidencias = [riesgo(1, NivelRiesgo.MEDIO), riesgo(2, NivelRiesgo.BAJO), peligro(3), riesgo(4, NivelRiesgo.MEDIO)]
    vistos = {deducir(REGLAS[Derecho.INTEGRIDAD], orden) for orden in permutations(evidencias)}
    assert len(vistos) == 1


def test_cuenta_cuando_ocurrio_y_no_cuando_se_registro():
    alojada = AlojamientoAsignado(
        ruta=RUTA, alojamiento=ESTANCIA, albergue="GT-ALB", clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=False
    )
    se_fue = AlojamientoFinalizado(ruta=RUTA, alojamiento=ESTANCIA, motivo=MotivoFinAlojamiento.SALIDA_SIN_AVISO)
    tarde = prueba(anotado(alojada, 2), ocurrido=INICIO - timedelta(days=1))
    assert deducir(REGLAS[Derecho.ALOJAMIENTO], [prueba(anotado(se_fue, 1)), tarde]).estado is Estado.VULNERADO


def test_revisar_cuenta_solo_lo_que_cambia():
    evidencias = [servicio(1)]
    hechos = revisar(RUTA, {}, GT.derechos, evidencias)
    assert hechos == [DerechoRestituido(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencias=(id_de(1),))]
    actuales = {Derecho.SALUD_FISICA: EstadoDerecho(Estado.RESTITUIDO, (id_de(1),))}
    assert revisar(RUTA, actuales, GT.derechos, evidencias) == []


def test_rectificar_la_prueba_deshace_la_restitucion():
    actuales = {Derecho.SALUD_FISICA: EstadoDerecho(Estado.RESTITUIDO, (id_de(1),))}
    hechos = revisar(RUTA, actuales, GT.derechos, [servicio(1, contradicha_por=id_de(9))])
    assert hechos == [DerechoVulneradoDeNuevo(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencia=id_de(9))]


def test_si_queda_otra_prueba_se_citan_las_que_siguen_en_pie():
    actuales = {Derecho.SALUD_FISICA: EstadoDerecho(Estado.RESTITUIDO, (id_de(1), id_de(2)))}
    hechos = revisar(RUTA, actuales, GT.derechos, [servicio(1, contradicha_por=id_de(9)), servicio(2)])
    assert hechos == [DerechoRestituido(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencias=(id_de(2),))]


def test_si_cae_lo_que_restituia_pero_queda_algo_sigue_en_restitucion():
    parcial = servicio(1, resultado=ResultadoAtencion.PARCIAL)
    actuales = {Derecho.SALUD_FISICA: EstadoDerecho(Estado.RESTITUIDO, (id_de(1), id_de(2)))}
    hechos = revisar(RUTA, actuales, GT.derechos, [parcial, servicio(2, contradicha_por=id_de(9))])
    assert hechos == [
        DerechoVulneradoDeNuevo(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencia=id_de(9)),
        DerechoEnRestitucion(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencia=id_de(1)),
    ]


def test_lo_no_aplicable_no_se_revisa():
    ruta = historia(
        Ruta,
        abierta(),
        DerechoNoAplicable(ruta=RUTA, derecho=Derecho.SALUD_FISICA, motivo=MotivoNoAplicable.NO_AFECTADO),
    )
    assert revisar(RUTA, ruta.derechos, GT.derechos, [servicio(3)]) == []
