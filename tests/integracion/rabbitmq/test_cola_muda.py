"""Una cola de quórum que está y no confirma: así queda la que se declaraba cuando el broker murió, o la que perdió su
mayoría. Lo suyo espera; lo de los demás sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import methodcaller
from uuid import uuid4

import pytest

from infra.mensajeria.topologia import Atadura, Cola, Intercambio, Reparto, Topologia
from infra.mensajeria.transportes import publicador
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.base import Mensaje, TransporteCaido
from tests.integracion.transportes.conftest import reunir
from tests.nodo_rabbit import NodoRabbit
from tests.servidores_propios import ejecutar

pytestmark = pytest.mark.real


@dataclass
class Par:
    """Dos colas: una que va y otra cuyo proceso en el broker no contesta."""

    transporte: TransporteAmqp
    sana: str
    muda: str

    def a(self, cola: str, numero: int) -> Mensaje:
        return Mensaje("", cola, "acuse", b"{}", f"{cola}-{numero}")


@pytest.fixture
def par(nodo_rabbit: NodoRabbit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Par]:
    monkeypatch.setattr(publicador, "GRACIA", 1.0)
    transporte = TransporteAmqp(nodo_rabbit.servidor.url, paciencia=3.0)
    suyo = Par(transporte, f"sana-{uuid4().hex[:8]}", f"muda-{uuid4().hex[:8]}")
    for nombre in (suyo.sana, suyo.muda):
        transporte.asegurar_cola(Cola(nombre))

    def en_el_broker(que: str) -> None:
        orden = f"sys:{que}('%2F_{suyo.muda}')."
        ejecutar([*nodo_rabbit.servidor.rabbitmqctl, "eval", orden], nodo_rabbit.servidor.entorno)

    # Con el canal ya al habla con ella, que si no se para a buscarla. Suspendida y no parada: parada, el broker lo sabe
    # y niega enseguida en vez de callar.
    assert transporte.publicar([suyo.a(suyo.muda, 0)]) == [True]
    en_el_broker("suspend")
    yield suyo
    en_el_broker("resume")
    for nombre in (suyo.sana, suyo.muda):
        transporte._en_canal(methodcaller("queue_delete", nombre))
    transporte.cerrar()


def test_lo_de_las_demas_consta_confirmado(par: Par):
    lote = [par.a(par.sana, 1), par.a(par.muda, 2), par.a(par.sana, 3)]
    assert par.transporte.publicar(lote) == [True, False, True]
    assert par.transporte.publicar([par.a(par.sana, 4)]) == [True]
    assert len(reunir(par.transporte, par.sana, 3)) == 3


def test_si_no_confirma_nadie_es_el_broker(par: Par):
    with pytest.raises(TransporteCaido):
        par.transporte.publicar([par.a(par.muda, 1)])
    assert par.transporte.publicar([par.a(par.sana, 2)]) == [True]


def test_de_otro_intercambio_se_espera_toda_la_paciencia(par: Par, monkeypatch: pytest.MonkeyPatch):
    """Un acuse se confirma en milisegundos: no dice nada de la cola lenta que sigue los hechos, que ya responderá."""
    monkeypatch.setattr(publicador, "GRACIA", 0.0)
    intercambio = Intercambio(f"hechos-{uuid4().hex[:8]}", Reparto.TODOS)
    topologia = Topologia((intercambio,), (Cola(f"lenta-{uuid4().hex[:8]}", (Atadura(intercambio.nombre),)),))
    par.transporte.preparar(topologia)
    lote = [par.a(par.sana, 1), Mensaje(intercambio.nombre, "", "hecho", b"{}", "h1")]
    assert par.transporte.publicar(lote) == [True, True]
    par.transporte._en_canal(methodcaller("queue_delete", topologia.colas[0].nombre))
    par.transporte._en_canal(methodcaller("exchange_delete", intercambio.nombre))
