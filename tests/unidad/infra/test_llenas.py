"""De la cola que no admite más se prueba un mensaje cada vez, y cada vez más tarde."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.llenas import Llenas
from tests.unidad.historia import INICIO

AJUSTES = Ajustes()


class Fila(NamedTuple):
    """Lo que de una fila de la salida hace falta."""

    numero: int
    intercambio: str = "acuses"
    clave: str = "GT-MP"
    urgente: bool = False
    intentos: int = 1


def numeros(llenas: Llenas, filas: list[Any], despues: timedelta = timedelta()) -> list[int]:
    return [f.numero for f in llenas.por_probar(filas, INICIO + despues)]


@pytest.fixture
def filas() -> list[Any]:
    return [Fila(1), Fila(2), Fila(3, "buzon"), Fila(4, clave="GT-PGN"), Fila(5, "reparaciones", "nadie")]


def test_se_prueba_una_y_solo_cuando_toca_y_lo_de_las_demas_siempre(filas: list[Any]):
    llenas = Llenas(AJUSTES)
    assert numeros(llenas, filas) == [1, 2, 3, 4, 5]
    llenas.anotar(filas, [False, False, True, True, False], INICIO)
    assert numeros(llenas, filas) == [3, 4, 5]
    toca = AJUSTES.retroceso(1)
    assert llenas.hasta(filas[0]) == llenas.hasta(filas[1]) == INICIO + toca
    assert numeros(llenas, filas, toca) == [1, 3, 4, 5]
    # Lo que no es de una institución va cada uno por su lado: sin ruta no es lleno.
    assert llenas.hasta(filas[4]) is None
    assert llenas.instituciones == {"GT-MP"}


def test_cada_prueba_fallida_es_mas_tarde_y_la_que_sale_la_olvida(filas: list[Any]):
    llenas = Llenas(AJUSTES)
    for fallos in (1, 2, 3):
        llenas.anotar(filas, [False], INICIO)
        assert llenas.hasta(filas[0]) == INICIO + AJUSTES.retroceso(fallos)
    llenas.anotar(filas, [True], INICIO)
    assert llenas.hasta(filas[0]) is None
    assert llenas.instituciones == set()


def test_la_que_admite_solo_unas_acaba_de_llenarse(filas: list[Any]):
    llenas = Llenas(AJUSTES)
    for _ in range(5):
        llenas.anotar(filas, [False], INICIO)
    llenas.anotar(filas, [True, False], INICIO)
    assert llenas.hasta(filas[0]) == INICIO + AJUSTES.retroceso(1)


def test_si_el_reloj_se_atraso_no_se_espera_a_que_vuelva(filas: list[Any]):
    llenas = Llenas(AJUSTES)
    llenas.anotar(filas, [False], INICIO)
    assert numeros(llenas, filas[:1], -timedelta(days=6)) == [1]


def test_quien_releva_las_prueba_otra_vez(filas: list[Any]):
    llenas = Llenas(AJUSTES)
    llenas.anotar(filas, [False], INICIO)
    llenas.olvidar()
    assert numeros(llenas, filas) == [1, 2, 3, 4, 5]


def test_si_falla_un_mensaje_y_no_la_cola_la_siguiente_prueba_es_con_otro_y_lo_urgente_primero():
    llenas = Llenas(AJUSTES)
    filas: list[Any] = [Fila(1, intentos=2), Fila(2, intentos=1), Fila(3, urgente=True, intentos=9)]
    llenas.anotar(filas[:1], [False], INICIO)
    toca = AJUSTES.retroceso(1)
    assert numeros(llenas, filas[:2], toca) == [2]
    assert numeros(llenas, filas, toca) == [3]


def test_lo_urgente_que_nunca_se_intento_no_espera_a_la_prueba():
    llenas = Llenas(AJUSTES)
    filas: list[Any] = [Fila(1), Fila(2, urgente=True, intentos=0), Fila(3, intentos=0)]
    llenas.anotar(filas[:1], [False], INICIO)
    assert numeros(llenas, filas) == [2]
