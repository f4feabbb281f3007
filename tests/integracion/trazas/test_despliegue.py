"""Las trazas de un despliegue de verdad: tres servicios en su proceso, RabbitMQ, PostgreSQL y un colector OTLP.

Un despliegue cuesta más que todos los pasos juntos, así que es uno, y cada paso se cuenta aparte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inquilinos import Bus
from tests.integracion.trazas import pasos_del_camino, pasos_del_colector
from tests.integracion.trazas.colector import Colector
from tests.integracion.trazas.sistema import Sistema

# En una máquina con otros trabajos, arrancar siete procesos puede tardar minutos.
pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


@pytest.fixture
def sistema(tmp_path: Path, bus: Bus, url_base: str) -> Iterator[Sistema]:
    colector = Colector().abrir()
    abierto = Sistema(tmp_path, bus, url_base, colector)
    yield abierto
    abierto.cerrar()
    colector.cerrar()


def test_una_traza_de_la_solicitud_al_libro(sistema: Sistema, subtests: pytest.Subtests):
    sistema.arrancar("deteccion", "coordinacion", "auditoria")
    sistema.listos("deteccion", "coordinacion", "auditoria")
    pasos = (*pasos_del_camino.PASOS, *pasos_del_colector.PASOS, pasos_del_camino.nada_de_lo_exportado_dice_de_quien_es)
    for paso in pasos:
        with subtests.test(paso.__name__):
            paso(sistema)
