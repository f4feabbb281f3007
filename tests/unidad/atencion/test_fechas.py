"""Las fechas sin hora son las del país: ni el consentimiento acaba ni una fecha pasa antes de su medianoche."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contratos.solicitudes.atencion import EvaluarRiesgo, OtorgarConsentimiento, PrestarServicio
from eventos.atencion import Alcance
from eventos.listas import QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.tipos import NivelRiesgo
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.dominio.consentimiento import FechaPasada, SinConsentimiento
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import banco
from tests.unidad.historia import RUTA

#: El último segundo del día 1 en Guatemala: en UTC hace seis horas que es día 2.
ULTIMO = datetime(2026, 6, 2, 5, 59, 59, tzinfo=UTC)
DIA = date(2026, 6, 1)
CONSIENTE = OtorgarConsentimiento(
    ruta=RUTA, alcances=(Alcance.ATENCION,), por=QuienConsiente.PERSONA, persona_oida=True, idioma="spa", vence=DIA
)
ATENDIDA = PrestarServicio(
    ruta=RUTA, servicio_prestado=ServicioPedido.SALUD_MENTAL, resultado=ResultadoAtencion.COMPLETA
)
SEGUNDO = timedelta(seconds=1)


def test_lo_que_vence_un_dia_vale_hasta_que_ese_dia_acaba_en_el_pais(tmp_path):
    with banco(CONTEXTO, tmp_path) as atencion:
        atencion.conocer(abierta())
        atencion.pedir(CONSIENTE, ocurrido=ULTIMO)
        assert atencion.pedir(ATENDIDA, ocurrido=ULTIMO)
        with pytest.raises(SinConsentimiento):
            atencion.pedir(ATENDIDA, ocurrido=ULTIMO + SEGUNDO)


@pytest.mark.parametrize("peticion", [CONSIENTE, EvaluarRiesgo(ruta=RUTA, nivel=NivelRiesgo.BAJO, vigente_hasta=DIA)])
def test_una_fecha_no_ha_pasado_mientras_sea_ese_dia_en_el_pais(tmp_path, peticion):
    with banco(CONTEXTO, tmp_path) as atencion:
        atencion.conocer(abierta())
        assert atencion.pedir(peticion, ocurrido=ULTIMO)
        with pytest.raises(FechaPasada):
            atencion.pedir(peticion, ocurrido=ULTIMO + SEGUNDO)
