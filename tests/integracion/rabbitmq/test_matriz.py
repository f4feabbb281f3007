"""La matriz contra un broker de verdad: todo lo indebido, denegado; y si algo se abre, se ve y no se rompe nada."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from infra.mensajeria.transportes.base import Mensaje
from infra.rabbitmq.matriz import Accion, Intento, Resultado, intentos, probar
from senda.orden.matriz_bus import imprimir
from tests.integracion.rabbitmq.conftest import VHOST, BusSeguro, solicitud

pytestmark = pytest.mark.real
PARECIDAS = ("GT-PGN", "GT-PGN2", "GT-MP")


def _malos(resultados: list[Resultado]) -> list[Resultado]:
    return [r for r in resultados if not r.bien]


def _impresa(resultados: list[Resultado]) -> str:
    consola = Console(file=io.StringIO(), width=200)
    imprimir(resultados, consola, todo=False)
    texto = consola.file
    assert isinstance(texto, io.StringIO)
    return texto.getvalue()


def test_todo_lo_indebido_se_niega_y_lo_debido_se_permite(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad(*PARECIDAS, suspendidas=("GT-IDA",))
    bus_seguro.aplicar(querida)
    resultados = list(probar(querida, bus_seguro.url))
    assert _malos(resultados) == []
    assert {r.intento.accion for r in resultados} == set(Accion)
    assert {r.intento.usuario for r in resultados} == {u.nombre for u in querida.usuarios}
    impresa = _impresa(resultados)
    assert "PERMITIDO" not in impresa.partition("Lo debido")[0]
    assert "denegados; los debidos, permitidos" in impresa


def test_lo_que_importa_esta_en_la_matriz(bus_seguro: BusSeguro):
    todos = set(intentos(bus_seguro.seguridad(*PARECIDAS)))
    for intento in (
        Intento("GT-PGN", Accion.CONSUMIR, "senda.acuses.GT-PGN", debido=True),
        Intento("GT-PGN", Accion.CONSUMIR, "senda.acuses.GT-PGN2"),
        Intento("GT-PGN", Accion.CONSUMIR, "senda.buzon.GT-MP"),
        Intento("GT-PGN", Accion.PURGAR, "senda.buzon.GT-MP"),
        Intento("GT-PGN", Accion.CONSUMIR, "senda.entrada.auditoria"),
        Intento("GT-PGN", Accion.BORRAR_COLA, "senda.buzon.GT-PGN"),
        Intento("GT-PGN", Accion.PUBLICAR, "senda.acuses", "senda.matriz"),
        Intento("GT-PGN", Accion.PUBLICAR, "senda.eventos", "deteccion.senda.matriz"),
        Intento("GT-PGN", Accion.PUBLICAR_COMO, "senda.solicitudes", "deteccion", como="GT-MP"),
        Intento("portal", Accion.PUBLICAR_COMO, "senda.solicitudes", "deteccion", como="GT-MP"),
        Intento("deteccion", Accion.PUBLICAR, "senda.eventos", "deteccion.senda.matriz", debido=True),
        Intento("deteccion", Accion.PUBLICAR, "senda.eventos", "coordinacion.senda.matriz"),
        Intento("deteccion", Accion.PUBLICAR, "senda.latidos", "coordinacion"),
        Intento("deteccion", Accion.PUBLICAR, "senda.reenvios", "senda.coordinacion"),
        Intento("deteccion", Accion.PUBLICAR, "senda.buzon", "senda.matriz"),
        Intento("deteccion", Accion.CONSUMIR, "senda.solicitudes.coordinacion"),
        Intento("deteccion", Accion.ATAR, "senda.entrada.coordinacion", "senda.solicitudes senda.matriz"),
        Intento("deteccion", Accion.ATAR, "senda.entrada.auditoria", "senda.eventos coordinacion.senda.matriz"),
        Intento("deteccion", Accion.ATAR, "senda.solicitudes.deteccion", "senda.eventos deteccion.senda.matriz"),
    ):
        assert intento in todos, intento


@pytest.mark.parametrize("usuario", ["GT-PGN", "deteccion"])
def test_con_permisos_de_mas_la_matriz_lo_ve_todo_y_no_destruye_nada(bus_seguro: BusSeguro, usuario: str):
    querida = bus_seguro.seguridad(*PARECIDAS)
    bus_seguro.aplicar(querida)
    de_mas = {"configure": ".*", "write": ".*", "read": ".*"}
    bus_seguro.gestion.poner(de_mas, "permissions", VHOST, usuario)
    bus_seguro.gestion.borrar("topic-permissions", VHOST, usuario)
    coordinacion = bus_seguro.como("coordinacion")
    assert coordinacion.publicar([Mensaje("senda.buzon", "GT-MP", "aviso", b"{}", "b1")]) == [True]

    malos = _malos(list(probar(querida, bus_seguro.url)))

    assert {m.intento.usuario for m in malos} == {usuario}
    # Publicar como otro lo niega el broker aunque se tengan todos los permisos.
    assert {m.intento.accion for m in malos} == set(Accion) - {Accion.PUBLICAR_COMO, Accion.MIRAR}
    assert "No es como debe" in _impresa(malos)
    assert len(bus_seguro.como("GT-MP").recibir("senda.buzon.GT-MP", 10, espera=5)) == 1
    assert {c["name"] for c in bus_seguro.gestion.leer("queues", VHOST)} == {c.nombre for c in querida.colas}
    assert bus_seguro.aplicar(querida).cambiados == (usuario,)
    assert _malos(list(probar(querida, bus_seguro.url))) == []


def test_quien_no_entra_queda_sin_comprobar_y_no_pasa_por_bueno(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad("GT-PGN")
    bus_seguro.aplicar(querida)
    bus_seguro.gestion.borrar("users", "GT-PGN")
    resultados = [
        r for r in probar(querida, lambda u: bus_seguro.url(u) if u == "GT-PGN" else None) if r.intento.usuario
    ]
    assert {r.permitido for r in resultados} == {None}
    assert not any(r.bien for r in resultados)
    assert "Sin comprobar" in _impresa(resultados)


def test_la_sonda_no_deja_nada_en_ninguna_cola(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad(*PARECIDAS)
    bus_seguro.aplicar(querida)
    assert bus_seguro.como("GT-PGN").publicar([solicitud()]) == [True]
    list(probar(querida, bus_seguro.url))
    administrador = bus_seguro.administrador()
    con_algo = {c.nombre for c in querida.colas if administrador.pendientes(c.nombre)}
    assert con_algo == {"senda.solicitudes.deteccion"}
    (entrega,) = bus_seguro.como("deteccion").recibir("senda.solicitudes.deteccion", 5, espera=5)
    assert not entrega.redelivered
