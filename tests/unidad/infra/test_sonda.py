"""Entrar en el bus con un usuario: que tarde no es que se le niegue, y que se le niegue no se discute."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from amqp.exceptions import AccessRefused

from infra.mensajeria.transportes.sonda import NoEntra, Sonda


def sonda_con(*respuestas: object) -> tuple[Sonda, list[object]]:
    """Una sonda cuyo broker contesta eso, en orden; y lo que le queda por contestar."""
    quedan = list(respuestas)

    def conectar() -> object:
        respuesta = quedan.pop(0)
        if isinstance(respuesta, Exception):
            raise respuesta
        return respuesta

    sonda = Sonda("amqp://nadie@127.0.0.1:1/")
    sonda._kombu = SimpleNamespace(transport=SimpleNamespace(establish_connection=conectar))
    return sonda, quedan


def test_si_el_broker_tarda_se_vuelve_a_probar():
    sonda, quedan = sonda_con(TimeoutError(), SimpleNamespace(connected=True), "de más")
    sonda.entrar()
    sonda.entrar()
    assert quedan == ["de más"]


@pytest.mark.parametrize(
    ("respuestas", "sin_usar"), [([AccessRefused(), "de más"], 1), ([TimeoutError()] * 3 + ["de más"], 1)]
)
def test_si_lo_niega_o_no_contesta_nunca_se_dice(respuestas: list[object], sin_usar: int):
    sonda, quedan = sonda_con(*respuestas)
    with pytest.raises(NoEntra):
        sonda.entrar()
    assert len(quedan) == sin_usar
