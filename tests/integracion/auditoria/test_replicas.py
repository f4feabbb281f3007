"""Un solo escritor del libro, lo guarda la base: réplicas que aplican a la vez, y la reserva que sigue a la caída."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada
from infra.almacen.migrar import instalar
from infra.almacen.motor import leyendo
from infra.azar import AzarSembrado
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.aplicador import Aplicador
from infra.reloj import RelojSimulado
from infra.seguridad.cadena import CERO, encadenar
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from senda_verificar.copias import verificar
from senda_verificar.nota import escribir_vkey
from servicios.auditoria import libro
from servicios.auditoria.contexto import CONTEXTO, NOMBRE_DEL_LIBRO
from tests.integracion.pilas import INICIO

ORIGENES = ("/gt/deteccion", "/gt/justicia", "/gt/coordinacion")
POR_ORIGEN = 120


@pytest.fixture
def replicas(motor: Engine, tmp_path) -> list[Almacen]:
    instalar(motor, CONTEXTO.instalacion)
    azar, reloj = AzarSembrado(1), RelojSimulado(INICIO)
    llavero = Llavero(f"sqlite:///{tmp_path / 'llavero.db'}", bytes(32), azar, reloj)
    llavero.crear_esquema()
    claves = ClavesServicio.generar(azar.hijo("claves"))
    with motor.begin() as conexion:
        for origen in ORIGENES:
            cuerpos = [b"%d" % i for i in range(POR_ORIGEN)]
            filas = [
                {"origen": origen, "cuerpo": c, "recibido": INICIO, **e._asdict()}
                for e, c in zip(encadenar(origen, 1, CERO, cuerpos), cuerpos, strict=True)
            ]
            conexion.execute(sa.insert(entrada), filas)
            conexion.execute(sa.insert(avances).values(origen=origen, aplicada=0, hoja=CERO, anunciada=0, pedidos=0))
    return [
        Almacen(motor, "/gt/auditoria", llavero, claves, reloj, azar.hijo(f"r{n}"), CONTEXTO.lecturas) for n in range(3)
    ]


def aplicadores(replicas: list[Almacen]) -> list[Aplicador]:
    return [Aplicador(almacen, CONTEXTO, ORIGENES, Ajustes(lote_entrada=7)) for almacen in replicas]


def comprobar_libro(almacen: Almacen) -> None:
    vkey = escribir_vkey(NOMBRE_DEL_LIBRO, almacen.claves.firma.public_key())
    with leyendo(almacen.motor) as conexion:
        columnas = [libro.libro.c[n] for n in ("origen", "posicion", "anterior", "cuerpo", "hoja")]
        filas = conexion.execute(sa.select(*columnas).order_by(libro.libro.c.indice)).all()
        puntos = conexion.scalars(sa.select(libro.puntos.c.texto)).all()
    informe = verificar(filas, puntos=puntos, vkeys=[vkey])
    assert informe.faltas == ()
    assert informe.tamano == informe.firmado_hasta == POR_ORIGEN * len(ORIGENES)


def test_varias_replicas_a_la_vez_dejan_un_solo_libro(replicas: list[Almacen]) -> None:
    salida = Barrier(len(replicas))

    def aplicar(aplicador: Aplicador) -> None:
        salida.wait()
        while aplicador.aplicar():
            pass

    with ThreadPoolExecutor(len(replicas)) as hilos:
        list(hilos.map(aplicar, aplicadores(replicas)))
    while aplicadores(replicas)[0].aplicar():  # lo que alguna dejó para la otra
        pass
    comprobar_libro(replicas[0])


def test_la_reserva_sigue_donde_cayo_la_otra(replicas: list[Almacen], monkeypatch: pytest.MonkeyPatch) -> None:
    titular, reserva, _ = aplicadores(replicas)
    titular.aplicar()
    with monkeypatch.context() as roto:
        # Cae a mitad: anotó en el libro y no llegó a confirmar.
        roto.setattr("servicios.auditoria.contexto.firmar_punto", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            titular.aplicar()
    while reserva.aplicar():
        pass
    comprobar_libro(replicas[1])
