"""Buscar lo ya respondido cuesta lo que se busca, y no lo que la institución lleva pedido."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from contratos.acuse import Resultado
from infra.almacen.esquema import solicitudes
from infra.almacen.insertar import anadir
from infra.almacen.migrar import instalar
from infra.almacen.motor import abrir_motor
from infra.mensajeria.acuses import AcuseFirmado
from infra.mensajeria.previas import buscar
from senda.composicion import CONTEXTOS
from tests.integracion.pilas import INICIO, Pila

FILAS = 2000
UNA, OTRA = "GT-UNA", "GT-OTRA"


def ocupar(conexion: Connection, institucion: str, cuantas: int) -> None:
    filas = [
        {
            "institucion": institucion, "id": f"id-{n}", "huella": f"{institucion}-{n}", "ruta": None, "cuerpo": b"",
            "firma": "f", "resultado": "rechazada", "acuse": b"a", "firma_acuse": "fa", "atendida": INICIO,
        }
        for n in range(cuantas)
    ]  # fmt: skip
    anadir(conexion, solicitudes, filas)


def conectada(pila: Pila) -> Iterator[Connection]:
    motor = abrir_motor(*pila.direccion("deteccion"))
    instalar(motor, CONTEXTOS["deteccion"].instalacion)
    with motor.begin() as conexion:
        yield conexion
    motor.dispose()


@pytest.fixture
def conexion(pila: Pila) -> Iterator[Connection]:
    yield from conectada(pila)


@pytest.fixture
def en_postgresql(pila_real: Pila) -> Iterator[Connection]:
    yield from conectada(pila_real)


def test_se_busca_por_el_par_y_no_por_cada_parte(conexion: Connection):
    ocupar(conexion, UNA, 3)
    ocupar(conexion, OTRA, 1)
    encontradas = dict(buscar(conexion, {(UNA, "id-1"), (OTRA, "id-0"), (OTRA, "id-2"), ("GT-NADIE", "id-1")}))
    assert {clave: p.huella for clave, p in encontradas.items()} == {
        (UNA, "id-1"): "GT-UNA-1", (OTRA, "id-0"): "GT-OTRA-0",
    }  # fmt: skip
    previa = encontradas[UNA, "id-1"]
    assert (previa.firma, previa.acuse) == ("f", AcuseFirmado(Resultado.RECHAZADA, b"a", "fa"))


@pytest.mark.real
def test_el_plan_fijado_con_la_tabla_vacia_no_recorre_las_de_la_institucion(en_postgresql: Connection):
    """Un despliegue recién nacido: nadie ha hecho ANALYZE y la base ya guardó su plan (psycopg prepara a la quinta)."""
    claves = [(UNA, f"id-{n}") for n in range(3)]
    for _ in range(15):
        assert not list(buscar(en_postgresql, claves))
    ocupar(en_postgresql, UNA, FILAS)
    assert len(list(buscar(en_postgresql, claves))) == len(claves)
    leidas = sa.text(
        "SELECT pg_stat_get_xact_tuples_returned('solicitudes'::regclass)"
        " + pg_stat_get_xact_tuples_returned('solicitudes_pkey'::regclass)"
    )
    assert en_postgresql.scalar(leidas) <= 2 * len(claves)
