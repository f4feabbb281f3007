"""El banco de averías en breve: cada avería al menos una vez. La corrida larga es `make fallos SEMILLAS=500`.

Una semilla que falla se repite con `python -m tests.fallos --semilla N -v`.
"""

from __future__ import annotations

import shutil

import pytest

from tests.fallos.averias import CATALOGO, programa
from tests.fallos.corrida import Banco, Semilla
from tests.fallos.servidores import SIN_DISCO
from tests.fallos.tanda import carpeta_nueva
from tests.servidores_propios import binario_postgres, binario_rabbitmq

#: Descubrieron un defecto cuando se escribieron; cada una dice cuál y qué averías hacen falta. El entrelazado no se
#: repite, así que cada defecto tiene además su prueba dirigida, que sí falla siempre sin el arreglo.
DESCUBRIERON: dict[int, tuple[tuple[str, ...], str]] = {
    13: (("red-cortada",), "un servicio que arrancaba con la base caída moría (test_servicios.py)"),
    15: (("reloj-adelanta", "red-lenta"), "lo citado con la hora adelantada no salía nunca (test_reloj_atras.py)"),
    100: (
        ("bus-muere", "respuesta-cortada"),
        "una cola que no confirma retenía los acuses de todos (test_cola_muda.py)",
    ),
    17: (
        ("origen-restaurado", "reloj-adelanta"),
        "quien repetía lo recuperado y ya estaba suspendida recibía que no (test_recuperar.py)",
    ),
}
#: Las demás averías, juntas de modo que quepan en poco.
_JUNTAS = (
    ("zombi", "cola-purgada", "conexiones-del-bus", "reloj-atrasa"),
    ("mueren-todos", "bus-reinicia", "base-reinicia", "conexiones-de-la-base"),
    ("servicio-muere", "colas-borradas", "bus-sin-sitio", "disco-lleno"),
)

pytestmark = pytest.mark.skipif(
    not (binario_rabbitmq("rabbitmq-server") and binario_postgres("initdb")),
    reason="sin los binarios de RabbitMQ y PostgreSQL no hay servidores propios que romper: las averías, SIN PROBAR",
)


def test_entre_las_breves_estan_todas():
    breves = [*_JUNTAS, *(averias for averias, _ in DESCUBRIERON.values())]
    assert {averia for averias in breves for averia in averias} == set(CATALOGO)


def test_el_programa_es_de_la_semilla_y_recorre_el_catalogo():
    posibles = list(CATALOGO)
    assert programa(7, posibles) == programa(7, posibles)
    assert {programa(n, posibles)[0] for n in range(len(posibles))} == set(CATALOGO)


@pytest.mark.timeout(900)
def test_nada_falta_ni_sobra():
    semillas: dict[int, tuple[str, ...]] = {1000 + n: averias for n, averias in enumerate(_JUNTAS)}
    semillas |= {semilla: averias for semilla, (averias, _) in DESCUBRIERON.items()}
    carpeta, malas = carpeta_nueva(), []
    try:
        with Banco(carpeta) as banco:
            if banco.cluster.disco is None:
                print(SIN_DISCO)
            for semilla, averias in semillas.items():
                posibles = [averia for averia in averias if averia in banco.posibles]
                veredicto = Semilla(banco, semilla, posibles).correr()
                print(veredicto)
                malas += [str(veredicto)] if veredicto.faltas else []
    finally:
        shutil.rmtree(carpeta, ignore_errors=True)
    assert not malas, "\n".join(malas)
