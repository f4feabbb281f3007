"""Un servicio de verdad, en su proceso: responde, dice cómo está, aguanta lo que le rompen y se para con orden."""

from __future__ import annotations

import signal
import statistics
import time

import pytest
import sqlalchemy as sa

from contratos.acuse import Resultado
from infra.almacen.esquema import avances, eventos, salida, solicitudes
from tests.espera import hasta
from tests.integracion.anfitrion.conftest import INSTITUCION, Banco

pytestmark = pytest.mark.real


def test_atiende_publica_el_acuse_y_dice_como_esta(banco: Banco):
    deteccion, coordinacion = banco.en_marcha("deteccion"), banco.en_marcha("coordinacion")
    ids = banco.enviar(20)
    acuses = banco.acuses(20)
    assert {a.id for a in acuses} == set(ids)
    assert {a.resultado for a in acuses} == {Resultado.ACEPTADA}
    hasta(lambda: coordinacion.salud()["entrada"]["/gt/deteccion"]["aplicada"] == 20)

    assert deteccion.pedir("/salud/vivo")[0] == 200
    salud = deteccion.salud()
    assert salud["bus"]
    assert salud["base"]
    assert salud["bandeja"] == 0
    assert salud["alarmas"] == []
    hasta(lambda: deteccion.salud()["relevo"]["hechos"] == 0)

    texto = deteccion.pedir("/metricas")[1].decode()
    assert 'senda_solicitudes_total{resultado="aceptada",servicio="deteccion"} 20.0' in texto
    assert INSTITUCION not in texto
    seguidos = coordinacion.pedir("/metricas")[1].decode()
    assert 'senda_hechos_aplicados_total{origen="/gt/deteccion",servicio="coordinacion"} 20.0' in seguidos


def test_ociosa_responde_en_seguida(banco: Banco, record_property):
    banco.en_marcha("deteccion")
    tiempos = []
    transporte, cola = banco.enlace.transporte, banco.colas[0].nombre
    for _ in range(100):
        compuesta = banco.componer()
        inicio = time.perf_counter()
        assert banco.enlace.enviar([compuesta]) == [True]
        entregas = transporte.recibir(cola, 10, 10.0)
        tiempos.append(time.perf_counter() - inicio)
        assert len(entregas) == 1
        transporte.confirmar(entregas)
    cortes = statistics.quantiles(tiempos, n=100)
    record_property("acuse_p50_ms", round(cortes[49] * 1000, 1))
    record_property("acuse_p99_ms", round(cortes[98] * 1000, 1))
    print(f"solicitud -> acuse: p50 {cortes[49] * 1000:.1f} ms, p99 {cortes[98] * 1000:.1f} ms")
    # Un sondeo perdido costaría un segundo: por debajo, lo despertó el aviso.
    assert cortes[49] < 0.5


def test_sobrevive_a_que_le_maten_las_conexiones_de_la_base(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    for _ in range(2):
        ids = banco.enviar(5)
        assert banco.matar_conexiones_a_la_base("deteccion") > 0
        banco.acuses_de(ids)
    assert hasta(deteccion.listo)


def test_sin_base_no_esta_listo_y_al_volver_sigue(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    banco.dejar_entrar_a_la_base("deteccion", si=False)
    banco.matar_conexiones_a_la_base("deteccion")
    ids = banco.enviar(10)
    hasta(lambda: deteccion.salud()["base"] is False)
    assert deteccion.pedir("/salud/listo")[0] == 503
    assert deteccion.pedir("/salud/vivo")[0] == 200
    # Lo que no puede guardar, no lo retiene: sigue en su cola para cuando pueda, o para otra réplica.
    cola = banco.topologia.nombres.solicitudes_de("deteccion")
    hasta(lambda: banco.enlace.transporte.pendientes(cola) == 10)
    banco.dejar_entrar_a_la_base("deteccion", si=True)
    banco.acuses_de(ids)
    hasta(deteccion.listo)


def test_sobrevive_a_que_le_cierren_las_conexiones_del_bus(banco: Banco):
    deteccion, coordinacion = banco.en_marcha("deteccion"), banco.en_marcha("coordinacion")
    ids: list[str] = []
    for vuelta in range(1, 3):
        ids += banco.enviar(5)
        banco.cerrar_conexiones_al_bus()
        hasta(lambda: banco.leer("coordinacion", sa.select(avances.c.aplicada))[0].aplicada == 5 * vuelta)  # noqa: B023
    banco.acuses_de(ids)
    hasta(lambda: deteccion.listo() and coordinacion.listo())


def test_se_para_en_seguida_y_sin_dejar_nada_a_medias(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    banco.enviar(200)
    codigo, tardo = deteccion.terminar(signal.SIGTERM)
    assert codigo == 0
    assert tardo < 5
    banco.en_marcha("deteccion")
    assert len({a.id for a in banco.acuses(200)}) == 200


def test_una_muerte_subita_no_pierde_ni_repite(banco: Banco):
    coordinacion = banco.en_marcha("coordinacion")
    ids: set[str] = set()
    deteccion = banco.en_marcha("deteccion")
    for vuelta in range(2):
        ids |= set(banco.enviar(60))
        hecho_algo = sa.select(sa.func.count()).select_from(solicitudes)
        hasta(lambda: banco.leer("deteccion", hecho_algo)[0][0] > 60 * vuelta)  # noqa: B023
        deteccion.terminar(signal.SIGKILL)
        deteccion = banco.arrancar("deteccion", deteccion.puerto)
        coordinacion.terminar(signal.SIGKILL)
        coordinacion = banco.arrancar("coordinacion", coordinacion.puerto)
    banco.acuses_de(ids)
    posiciones = sa.select(sa.func.count(), sa.func.max(eventos.c.posicion))
    assert tuple(banco.leer("deteccion", posiciones)[0]) == (120, 120)
    hasta(lambda: banco.leer("coordinacion", sa.select(avances.c.aplicada))[0].aplicada == 120)
    sabidos = banco.guion.sabidos
    cuenta = sa.select(sa.func.count(), sa.func.count(sabidos.c.hecho.distinct()))
    assert tuple(banco.leer("coordinacion", cuenta)[0]) == (120, 120)
    hasta(lambda: banco.leer("deteccion", sa.select(sa.func.count()).select_from(salida))[0][0] == 0)


def test_una_consulta_lenta_no_detiene_a_los_demas_bucles(banco: Banco):
    deteccion, coordinacion = banco.en_marcha("deteccion"), banco.en_marcha("coordinacion", lenta=6)
    inicio = time.monotonic()
    banco.enviar(1)
    banco.acuses(1)
    # Coordinación está dentro de su consulta de seis segundos; su HTTP y sus otros bucles siguen.
    despacio = 0.0
    while time.monotonic() < inicio + 4:
        antes = time.monotonic()
        assert coordinacion.pedir("/salud/vivo")[0] == 200
        despacio = max(despacio, time.monotonic() - antes)
    assert despacio < 1.0
    vida = coordinacion.salud()
    assert vida["base"]
    hasta(lambda: coordinacion.salud()["entrada"]["/gt/deteccion"]["aplicada"] == 1)
    assert time.monotonic() - inicio >= 6
    assert deteccion.listo()


def test_dos_procesos_no_comparten_puerto(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    otro = banco.arrancar("deteccion", deteccion.puerto)
    assert otro.popen.wait(timeout=20) != 0
    assert deteccion.listo()


def test_lo_que_registra_es_json_y_no_lleva_valores(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    ids = banco.enviar(3)
    banco.matar_conexiones_a_la_base("deteccion")
    banco.acuses(3)
    deteccion.terminar()
    lineas = deteccion.registros()
    assert {"servicio", "instante", "event", "level"} <= set.intersection(*(set(linea) for linea in lineas))
    diario = deteccion.diario.read_text()
    assert not any(i in diario for i in ids)
    assert INSTITUCION not in diario
