"""Quién consiente, para qué, y qué corta una revocación."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos.atencion import Alcance
from eventos.listas import QuienConsiente, ResultadoAtencion, ServicioPedido
from servicios.atencion.dominio import consentimiento as c
from servicios.atencion.dominio.servicios import prestar_servicio
from tests.unidad.atencion.relatos import (
    CONSIENTE,
    ESTANCIA,
    EXAMINA,
    HOY,
    OTRO_CONSENTIMIENTO,
    acordado,
    estancia,
    historia,
    otorgado,
    prestado,
    revocado,
)
from tests.unidad.historia import INICIO, anotado

DESPUES = INICIO + timedelta(days=1)
ADULTAS = {QuienConsiente.PERSONA, QuienConsiente.APOYO_DESIGNADO}
DE_NNA = {QuienConsiente.REPRESENTANTE_LEGAL, QuienConsiente.AUTORIDAD_NINEZ}


def exigir(atencion, servicio=ServicioPedido.SALUD_MENTAL, institucion=EXAMINA, instante=DESPUES):
    c.exigir_consentimiento(atencion, servicio, institucion=institucion, instante=instante)


@pytest.mark.parametrize("por", QuienConsiente)
def test_por_una_nna_consiente_su_representacion(por):
    if por in DE_NNA:
        c.otorgar(otorgado(Alcance.ATENCION, por=por), nna=True, dia=HOY)
    else:
        with pytest.raises(c.FaltaRepresentacion):
            c.otorgar(otorgado(Alcance.ATENCION, por=por), nna=True, dia=HOY)


@pytest.mark.parametrize("por", QuienConsiente)
def test_nadie_consiente_en_lugar_de_una_adulta(por):
    if por in ADULTAS:
        c.otorgar(otorgado(Alcance.ATENCION, por=por), nna=False, dia=HOY)
    else:
        with pytest.raises(c.ConsentimientoAjeno):
            c.otorgar(otorgado(Alcance.ATENCION, por=por), nna=False, dia=HOY)


@pytest.mark.parametrize(
    ("por", "nna"), [(QuienConsiente.REPRESENTANTE_LEGAL, True), (QuienConsiente.APOYO_DESIGNADO, False)]
)
def test_si_decide_otro_se_la_oye(por, nna):
    with pytest.raises(c.FaltaOirla):
        c.otorgar(otorgado(Alcance.ATENCION, por=por, oida=False), nna=nna, dia=HOY)


def test_a_quien_decide_por_si_no_hace_falta_oirla_aparte():
    c.otorgar(otorgado(Alcance.ATENCION, oida=False), nna=False, dia=HOY)


def test_se_consiente_para_algo_en_un_idioma_y_no_en_el_pasado():
    with pytest.raises(c.SinAlcance):
        c.otorgar(otorgado(), nna=False, dia=HOY)
    with pytest.raises(c.IdiomaSinConstar):
        c.otorgar(otorgado(Alcance.ATENCION, idioma="und"), nna=False, dia=HOY)
    with pytest.raises(c.FechaPasada):
        c.otorgar(otorgado(Alcance.ATENCION, vence=HOY - timedelta(days=1)), nna=False, dia=HOY)


def test_sin_consentimiento_no_hay_servicio_que_no_sea_urgente():
    with pytest.raises(c.SinConsentimiento):
        exigir(historia())
    exigir(historia(CONSIENTE))


@pytest.mark.parametrize("servicio", sorted(c.SIN_CONSENTIMIENTO))
def test_proteger_alimentar_e_informar_no_esperan_consentimiento(servicio):
    exigir(historia(), servicio)


@pytest.mark.parametrize(
    ("servicio", "alcance"),
    [
        (ServicioPedido.ASISTENCIA_CONSULAR, Alcance.CONTACTO_CONSULAR),
        (ServicioPedido.LOCALIZACION_FAMILIAR, Alcance.CONTACTO_FAMILIAR),
    ],
)
def test_contactar_a_otros_pide_su_propio_alcance(servicio, alcance):
    with pytest.raises(c.SinConsentimiento):
        exigir(historia(CONSIENTE), servicio)
    exigir(historia(otorgado(alcance)), servicio)


def test_el_examen_medico_basta_para_salud_y_para_nada_mas():
    examen = historia(otorgado(Alcance.EXAMEN_MEDICO))
    exigir(examen, ServicioPedido.SALUD)
    with pytest.raises(c.SinConsentimiento):
        exigir(examen, ServicioPedido.EDUCACION)


def test_solo_alcanza_a_sus_destinatarias():
    solo_ella = historia(otorgado(Alcance.ATENCION, destinatarias=(EXAMINA,)))
    exigir(solo_ella)
    with pytest.raises(c.SinConsentimiento):
        exigir(solo_ella, institucion="GT-OTRA")


def test_vale_hasta_el_ultimo_dia():
    hasta_hoy = historia(otorgado(Alcance.ATENCION, vence=HOY))
    exigir(hasta_hoy, instante=INICIO + timedelta(hours=1))
    with pytest.raises(c.SinConsentimiento):
        exigir(hasta_hoy, instante=DESPUES)


def test_no_vale_para_lo_de_antes_de_darlo():
    with pytest.raises(c.SinConsentimiento):
        exigir(historia(CONSIENTE), instante=INICIO - timedelta(seconds=1))


def test_revocar_corta_desde_entonces():
    atencion = historia(CONSIENTE, anotado(revocado(), 2, ocurrido=DESPUES))
    with pytest.raises(c.SinConsentimiento):
        exigir(atencion, instante=DESPUES)
    exigir(atencion, instante=DESPUES - timedelta(seconds=1))


def test_revocar_corta_solo_lo_que_se_apoyaba_en_el():
    atencion = historia(
        CONSIENTE, otorgado(Alcance.CONTACTO_CONSULAR, id_=OTRO_CONSENTIMIENTO), estancia(), acordado(), revocado()
    )
    with pytest.raises(c.SinConsentimiento):
        exigir(atencion)
    exigir(atencion, ServicioPedido.ASISTENCIA_CONSULAR)
    exigir(atencion, ServicioPedido.SEGURIDAD)
    assert atencion.estancia is not None
    assert atencion.estancia.alojamiento == ESTANCIA
    assert ServicioPedido.ALOJAMIENTO in atencion.recibidos


def test_lo_que_la_persona_declina_no_necesita_su_consentimiento():
    declinado = prestado(ServicioPedido.SALUD_MENTAL, ResultadoAtencion.DECLINADA)
    prestar_servicio(historia(), declinado, derivada=True, institucion=EXAMINA, instante=INICIO)


@pytest.mark.parametrize(
    "hechos", [(), (CONSIENTE, revocado()), (otorgado(Alcance.ATENCION, id_=OTRO_CONSENTIMIENTO),)]
)
def test_se_revoca_lo_que_esta_vivo(hechos):
    with pytest.raises(c.ConsentimientoDesconocido):
        c.revocar(historia(*hechos), revocado(), nna=False)


@pytest.mark.parametrize("por", QuienConsiente)
def test_a_una_adulta_no_le_revocan_otros_y_una_nna_puede_por_si(por):
    atencion = historia(CONSIENTE)
    c.revocar(atencion, revocado(por=por), nna=True)
    if por in ADULTAS:
        c.revocar(atencion, revocado(por=por), nna=False)
    else:
        with pytest.raises(c.ConsentimientoAjeno):
            c.revocar(atencion, revocado(por=por), nna=False)
