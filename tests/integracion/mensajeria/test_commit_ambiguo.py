"""La base confirma y la respuesta se pierde: al reintentar hay un solo efecto, un acuse cada una y ningún hueco."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from infra.almacen.esquema import bandeja, entrada, marcas
from infra.almacen.motor import abrir_motor, base_caida, leyendo
from infra.anfitrion.estacion import Estacion
from tests.integracion.mensajeria.corte import Corte
from tests.integracion.mensajeria.sistema import Contador, Sistema

pytestmark = pytest.mark.real


@pytest.fixture
def corte(sistema_real: Sistema) -> Iterator[Corte]:
    url = sa.make_url(sistema_real.pila.url)
    abierto = Corte((url.host or "127.0.0.1", url.port or 5432))
    yield abierto
    abierto.cerrar()


def tras_el_corte(sistema: Sistema, servicio: Contador, corte: Corte) -> Estacion:
    """Una réplica del servicio cuya base está al otro lado del intermediario."""
    url, esquema = sistema.pila.direccion(servicio.nombre)
    motor = abrir_motor(
        sa.make_url(url).set(host="127.0.0.1", port=corte.puerto).render_as_string(hide_password=False), esquema
    )
    sistema.pila.al_cerrar(motor.dispose)
    estacion = sistema.montar(servicio, motor)
    for bucle in estacion.bucles:
        sistema.pila.al_cerrar(bucle.transporte.cerrar)
    return estacion


def cortando(corte: Corte, paso: Callable[[], object]) -> None:
    corte.armar()
    antes = corte.cortes
    with pytest.raises(Exception) as fallo:
        paso()
    assert base_caida(fallo.value)
    assert corte.cortes == antes + 1


def test_al_atender_la_que_llega(sistema_real: Sistema, corte: Corte):
    """Queda atendida y sin confirmar al bus: vuelve, y la segunda copia recibe los mismos bytes."""
    estacion = tras_el_corte(sistema_real, sistema_real.origen, corte)
    sistema_real.enviar(sistema_real.componer())
    cortando(corte, lambda: estacion.solicitudes.recibir(5))
    assert estacion.solicitudes.recibir(5)
    sistema_real.reposo()
    assert sistema_real.filas(bandeja) == 0
    assert sistema_real.hechos() == 1
    assert len(set(sistema_real.acuses(2))) == 1


def test_al_atender_las_de_la_bandeja(sistema_real: Sistema, corte: Corte):
    def fallar(*_: object) -> None:
        raise KeyError

    estacion = tras_el_corte(sistema_real, sistema_real.origen, corte)
    sistema_real.origen.al_atender = fallar
    sistema_real.enviar(*(sistema_real.componer() for _ in range(5)))
    while sistema_real.filas(bandeja) < 5:
        estacion.solicitudes.recibir(5)
    sistema_real.origen.al_atender = lambda *_: None
    cortando(corte, estacion.solicitudes.atender)
    assert not estacion.solicitudes.atender()
    sistema_real.reposo()
    assert sistema_real.hechos() == 5
    assert len(set(sistema_real.acuses(5))) == 5


def test_al_recibir_y_al_aplicar_un_hecho(sistema_real: Sistema, corte: Corte):
    estacion = tras_el_corte(sistema_real, sistema_real.destino, corte)
    for bucle in sistema_real.coordinacion.bucles:
        bucle.transporte.cerrar()
    sistema_real.planificador.estaciones = [sistema_real.deteccion]
    rutas = sistema_real.contar(5)
    sistema_real.reposo()
    estacion.entrada.en_pausa = lambda: True
    cortando(corte, lambda: estacion.entrada.recibir(5))
    sistema_real.planificador.estaciones = [estacion]
    while sistema_real.filas(entrada, estacion) < 5 or estacion.entrada.recibir(0.2):
        estacion.entrada.recibir(1)
    cortando(corte, estacion.entrada.aplicar)
    assert not estacion.entrada.aplicar()
    assert sistema_real.efectos(estacion) == [str(r) for r in rutas]


def test_al_aplicar_el_hecho_que_llega(sistema_real: Sistema, corte: Corte):
    """Queda guardado y aplicado sin confirmar al bus: vuelve, y no hace nada."""
    estacion = tras_el_corte(sistema_real, sistema_real.destino, corte)
    for bucle in sistema_real.coordinacion.bucles:
        bucle.transporte.cerrar()
    sistema_real.planificador.estaciones = [sistema_real.deteccion]
    rutas = sistema_real.contar(5)
    sistema_real.reposo()
    cortando(corte, lambda: estacion.entrada.recibir(5))
    sistema_real.planificador.estaciones = [estacion]
    sistema_real.reposo()
    assert sistema_real.efectos(estacion) == [str(r) for r in rutas]


def test_al_mover_la_marca_del_relevo(sistema_real: Sistema, corte: Corte):
    estacion = tras_el_corte(sistema_real, sistema_real.origen, corte)
    rutas = sistema_real.contar(3)
    assert estacion.relevo.paso()
    rutas += sistema_real.contar(3)
    cortando(corte, estacion.relevo.paso)
    assert not estacion.relevo.paso()
    with leyendo(estacion.almacen.motor) as conexion:
        assert conexion.scalar(sa.select(marcas.c.posicion)) == 6
    sistema_real.reposo()
    assert sistema_real.efectos() == [str(r) for r in rutas]
