"""Cuánto se insiste en pedir lo que falta."""

from __future__ import annotations

import pytest
import structlog

from tests.integracion.mensajeria.sistema import Sistema


@pytest.mark.parametrize("dias", [1, 400])
def test_tras_una_parada_larga_no_se_pide_por_cada_cita_perdida(sistema: Sistema, dias: int):
    """Lo descubrió la simulación: miles de peticiones seguidas, y ningún otro paso llegaba a correr."""
    sistema.contar(3)
    sistema.deteccion.relevo.paso()
    sistema.tomar(sistema.entrada, 3)
    sistema.planificador.estaciones = [sistema.deteccion]
    sistema.reposo()  # late: coordinación sabrá que le faltan tres
    sistema.planificador.estaciones = [sistema.coordinacion]
    sistema.reposo()
    sistema.pasan(days=dias)
    for paso in sistema.coordinacion.pasos:
        paso.avisar()
    with structlog.testing.capture_logs() as registro:
        sistema.reposo()
    assert 1 <= [r["event"] for r in registro].count("hueco-pedido") <= 5
    sistema.planificador.estaciones = [sistema.deteccion, sistema.coordinacion]
    sistema.hasta(lambda: len(sistema.efectos()) == 3)


def test_una_persona_pide_lo_que_falta_sin_esperar_a_que_toque(sistema: Sistema):
    huecos = sistema.coordinacion.huecos
    assert huecos.pedir_ya("deteccion") is None
    sistema.contar(5)
    sistema.deteccion.relevo.paso()
    sistema.tomar(sistema.entrada, 2)  # se pierden las dos primeras
    sistema.reposo()
    assert sistema.efectos() == []
    pedido = huecos.pedir_ya("deteccion")
    assert pedido is not None
    assert (pedido.desde, pedido.hasta) == (1, 2)
    # El reloj no se mueve: nadie más lo habría pedido aún.
    sistema.reposo()
    assert len(sistema.efectos()) == 5
    # Y lo que ya se tenía, pedido otra vez, no surte efecto dos veces.
    pedido = huecos.pedir_ya("deteccion", desde=2)
    assert pedido is not None
    assert (pedido.desde, pedido.hasta) == (2, 5)
    sistema.reposo()
    assert len(sistema.efectos()) == 5
