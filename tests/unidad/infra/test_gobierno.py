"""Las piezas con que se gobierna un servicio: pausas, presencia, muertos y afluencia."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import structlog

from infra.almacen.almacen import Almacen
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import AzarSembrado
from infra.mensajeria.afluencia import VENTANA, Afluencia
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.muertos import CADA, Muertos
from infra.mensajeria.pausas import Freno, MotivoPausa, Tarea, pausar, reanudar
from infra.mensajeria.presencia import Presencia, en_marcha
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import TopologiaIncompatible
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from tests.unidad.historia import INICIO

QUIEN = "ag-0123abcd"


@pytest.fixture
def reloj() -> RelojSimulado:
    return RelojSimulado(INICIO)


@pytest.fixture
def almacen(tmp_path: Path, reloj: RelojSimulado) -> Iterator[Almacen]:
    azar, lecturas = AzarSembrado(1), Lecturas((), ())
    llavero = Llavero("sqlite://", bytes(32), azar, reloj)
    motor = abrir_motor(f"sqlite:///{tmp_path / 'servicio.db'}")
    instalar(motor, Instalacion(lecturas))
    yield Almacen(motor, "/gt/deteccion", llavero, ClavesServicio.generar(azar), reloj, azar, lecturas)
    motor.dispose()
    llavero.cerrar()


def test_toda_replica_obedece_en_un_segundo_y_lo_dice(almacen: Almacen, reloj: RelojSimulado):
    hechos: list[str] = []

    def apuntar(replica: str) -> bool:
        hechos.append(replica)
        return True

    pasos = [Freno(almacen).salvo_pausa(Tarea.ATENDER, partial(apuntar, replica)) for replica in "ab"]

    def dar() -> list[bool]:
        reloj.adelantar(timedelta(seconds=1))
        return [bool(paso()) for paso in pasos]

    assert dar() == [True, True]
    with structlog.testing.capture_logs() as registro:
        with almacen.motor.begin() as conexion:
            pausar(conexion, [Tarea.ATENDER, Tarea.PUBLICAR], MotivoPausa.DEFECTO, QUIEN, reloj.ahora())
        assert dar() == [False, False]
        with almacen.motor.begin() as conexion:
            assert reanudar(conexion, list(Tarea), QUIEN, reloj.ahora()) == [Tarea.ATENDER, Tarea.PUBLICAR]
        assert dar() == [True, True]
    assert hechos == ["a", "b"] * 2
    assert [r["event"] for r in registro] == ["tarea-en-pausa"] * 4 + ["tarea-reanudada"] * 4


def test_lo_que_no_esta_en_pausa_sigue(almacen: Almacen, reloj: RelojSimulado):
    with almacen.motor.begin() as conexion:
        pausar(conexion, [Tarea.APLICAR], MotivoPausa.DEFECTO, QUIEN, reloj.ahora())
    freno = Freno(almacen)
    assert [freno.parada(tarea) for tarea in Tarea] == [False, True, False]


def test_quien_anda_lo_dice_y_quien_muere_deja_de_contar(almacen: Almacen, reloj: RelojSimulado):
    def vivas() -> list[str]:
        with leyendo(almacen.motor) as conexion:
            return en_marcha(conexion, reloj.ahora())

    una, otra = (Presencia(almacen, titular, Ajustes()) for titular in ("det:1", "det:2"))
    una.paso()
    otra.paso()
    assert vivas() == ["det:1", "det:2"]
    for _ in range(6):
        reloj.adelantar(timedelta(seconds=10))
        una.paso()
    assert vivas() == ["det:1"]
    una.despedir()
    assert vivas() == []


class _Bus:
    """Solo lo que usa `Muertos`."""

    def __init__(self, *respuestas: int | Exception) -> None:
        self.respuestas = list(respuestas)

    def pendientes(self, cola: str) -> int:
        assert cola == "senda.muertos"
        respuesta = self.respuestas.pop(0)
        if isinstance(respuesta, Exception):
            raise respuesta
        return respuesta


def test_los_muertos_se_miran_de_vez_en_cuando_y_si_no_se_puede_no_se_inventa(reloj: RelojSimulado):
    bus = _Bus(3, TopologiaIncompatible("vedada"))
    muertos = Muertos(bus, Nombres(), reloj)  # type: ignore[arg-type]
    muertos.paso()
    muertos.paso()
    assert muertos.cuantos == 3
    reloj.adelantar(timedelta(seconds=CADA))
    muertos.paso()
    assert muertos.cuantos is None


def test_la_afluencia_dice_cuanto_y_olvida(reloj: RelojSimulado):
    afluencia = Afluencia(reloj)
    for n in range(100):
        afluencia.anotar("GT-PNC", negada=n < 10)
    for _ in range(20):
        afluencia.anotar("GT-MP", negada=True)
        reloj.adelantar(timedelta(seconds=6))
    assert afluencia.de_quien_mas_pide() == 100 / VENTANA
    assert afluencia.de_quien_mas_falla() == 20 / VENTANA
    reloj.adelantar(timedelta(minutes=VENTANA + 1))
    assert (afluencia.de_quien_mas_pide(), afluencia.de_quien_mas_falla()) == (0.0, 0.0)
