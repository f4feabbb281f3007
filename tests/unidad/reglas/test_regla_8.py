"""Regla 8: corregir es contar otro hecho. Lo corregido deja de pesar, y nada de lo contado se pierde ni cambia."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventos.atencion import RiesgoEvaluado, ServicioPrestado
from eventos.base import Hecho
from eventos.comun import Efecto, HechoRectificado
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoRectificacion
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo
from eventos.vigentes import Vigentes
from infra.almacen.tanda import Autoria
from servicios.atencion.contexto import CONTEXTO
from tests.unidad.banco import Banco
from tests.unidad.historia import INICIO, RUTA, anotado, plegar

HECHOS: list[Hecho] = [
    *(
        ServicioPrestado(ruta=RUTA, servicio=que, resultado=ResultadoAtencion.COMPLETA)
        for que in (ServicioPedido.SALUD, ServicioPedido.EDUCACION)
    ),
    *(RiesgoEvaluado(ruta=RUTA, nivel=nivel, vigente_hasta=INICIO.date()) for nivel in NivelRiesgo),
]


def corregir(cual: Anotado) -> HechoRectificado:
    return HechoRectificado(ruta=RUTA, corrige=cual.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO)


@given(
    contados=st.lists(st.sampled_from(HECHOS), min_size=1, max_size=8),
    corregidos=st.sets(st.integers(0, 7)),
    orden=st.randoms(use_true_random=False),
)
def test_con_la_correccion_el_estado_es_el_de_no_haber_ocurrido(contados, corregidos, orden) -> None:
    """Se corrija cuando se corrija y en el orden que sea, siempre después de contarlo."""
    hechos = [anotado(h, n) for n, h in enumerate(contados, 1)]
    historia = list(hechos)
    errados = [h for n, h in enumerate(hechos) if n in corregidos]
    for n, errado in enumerate(errados, 100):
        donde = orden.randint(historia.index(errado) + 1, len(historia))
        historia.insert(donde, anotado(corregir(errado), n))
    estado = plegar(Vigentes.vacio(RUTA), historia)
    assert list(estado.hechos) == [h for h in hechos if h not in errados]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contados=st.lists(st.sampled_from(HECHOS), min_size=1, max_size=5), corregidos=st.sets(st.integers(0, 4)))
def test_el_almacen_conserva_lo_corregido_y_su_correccion(contados, corregidos) -> None:
    with tempfile.TemporaryDirectory(prefix="senda-regla8-") as carpeta:
        banco = Banco(CONTEXTO, Path(carpeta))
        quien = Autoria(institucion="GT-A", agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="prueba")
        with banco.almacen.tanda() as tanda:
            anotados = tanda.anotar(contados, quien)
        antes = [n.state for n in banco.almacen.registrador.select_notifications(1, 100)]
        errados = [a for n, a in enumerate(anotados) if n in corregidos]
        with banco.almacen.tanda() as tanda:
            tanda.anotar([corregir(a) for a in errados], quien)
        despues = [n.state for n in banco.almacen.registrador.select_notifications(1, 100)]
        with banco.almacen.tanda() as tanda:
            vigentes = tanda.estado(Vigentes, RUTA)
        banco.cerrar()
    assert despues[: len(antes)] == antes, "corregir cambió lo ya escrito"
    assert len(despues) == len(antes) + len(errados)
    assert [a.id for a in vigentes.hechos] == [a.id for a in anotados if a not in errados]
