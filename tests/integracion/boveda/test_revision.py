"""Quien rompe el vidrio no se revisa a sí mismo."""

from __future__ import annotations

import pytest

from eventos.seguridad import MotivoAcceso
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.boveda import REVISION
from infra.seguridad.boveda.revision import Conclusion, SinRevisar, revisar, sin_revisar
from tests.integracion.boveda.mundo import ALBERGUE, LUNES, ONG, OTRA_DE_LA_RECTORA, RECTORA, RUTA


def test_lo_revisa_otra_persona_y_una_vez(mundo):
    mundo.depositar()
    entrega = mundo.boveda.abrir_excepcional(RECTORA, RUTA, MotivoAcceso.DESAPARICION)
    assert sin_revisar(mundo.boveda) == [SinRevisar(entrega.asiento, RUTA, RECTORA, "desaparicion", LUNES + REVISION)]
    with pytest.raises(no.RevisionPropia):
        revisar(mundo.boveda, RECTORA, entrega.asiento, Conclusion.JUSTIFICADO)
    for quien in (ONG, ALBERGUE):
        with pytest.raises(no.QuienNoRevisa):
            revisar(mundo.boveda, quien, entrega.asiento, Conclusion.JUSTIFICADO)
    with pytest.raises(no.NadaQueRevisar):
        revisar(mundo.boveda, OTRA_DE_LA_RECTORA, 1, Conclusion.JUSTIFICADO)
    revisar(mundo.boveda, OTRA_DE_LA_RECTORA, entrega.asiento, Conclusion.INJUSTIFICADO)
    assert sin_revisar(mundo.boveda) == []
    with pytest.raises(no.NadaQueRevisar):
        revisar(mundo.boveda, OTRA_DE_LA_RECTORA, entrega.asiento, Conclusion.JUSTIFICADO)
    ultimo = mundo.boveda.accesos()[-1].acto
    assert (ultimo.acto, ultimo.detalle) == ("revisar", f"{entrega.asiento}:injustificado")
