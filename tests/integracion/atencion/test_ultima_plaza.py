"""Varias réplicas de atención y una sola plaza: se aloja a una persona, y a las demás se les dice que no queda."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from contratos.solicitudes.atencion import AsignarAlojamiento, InscribirAlbergue
from eventos.atencion import ClaseAlojamiento
from eventos.base import Hecho
from eventos.coordinacion import InstitucionInscrita
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.rechazo import Rechazo
from eventos.tipos import Sexo
from infra.almacen.almacen import Almacen
from infra.almacen.tanda import Autoria
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.lecturas import plazas
from servicios.comun.mesa import Mesa
from tests.integracion.pilas import INICIO, Pila
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.historia import anotado

REPLICAS = 4
ALBERGUE = "GT-REFUGIO-1"
TITULAR = "GT-REFUGIO"


@pytest.fixture
def replicas(pila: Pila) -> list[Almacen]:
    """Cada una con sus propias conexiones a la misma base, como otro proceso."""
    return [pila.almacen("atencion", CONTEXTO.lecturas) for _ in range(REPLICAS)]


def conocer(almacen: Almacen, *hechos: Hecho) -> None:
    for posicion, hecho in enumerate(hechos, 1000):
        with almacen.tanda() as tanda:
            CONTEXTO.conocer(tanda, anotado(hecho, posicion, institucion=TITULAR))


def pedir(almacen: Almacen, peticion: AsignarAlojamiento | InscribirAlbergue) -> str:
    """Atiende en su propia tanda; devuelve el código del rechazo, o «aceptada»."""
    autoria = Autoria(institucion=TITULAR, agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="prueba")
    try:
        with almacen.tanda() as tanda:
            tanda.anotar(CONTEXTO.casos.decidir(peticion, Mesa(tanda, autoria)), autoria)
    except Rechazo as rechazo:
        return rechazo.codigo
    return "aceptada"


def ingreso(ruta: UUID) -> AsignarAlojamiento:
    return AsignarAlojamiento(ruta=ruta, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True)


def preparar(almacen: Almacen, libres: int, rutas: list[UUID]) -> None:
    titular = InstitucionInscrita(
        codigo=TITULAR, pais="gt", mandatos=("albergue",), servicios=(), cobertura=("GT",), clave_firma="A" * 43
    )
    conocer(almacen, titular, *(abierta(ruta) for ruta in rutas))
    cupo = Cupo(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA, total=libres, libres=libres)
    inscrito = InscribirAlbergue(
        codigo=ALBERGUE, titular=TITULAR, titularidad=Titularidad.ONG, especializado=False, territorio="GT-01",
        cupos=(cupo,),
    )  # fmt: skip
    assert pedir(almacen, inscrito) == "aceptada"


def a_la_vez(replicas: list[Almacen], rutas: list[UUID]) -> list[str]:
    salida = Barrier(len(replicas))

    def correr(almacen: Almacen, ruta: UUID) -> str:
        salida.wait()
        return pedir(almacen, ingreso(ruta))

    with ThreadPoolExecutor(len(replicas)) as hilos:
        return sorted(hilos.map(correr, replicas, rutas))


@pytest.mark.parametrize("libres", [1, 2])
def test_nunca_se_aloja_a_mas_personas_que_plazas(replicas: list[Almacen], libres: int):
    rutas = [uuid4() for _ in replicas]
    preparar(replicas[0], libres, rutas)

    respuestas = a_la_vez(replicas, rutas)

    assert respuestas == ["aceptada"] * libres + ["sin-plaza"] * (REPLICAS - libres)
    with replicas[0].consulta() as tanda:
        assert plazas(tanda.leer, ALBERGUE, nna=False).ocupadas == libres


def test_nadie_acaba_alojada_en_dos_sitios(replicas: list[Almacen]):
    ruta = uuid4()
    preparar(replicas[0], REPLICAS, [ruta])

    assert a_la_vez(replicas, [ruta] * REPLICAS) == ["aceptada", *["ya-alojada"] * (REPLICAS - 1)]
