"""Un aviso de vencimiento se da una vez: con varias réplicas, tras un reinicio y aunque el reloj salte años."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from contratos.solicitudes.justicia import OtorgarMedidaProteccion
from eventos.base import Hecho
from eventos.justicia import MedidaPorVencer, MedidaVencida
from eventos.listas import Medida
from eventos.sobre import decodificar
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import eventos
from infra.almacen.tanda import Autoria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.plazos import Plazos
from servicios.comun.mesa import Mesa
from servicios.justicia.contexto import CONTEXTO
from tests.integracion.pilas import INICIO, Pila
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.historia import anotado

REPLICAS = 3
VENCE = INICIO.date() + timedelta(days=40)


def replica(pila: Pila) -> Almacen:
    """Con sus propias conexiones a la misma base, como otro proceso o el mismo tras reiniciarse."""
    return pila.almacen("justicia", CONTEXTO.lecturas)


def otorgar(almacen: Almacen, rutas: list[UUID]) -> None:
    """Una medida con fecha en cada ruta."""
    for posicion, ruta in enumerate(rutas, 1000):
        with almacen.tanda() as tanda:
            CONTEXTO.conocer(tanda, anotado(abierta(ruta), posicion))
        autoria = Autoria(institucion="GT-OJ", agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="prueba")
        with almacen.tanda() as tanda:
            peticion = OtorgarMedidaProteccion(ruta=ruta, clase=Medida.REUBICACION, vence=VENCE)
            tanda.anotar(CONTEXTO.casos.decidir(peticion, Mesa(tanda, autoria)), autoria)


def hasta_que_no_quede(almacen: Almacen, lote: int = 2) -> None:
    plazos = Plazos(almacen, CONTEXTO, Ajustes(lote_plazos=lote))
    while plazos.paso():
        pass


def avisos(almacen: Almacen, clase: type[Hecho]) -> list[str]:
    """De qué rutas se dieron, en orden."""
    with almacen.consulta() as tanda:
        filas = tanda.leer(sa.select(eventos.c.cuerpo).where(eventos.c.tipo == clase.tipo))
    return sorted(decodificar(fila.cuerpo).hecho.sujeto for fila in filas)


@pytest.fixture
def rutas() -> list[UUID]:
    return sorted(uuid4() for _ in range(5))


def test_varias_replicas_y_un_reloj_que_salta_anos_avisan_una_vez(pila: Pila, rutas: list[UUID]):
    replicas = [replica(pila) for _ in range(REPLICAS)]
    otorgar(replicas[0], rutas)
    pila.reloj.adelantar(timedelta(days=4000))
    salida = Barrier(REPLICAS)

    def correr(almacen: Almacen) -> None:
        salida.wait(30)
        hasta_que_no_quede(almacen)

    with ThreadPoolExecutor(REPLICAS) as hilos:
        list(hilos.map(correr, replicas))

    assert avisos(replicas[0], MedidaVencida) == [str(ruta) for ruta in rutas]
    assert avisos(replicas[0], MedidaPorVencer) == []


def test_un_reinicio_no_olvida_ni_repite(pila: Pila, rutas: list[UUID]):
    otorgar(replica(pila), rutas)
    for dias, por_vencer, vencidas in ((0, 0, 0), (36, 5, 0), (1, 5, 0), (5, 5, 5), (1, 5, 5), (900, 5, 5)):
        pila.reloj.adelantar(timedelta(days=dias))
        hasta_que_no_quede(replica(pila))
        otra = replica(pila)
        hasta_que_no_quede(otra)
        assert (len(avisos(otra, MedidaPorVencer)), len(avisos(otra, MedidaVencida))) == (por_vencer, vencidas)


def test_si_muere_antes_de_confirmar_lo_hace_quien_viene_detras(pila: Pila, rutas: list[UUID]):
    """La cita siguiente y el aviso se escriben juntos: perder uno sería avisar dos veces, o ninguna."""
    almacen = replica(pila)
    otorgar(almacen, rutas)
    pila.reloj.adelantar(timedelta(days=4000))

    class Muerte(Exception):
        pass

    def a_medias() -> None:
        with almacen.tanda() as tanda:
            assert CONTEXTO.vencer(tanda, 100) == len(rutas)
            tanda.poner_al_dia()
            raise Muerte

    with pytest.raises(Muerte):
        a_medias()
    assert avisos(almacen, MedidaVencida) == []
    hasta_que_no_quede(replica(pila))
    assert avisos(almacen, MedidaVencida) == [str(ruta) for ruta in rutas]
