"""Leer el libro de corrido en las dos bases: los mismos bytes, en el mismo orden, y la conexión se suelta siempre."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine

from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from servicios.auditoria import libro
from servicios.auditoria.flujo import CopiaIlegible, _filas, leer_libro, leer_una
from tests.integracion.auditoria.escribir_libro import anotar
from tests.integracion.auditoria.test_libro import A, B

ORDEN = [*A[:3], *B, *A[3:]]


@pytest.fixture
def lleno(motor: Engine) -> Engine:
    instalar(motor, Instalacion(Lecturas((), ()), migraciones=(Path(libro.__file__).with_name("migraciones"),)))
    with motor.begin() as conexion:
        anotar(conexion, ORDEN)
    return motor


def test_entero_y_en_su_orden(lleno: Engine):
    filas = list(leer_libro(lleno))
    assert [(f.indice, f.posicion, f.origen, f.cuerpo) for f in filas] == [
        (indice, e.posicion, e.origen, e.cuerpo) for indice, e in enumerate(ORDEN)
    ]


def test_lo_de_un_origen_por_posicion(lleno: Engine):
    assert [(f.posicion, f.cuerpo) for f in leer_libro(lleno, "/gt/justicia")] == [(e.posicion, e.cuerpo) for e in B]
    assert list(leer_libro(lleno, "/gt/nadie")) == []


def test_vacio(motor: Engine):
    instalar(motor, Instalacion(Lecturas((), ()), migraciones=(Path(libro.__file__).with_name("migraciones"),)))
    assert list(leer_libro(motor)) == []


def test_una_posicion(lleno: Engine):
    hallada = leer_una(lleno, "/gt/deteccion", 4)
    assert hallada is not None
    assert (hallada.indice, hallada.cuerpo) == (5, A[3].cuerpo)
    assert leer_una(lleno, "/gt/deteccion", 999) is None


def test_dejarla_a_medias_suelta_la_conexion(lleno: Engine):
    for _ in range(25):  # más que conexiones hay
        lectura = leer_libro(lleno)
        assert len(list(islice(lectura, 2))) == 2
        lectura.close()
    assert len(list(leer_libro(lleno))) == len(ORDEN)


def test_varias_a_la_vez(lleno: Engine):
    una, otra = leer_libro(lleno, "/gt/deteccion"), leer_libro(lleno, "/gt/justicia")
    assert [next(una).posicion, next(otra).posicion, next(una).posicion] == [1, 1, 2]
    una.close()
    otra.close()


def test_otro_formato_no_se_toma_por_bueno():
    with pytest.raises(CopiaIlegible):
        list(_filas([b"1\t2\t/gt/deteccion\tx\n"]))
