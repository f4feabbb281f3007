"""Regla 10: los plazos corren desde que coordinación lo registró, no desde cuándo se dice que ocurrió."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contratos.protocolos import vigente
from eventos.coordinacion import DerivacionEmitida, RutaAbierta
from eventos.tipos import NivelRiesgo, SiNo
from servicios.coordinacion.contexto import CONTEXTO
from servicios.coordinacion.dominio import plazo
from tests.unidad.banco import Banco
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import INICIO, anotado
from tests.unidad.reglas.lectura import hechos_de


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    desfase=st.integers(-60 * 24 * 30, 60 * 24 * 30),
    espera=st.integers(0, 60 * 24 * 10),
    riesgo=st.sampled_from(NivelRiesgo),
    nna=st.sampled_from(SiNo),
)
def test_los_plazos_corren_desde_que_se_registro(desfase: int, espera: int, riesgo: NivelRiesgo, nna: SiNo) -> None:
    """``desfase``: minutos entre que ocurrió y se contó; ``espera``: cuánto tardó en llegar a coordinación."""
    with tempfile.TemporaryDirectory(prefix="senda-regla10-") as carpeta:
        banco = Banco(CONTEXTO, Path(carpeta))
        banco.pasan(minutes=espera)
        ahora = banco.reloj.ahora()
        hecho = anotado(deteccion(riesgo=riesgo, nna=nna), 1, ocurrido=INICIO + timedelta(minutes=desfase))
        with banco.almacen.tanda() as tanda:
            CONTEXTO.conocer(tanda, hecho)
        hechos = hechos_de(banco.almacen.registrador)
        banco.cerrar()
    protocolo = vigente("gt")
    (apertura,) = [h for h in hechos if isinstance(h, RutaAbierta)]
    assert apertura.nna == (protocolo.edad_desconocida.nna if nna is SiNo.NO_CONSTA else nna is SiNo.SI)
    assert apertura.edad_supuesta == (nna is SiNo.NO_CONSTA)
    emitidas = [h for h in hechos if isinstance(h, DerivacionEmitida)]
    assert emitidas
    for emitida in emitidas:
        plazos = protocolo.por_urgencia[emitida.urgencia]
        assert emitida.vence_acuse == plazo.vence(plazos.acuse, ahora, protocolo.calendario)
        assert emitida.vence_atencion == plazo.vence(plazos.atencion, ahora, protocolo.calendario)
        assert emitida.plazo_legal == plazos.legal
