"""Qué avisos de buzón confirmó el bus y cuándo, y en qué orden surtió efecto lo ajeno: lo que ningún hecho dice."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from eventos.base import CATALOGO
from infra.almacen.esquema import aplicaciones, entregas
from infra.almacen.motor import leyendo
from infra.anfitrion.estacion import Estacion
from infra.mensajeria.apartados import Reproceso
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.transportes import TransporteCaido
from tests.integracion.mensajeria.sistema import INSTITUCION, ORIGEN, Sistema, muere_tras_publicar


def dejar(
    sistema: Sistema, id_mensaje: str = "e1.GT-PGN", intercambio: str = "buzon", clave: str = INSTITUCION
) -> None:
    with sistema.deteccion.almacen.tanda() as tanda:
        tanda.enviar(intercambio=intercambio, clave=clave, tipo="aviso", cuerpo=b"aviso", id_mensaje=id_mensaje)


def apuntadas(sistema: Sistema) -> list[tuple[str, str, datetime]]:
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        consulta = sa.select(entregas.c.institucion, entregas.c.mensaje, entregas.c.instante)
        return [tuple(fila) for fila in conexion.execute(consulta.order_by(entregas.c.numero))]


def aplicados(estacion: Estacion) -> list[tuple[str, int, int, int]]:
    with leyendo(estacion.almacen.motor) as conexion:
        columnas = aplicaciones.c
        consulta = sa.select(columnas.origen, columnas.desde, columnas.hasta, columnas.tras)
        return [tuple(fila) for fila in conexion.execute(consulta.order_by(columnas.numero))]


def test_consta_cuando_lo_confirmo_el_bus_y_no_cuando_se_dejo(sistema: Sistema):
    dejar(sistema)
    sistema.pasan(hours=3)
    sistema.reposo()
    assert apuntadas(sistema) == [(INSTITUCION, "e1.GT-PGN", sistema.reloj.ahora())]


def test_solo_los_avisos_de_buzon(sistema: Sistema):
    dejar(sistema, "a1", intercambio="acuses")
    dejar(sistema, "r1", intercambio="reparaciones", clave="deteccion")
    sistema.reposo()
    assert apuntadas(sistema) == []


def test_lo_que_el_bus_no_confirma_no_consta(sistema: Sistema, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sistema.deteccion.relevo.transporte, "publicar", lambda ms: [False] * len(ms))
    dejar(sistema)
    sistema.deteccion.relevo.paso()
    assert apuntadas(sistema) == []
    monkeypatch.undo()
    sistema.hasta(lambda: apuntadas(sistema))


def test_un_aviso_repetido_deja_otra_fila_y_la_primera_sigue(sistema: Sistema):
    dejar(sistema)
    sistema.reposo()
    primera = sistema.reloj.ahora()
    sistema.pasan(days=2)
    dejar(sistema)
    sistema.reposo()
    assert [instante for _, _, instante in apuntadas(sistema)] == [primera, primera + timedelta(days=2)]


def test_si_muere_entre_confirmar_y_marcar_consta_al_repetirlo(sistema: Sistema):
    dejar(sistema)
    relevo = sistema.deteccion.relevo
    with muere_tras_publicar(relevo), pytest.raises(TransporteCaido):
        relevo.paso()
    assert apuntadas(sistema) == []
    sistema.reposo()
    assert [mensaje for _, mensaje, _ in apuntadas(sistema)] == ["e1.GT-PGN"]


def test_quien_perdio_el_arriendo_no_apunta(sistema: Sistema, monkeypatch: pytest.MonkeyPatch):
    """El otro titular lo manda otra vez y lo apunta él: quitar de la salida y apuntar van juntos, o ninguno."""
    dejar(sistema)
    relevo = sistema.deteccion.relevo
    with monkeypatch.context() as parche:
        parche.setattr(Arriendo, "vigente", lambda *_: False)
        relevo.paso()
    assert apuntadas(sistema) == []


def test_consta_tras_que_hecho_propio_se_aplico_cada_lote_ajeno(sistema: Sistema):
    sistema.contar(3)
    sistema.reposo()
    sistema.contar(45)
    sistema.reposo()
    tramos = aplicados(sistema.coordinacion)
    assert [t[1] for t in tramos] == [1, *(hasta + 1 for _, _, hasta, _ in tramos[:-1])]
    assert tramos[-1][2] == 48
    assert {t[0] for t in tramos} == {ORIGEN}
    assert aplicados(sistema.deteccion) == []


def test_lo_apartado_consta_otra_vez_al_reprocesarlo(sistema: Sistema, monkeypatch: pytest.MonkeyPatch):
    tipo = next(t for t in CATALOGO if "presunta-victima-detectada" in t)
    with monkeypatch.context() as parche:
        parche.delitem(CATALOGO, tipo)
        rutas: list[UUID] = sistema.contar(2)
        sistema.hasta(lambda: sistema.filas(aplicaciones, sistema.coordinacion))
        assert sistema.efectos() == []
    reproceso = Reproceso(sistema.coordinacion.almacen, sistema.destino)
    for ruta in rutas:
        reproceso.reprocesar(str(ruta))
    assert sorted(aplicados(sistema.coordinacion)[-2:]) == [(ORIGEN, 1, 1, 0), (ORIGEN, 2, 2, 0)]
