"""Lo que un servicio recuerda entre tandas deja de valer en cuanto cualquier réplica sabe algo más."""

from __future__ import annotations

from collections import OrderedDict
from uuid import uuid4

import pytest
import sqlalchemy as sa

from eventos.base import Hecho
from eventos.coordinacion import InstitucionInscrita, InstitucionSuspendida
from eventos.motivos import MotivoSuspension
from infra.almacen.almacen import Almacen
from infra.almacen.flujos import Flujo, Memoria, Sabido
from infra.mensajeria import apartados
from senda.composicion import CONTEXTOS
from servicios.comun import directorio
from tests.integracion.almacen.relatos import AUTORIA, deteccion
from tests.integracion.pilas import Pila
from tests.unidad.historia import anotado

DETECCION = CONTEXTOS["deteccion"]
UNA = "GT-PNC"
INSCRITA = InstitucionInscrita(
    codigo=UNA, pais="gt", mandatos=("rectoria",), servicios=(), cobertura=(), clave_firma="A" * 43
)
SUSPENDIDA = InstitucionSuspendida(codigo=UNA, motivo=MotivoSuspension.CLAVE_COMPROMETIDA)


@pytest.fixture
def replicas(pila: Pila) -> tuple[Almacen, Almacen]:
    return pila.almacen("deteccion", DETECCION.lecturas), pila.almacen("deteccion", DETECCION.lecturas)


def aplicar(almacen: Almacen, hecho: Hecho, posicion: int) -> None:
    """Como hace la entrada con lo que cuenta coordinación."""
    with almacen.tanda() as tanda:
        apartados.constar(tanda, "/gt/coordinacion", posicion, posicion)
        DETECCION.conocer(tanda, anotado(hecho, posicion))


def exigir(almacen: Almacen) -> str:
    with almacen.tanda() as tanda:
        return directorio.exigir(tanda, UNA).codigo


def test_a_quien_otra_replica_supo_suspendida_no_se_la_atiende_mas(replicas: tuple[Almacen, Almacen]):
    una, otra = replicas
    aplicar(una, INSCRITA, 1)
    assert exigir(una) == exigir(otra) == UNA
    aplicar(otra, SUSPENDIDA, 2)
    for almacen in replicas:
        with pytest.raises(directorio.InstitucionSuspendidaError):
            exigir(almacen)


def test_mientras_nada_cambie_el_directorio_no_se_vuelve_a_leer(replicas: tuple[Almacen, Almacen]):
    una, otra = replicas
    aplicar(una, INSCRITA, 1)
    exigir(una)
    ordenes: list[str] = []
    sa.event.listen(una.motor, "before_cursor_execute", lambda *a: ordenes.append(a[2]))
    with una.tanda() as tanda:
        directorio.exigir(tanda, UNA)
        tanda.anotar([deteccion(uuid4())], AUTORIA)
    exigir(una)
    assert not [orden for orden in ordenes if "FROM instituciones" in orden]
    # Otra réplica escribió: no se sabe qué, así que se relee todo.
    with otra.tanda() as tanda:
        tanda.anotar([deteccion(uuid4())], AUTORIA)
    exigir(una)
    assert len([orden for orden in ordenes if "FROM instituciones" in orden]) == 1


def test_aplicar_lo_ajeno_aqui_no_hace_releer_el_directorio_y_que_lo_haga_otra_si(replicas: tuple[Almacen, Almacen]):
    una, otra = replicas
    aplicar(una, INSCRITA, 1)
    exigir(una)
    ordenes: list[str] = []
    sa.event.listen(una.motor, "before_cursor_execute", lambda *a: ordenes.append(a[2]))
    aplicar(una, deteccion(uuid4()), 2)
    exigir(una)
    assert not [orden for orden in ordenes if "FROM instituciones" in orden]
    aplicar(otra, SUSPENDIDA, 3)
    aplicar(una, deteccion(uuid4()), 4)
    with pytest.raises(directorio.InstitucionSuspendidaError):
        exigir(una)


def test_lo_que_una_tanda_leyo_y_no_confirmo_no_se_recuerda(replicas: tuple[Almacen, Almacen]):
    una, _ = replicas

    def leer_y_caer() -> None:
        with una.tanda() as tanda:
            DETECCION.conocer(tanda, anotado(INSCRITA))
            assert directorio.exigir(tanda, UNA).codigo == UNA
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        leer_y_caer()
    with pytest.raises(directorio.InstitucionDesconocida):
        exigir(una)


def test_lo_ajeno_no_hace_olvidar_lo_propio():
    memoria, ruta = Memoria(), uuid4()
    sabido = Sabido(OrderedDict({ruta: Flujo(3)}), {"directorio": {}})
    memoria.devolver(7, 2, sabido)
    assert memoria.llevarse(7, 2) == sabido
    memoria.devolver(7, 2, sabido)
    assert memoria.llevarse(7, 3) == Sabido(sabido.flujos)
    memoria.devolver(7, 2, sabido)
    assert memoria.llevarse(8, 2) == Sabido()
