"""Varias réplicas deciden a la vez sobre el mismo encargo: se acepta, se reasigna, lo quiere otra. Responde una sola.

En PostgreSQL: SQLite solo deja escribir a uno, y la carrera no se daría.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa

from contratos.base import Peticion
from contratos.solicitudes.coordinacion import AceptarDerivacion, InscribirInstitucion, ReasignarDerivacion
from eventos.base import Hecho
from eventos.coordinacion import DerivacionAceptada, DerivacionEmitida, DerivacionReasignada
from eventos.listas import ServicioPedido
from eventos.rechazo import Rechazo
from eventos.sobre import decodificar
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import eventos
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Autoria
from infra.mensajeria.puertos import Remitente
from servicios.comun.contexto import Contexto
from servicios.comun.mesa import Mesa
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from servicios.coordinacion.internas import InscribirRectora
from tests.integracion.pilas import Pila
from tests.unidad.coordinacion.muestras import GT, deteccion
from tests.unidad.historia import RUTA, anotado

RECTORA = "GT-SVET"


def a_la_vez(trabajos: Sequence[Callable[[], str]]) -> list[str]:
    """Los hace todos en el mismo instante, cada uno en su hilo. Devuelve lo que dijo cada uno."""
    salida = Barrier(len(trabajos))

    def correr(trabajo: Callable[[], str]) -> str:
        salida.wait(30)
        return trabajo()

    with ThreadPoolExecutor(len(trabajos)) as hilos:
        return list(hilos.map(correr, trabajos))


def decidir(contexto: Contexto, almacen: Almacen, peticion: Peticion, institucion: str) -> str:
    """Lo que hace el servicio con una petición, sin mirar el permiso: «hecho» o el código del rechazo."""
    autoria = Autoria(
        institucion=institucion, agente="ag-0123abcd", ocurrido=almacen.reloj.ahora(), causa="", correlacion="prueba"
    )
    try:
        with almacen.tanda() as tanda:
            tanda.anotar(contexto.casos.decidir(peticion, Mesa(tanda, autoria)), autoria)
    except Rechazo as rechazo:
        return rechazo.codigo
    return "hecho"


def contados(almacen: Almacen) -> list[Hecho]:
    with leyendo(almacen.motor) as conexion:
        return [
            decodificar(c).hecho for c in conexion.scalars(sa.select(eventos.c.cuerpo).order_by(eventos.c.posicion))
        ]


def test_un_encargo_lo_acepta_una_institucion_y_una_vez(pila_real: Pila) -> None:
    """La destinataria lo acepta desde dos mesas, otra que no lo es lo intenta y la rectora lo pasa a esa otra."""
    replicas = [pila_real.almacen("coordinacion", COORDINACION.lecturas) for _ in range(4)]
    inscribir_a_todas(replicas[0])
    with replicas[0].tanda() as tanda:
        COORDINACION.conocer(tanda, anotado(deteccion(), 100))
    emitida = next(
        h
        for h in contados(replicas[0])
        if isinstance(h, DerivacionEmitida) and h.servicio is ServicioPedido.ATENCION_INMEDIATA
    )
    otra = next(
        i.codigo for i in GT.instituciones if emitida.servicio in i.servicios and i.codigo not in {emitida.a, RECTORA}
    )
    acepta = AceptarDerivacion(ruta=RUTA, derivacion=emitida.derivacion)
    reasigna = ReasignarDerivacion(ruta=RUTA, derivacion=emitida.derivacion, a=otra)
    dichos = a_la_vez(
        [
            lambda: decidir(COORDINACION, replicas[0], acepta, emitida.a),
            lambda: decidir(COORDINACION, replicas[1], acepta, emitida.a),
            lambda: decidir(COORDINACION, replicas[2], acepta, otra),
            lambda: decidir(COORDINACION, replicas[3], reasigna, RECTORA),
        ]
    )
    hechos = contados(replicas[0])
    aceptadas = [h for h in hechos if isinstance(h, DerivacionAceptada)]
    reasignadas = [h for h in hechos if isinstance(h, DerivacionReasignada)]
    assert dichos[2] != "hecho"
    assert len(aceptadas) == dichos[:2].count("hecho") <= 1
    assert len(reasignadas) == (dichos[3] == "hecho")
    assert aceptadas or reasignadas
    # Aceptada o en manos de otra: en todo momento hay una sola institución que responde por ella.
    de_quien = [h for h in hechos if isinstance(h, DerivacionEmitida) and h.servicio is emitida.servicio]
    assert len(de_quien) == 1 + len(reasignadas)


def inscribir_a_todas(almacen: Almacen) -> None:
    with almacen.tanda() as tanda:
        COORDINACION.encargar(tanda, InscribirRectora(codigo=RECTORA, clave_firma="0" * 43))
    for n, propia in enumerate(GT.instituciones, 1):
        if propia.codigo != RECTORA:
            peticion = InscribirInstitucion(
                codigo=propia.codigo, pais="gt", mandatos_inscritos=propia.mandatos, servicios=propia.servicios,
                cobertura=propia.cobertura, clave_firma=str(n).rjust(43, "A"),
            )  # fmt: skip
            quien = Remitente(
                institucion=RECTORA, agente="ag-0123abcd", ocurrido=almacen.reloj.ahora(), huella="f" * 64
            )
            with almacen.tanda() as tanda:
                COORDINACION.atender(tanda, peticion, quien)
