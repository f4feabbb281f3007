"""Regla 5 y regla 9: quién responde de un encargo, con qué prueba, y qué pasa si calla."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos.coordinacion import (
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEscalada,
    DerivacionReasignada,
    DerivacionRecibida,
    DerivacionRetirada,
    DerivacionVencida,
    Etapa,
)
from eventos.deteccion import InformacionEntregada, Tema
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoRechazo, MotivoRetiro
from servicios.coordinacion.dominio import derivacion, rechazos
from servicios.coordinacion.dominio.derivacion import Derivacion, Estado
from servicios.coordinacion.dominio.ruta import Ruta
from tests.unidad.coordinacion.muestras import ENCARGO, OTRO_ENCARGO, abierta, emitida, prueba
from tests.unidad.historia import INICIO, RUTA, anotado, historia, id_de

SALUD = "GT-MSPAS"
RECTORA = "GT-SVET"
RECIBIDA = DerivacionRecibida(ruta=RUTA, derivacion=ENCARGO)
ACEPTADA = DerivacionAceptada(ruta=RUTA, derivacion=ENCARGO)
EVIDENCIA = prueba(anotado(InformacionEntregada(ruta=RUTA, idioma="spa", comprendida=True, temas=(Tema.DERECHOS,)), 9))


def encargo(*hechos, **cambios) -> Derivacion:
    return historia(Ruta, abierta(), emitida(**cambios), *hechos).encargo(ENCARGO)


def atendida() -> DerivacionAtendida:
    return DerivacionAtendida(
        ruta=RUTA, derivacion=ENCARGO, resultado=ResultadoAtencion.COMPLETA, evidencias=(id_de(9),)
    )


def test_acusa_un_agente_de_la_institucion_encargada():
    assert derivacion.recibir(encargo(), SALUD) == RECIBIDA


def test_nadie_acusa_por_otra():
    with pytest.raises(rechazos.NoEsLaDestinataria):
        derivacion.recibir(encargo(), RECTORA)


def test_no_se_acusa_dos_veces():
    with pytest.raises(rechazos.DerivacionYaRecibida):
        derivacion.recibir(encargo(RECIBIDA), SALUD)


def test_quien_acepta_sin_acusar_acusa_al_aceptar():
    assert derivacion.aceptar(encargo(), SALUD) == [RECIBIDA, ACEPTADA]
    assert derivacion.aceptar(encargo(RECIBIDA), SALUD) == [ACEPTADA]


def test_no_se_acepta_dos_veces_ni_se_rechaza_lo_aceptado():
    with pytest.raises(rechazos.DerivacionYaAceptada):
        derivacion.aceptar(encargo(RECIBIDA, ACEPTADA), SALUD)
    with pytest.raises(rechazos.DerivacionYaAceptada):
        derivacion.rechazar(encargo(RECIBIDA, ACEPTADA), SALUD, MotivoRechazo.SIN_CUPO)


def test_no_se_atiende_lo_que_no_se_acepto():
    with pytest.raises(rechazos.DerivacionSinAceptar):
        derivacion.atender(encargo(RECIBIDA), SALUD, ResultadoAtencion.COMPLETA, [EVIDENCIA])


def test_solo_quien_lo_tiene_lo_da_por_atendido():
    with pytest.raises(rechazos.NoEsLaDestinataria):
        derivacion.atender(encargo(RECIBIDA, ACEPTADA), RECTORA, ResultadoAtencion.COMPLETA, [EVIDENCIA])


@pytest.mark.parametrize("resultado", [ResultadoAtencion.COMPLETA, ResultadoAtencion.PARCIAL])
def test_sin_evidencia_no_hay_atencion(resultado):
    with pytest.raises(rechazos.FaltaEvidencia):
        derivacion.atender(encargo(RECIBIDA, ACEPTADA), SALUD, resultado, [])


def test_si_no_se_la_localizo_no_hay_nada_que_probar():
    hecho = derivacion.atender(encargo(RECIBIDA, ACEPTADA), SALUD, ResultadoAtencion.NO_LOCALIZADA, [])
    assert hecho.evidencias == ()


def test_una_evidencia_sin_mandato_o_rectificada_no_prueba():
    en_mano = encargo(RECIBIDA, ACEPTADA)
    with pytest.raises(rechazos.EvidenciaSinMandato):
        derivacion.atender(
            en_mano, SALUD, ResultadoAtencion.COMPLETA, [prueba(anotado(RECIBIDA, 9), con_mandato=False)]
        )
    with pytest.raises(rechazos.EvidenciaContradicha):
        derivacion.atender(
            en_mano, SALUD, ResultadoAtencion.COMPLETA, [prueba(anotado(RECIBIDA, 9), contradicha_por=id_de(99))]
        )


def test_lo_atendido_ya_no_admite_nada():
    hecho = encargo(RECIBIDA, ACEPTADA, atendida())
    for intento in (
        lambda: derivacion.recibir(hecho, SALUD),
        lambda: derivacion.aceptar(hecho, SALUD),
        lambda: derivacion.rechazar(hecho, SALUD, MotivoRechazo.SIN_CUPO),
        lambda: derivacion.atender(hecho, SALUD, ResultadoAtencion.COMPLETA, [EVIDENCIA]),
        lambda: derivacion.retirar(hecho, RECTORA, RECTORA, MotivoRetiro.NECESIDAD_CUBIERTA, nna=False),
        lambda: derivacion.exigir_reasignable(hecho, RECTORA, RECTORA, "GT-IV"),
    ):
        with pytest.raises(rechazos.DerivacionTerminada):
            intento()


def test_retira_quien_la_emitio_o_la_rectora():
    suya = encargo(de="GT-PGN")
    for quien in ("GT-PGN", RECTORA):
        hecho = derivacion.retirar(suya, quien, RECTORA, MotivoRetiro.NECESIDAD_CUBIERTA, nna=False)
        assert hecho.derivacion == ENCARGO
    with pytest.raises(rechazos.NoEsSuya):
        derivacion.retirar(suya, SALUD, RECTORA, MotivoRetiro.NECESIDAD_CUBIERTA, nna=False)


def test_la_de_ninez_no_se_retira_mientras_sea_nna():
    de_ninez = encargo(a="GT-PGN", servicio=ServicioPedido.PROTECCION_NNA)
    with pytest.raises(rechazos.ObligatoriaDeNinez):
        derivacion.retirar(de_ninez, RECTORA, RECTORA, MotivoRetiro.DECISION_PERSONA, nna=True)
    hecho = derivacion.retirar(de_ninez, RECTORA, RECTORA, MotivoRetiro.EMITIDA_POR_ERROR, nna=False)
    assert hecho.motivo is MotivoRetiro.EMITIDA_POR_ERROR


def test_el_silencio_vence_y_escala_una_sola_vez_por_etapa():
    pasado = INICIO + timedelta(hours=2)
    hechos = derivacion.vencer(encargo(), Etapa.ACUSE, pasado, RECTORA)
    assert hechos == [
        DerivacionVencida(ruta=RUTA, derivacion=ENCARGO, etapa=Etapa.ACUSE, plazo_legal=False),
        DerivacionEscalada(ruta=RUTA, derivacion=ENCARGO, a=RECTORA),
    ]
    assert derivacion.vencer(encargo(*hechos), Etapa.ACUSE, pasado + timedelta(days=9), RECTORA) == []


def test_un_plazo_legal_acusa_por_no_atender_y_no_por_no_acusar():
    legal = encargo(plazo_legal=True)
    pasado = INICIO + timedelta(days=2)
    por_etapa = {etapa: derivacion.vencer(legal, etapa, pasado, RECTORA)[0] for etapa in Etapa}
    dicho = {e: h.plazo_legal for e, h in por_etapa.items() if isinstance(h, DerivacionVencida)}
    assert dicho == {Etapa.ACUSE: False, Etapa.ATENCION: True}


def test_no_vence_antes_de_tiempo_ni_lo_ya_acusado_ni_lo_retirado():
    pasado = INICIO + timedelta(hours=3)
    retirada = DerivacionRetirada(ruta=RUTA, derivacion=ENCARGO, motivo=MotivoRetiro.NECESIDAD_CUBIERTA)
    assert derivacion.vencer(encargo(), Etapa.ACUSE, INICIO + timedelta(hours=1), RECTORA) == []
    assert derivacion.vencer(encargo(RECIBIDA), Etapa.ACUSE, pasado, RECTORA) == []
    assert derivacion.vencer(encargo(retirada), Etapa.ACUSE, pasado, RECTORA) == []
    assert derivacion.vencer(encargo(vence_acuse=None), Etapa.ACUSE, pasado, RECTORA) == []


def test_aceptar_no_para_el_plazo_de_atencion():
    aceptada = encargo(RECIBIDA, ACEPTADA)
    assert derivacion.vencer(aceptada, Etapa.ATENCION, INICIO + timedelta(days=2), RECTORA)


def test_lo_vencido_todavia_se_puede_responder():
    vencida = DerivacionVencida(ruta=RUTA, derivacion=ENCARGO, etapa=Etapa.ACUSE, plazo_legal=False)
    assert derivacion.recibir(encargo(vencida), SALUD) == RECIBIDA


def test_la_reasignada_recuerda_por_quien_paso():
    ruta = historia(
        Ruta,
        abierta(),
        emitida(),
        DerivacionReasignada(ruta=RUTA, derivacion=ENCARGO, nueva=OTRO_ENCARGO, a="GT-IV"),
        emitida(derivacion=OTRO_ENCARGO, a="GT-IV"),
    )
    assert ruta.encargo(ENCARGO).estado is Estado.REASIGNADA
    assert ruta.encargo(OTRO_ENCARGO).ya_pasaron == (SALUD, "GT-IV")


def test_no_se_reasigna_a_quien_ya_la_tiene_ni_lo_pide_una_extrana():
    with pytest.raises(rechazos.DerivacionRepetida):
        derivacion.exigir_reasignable(encargo(), RECTORA, RECTORA, SALUD)
    with pytest.raises(rechazos.NoEsSuya):
        derivacion.exigir_reasignable(encargo(), "GT-MP", RECTORA, "GT-IV")
