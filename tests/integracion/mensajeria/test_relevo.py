"""El relevo no pierde ni adelanta: su marca solo avanza por lo que el bus confirmó y encaminó."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from infra.almacen.esquema import entrada, marcas, salida
from infra.almacen.motor import leyendo
from infra.anfitrion.estacion import Estacion
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.labor import Labor
from infra.mensajeria.saliente import urgentes_sin_entregar
from infra.mensajeria.topologia import Cola
from infra.mensajeria.transportes import Mensaje, TopologiaIncompatible, TransporteCaido
from infra.reloj import RelojSimulado
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema, muere_tras_publicar
from tests.integracion.pilas import Pila


def marca(sistema: Sistema) -> int:
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        return conexion.scalar(sa.select(marcas.c.posicion)) or 0


def escribir(sistema: Sistema, **cambios: object) -> None:
    """Deja un mensaje en la salida de detección."""
    campos: dict[str, Any] = {
        "intercambio": "acuses",
        "clave": INSTITUCION,
        "tipo": "acuse",
        "cuerpo": b"recibo",
        **cambios,
    }
    with sistema.deteccion.almacen.tanda() as tanda:
        tanda.enviar(**campos)


def relevar(estacion: Estacion) -> int:
    """Pasos del relevo hasta que no publique; devuelve cuántos publicaron."""
    veces = 0
    while estacion.relevo.paso():
        veces += 1
    return veces


def test_publica_por_tramos_y_la_marca_llega_al_final(sistema: Sistema):
    sistema.contar(45)
    assert relevar(sistema.deteccion) == 3
    assert marca(sistema) == 45
    assert not sistema.deteccion.relevo.paso()


def test_si_falta_la_cola_de_quien_sigue_se_nota_y_se_repone(sistema: Sistema):
    """Con otra cola atada el broker confirma y no devuelve nada: se habría perdido en silencio."""
    otra = Cola(f"{sistema.pila.prefijo}otra", (sistema.topologia.colas[4].ataduras[0],))
    sistema.fuera.asegurar_cola(otra)
    sistema.pila.borrar_cola(sistema.entrada)
    sistema.contar(3)
    with structlog.testing.capture_logs() as registro:
        sistema.reposo()
    assert any(r["event"] == "falta-cola" and r["colas"] == [sistema.entrada] for r in registro)
    assert len(sistema.efectos()) == 3
    sistema.pila.borrar_cola(otra.nombre)


def test_se_borra_todo_el_broker_y_al_volver_no_falta_nada(sistema: Sistema):
    rutas = sistema.contar(5)
    relevar(sistema.deteccion)
    sistema.pila.borrar_topologia(sistema.topologia)
    rutas += sistema.contar(5)
    sistema.hasta(lambda: len(sistema.efectos()) == 10)
    assert sistema.efectos() == [str(r) for r in rutas]


def test_un_hecho_sin_ruta_no_mueve_la_marca_y_se_reintenta(sistema: Sistema, monkeypatch):
    relevo = sistema.deteccion.relevo
    publicar = relevo.transporte.publicar
    monkeypatch.setattr(relevo.transporte, "publicar", lambda ms: [*publicar(ms)[:2], *[False] * (len(ms) - 2)])
    sistema.contar(5)
    assert relevo.paso()
    assert marca(sistema) == 2
    monkeypatch.setattr(relevo.transporte, "publicar", lambda ms: [False] * len(ms))
    assert not relevo.paso()
    assert relevo.proximo() == sistema.reloj.ahora() + sistema.ajustes.retroceso(2)
    monkeypatch.undo()
    sistema.hasta(lambda: len(sistema.efectos()) == 5)
    assert marca(sistema) == 5


def test_si_muere_entre_publicar_y_marcar_lo_repetido_se_descarta(sistema: Sistema):
    rutas = sistema.contar(5)
    relevo = sistema.deteccion.relevo
    with muere_tras_publicar(relevo), pytest.raises(TransporteCaido):
        relevo.paso()
    assert marca(sistema) == 0
    sistema.reposo()
    assert marca(sistema) == 5
    assert sistema.efectos() == [str(r) for r in rutas]
    assert sistema.filas(entrada, sistema.coordinacion) == 5


def test_dos_relevos_y_el_congelado_no_mueve_la_marca(sistema: Sistema, monkeypatch):
    """El primero publica y se congela sin marcar; el segundo hereda al vencer el arriendo; el primero despierta."""
    congelado, heredero = sistema.deteccion, sistema.montar(sistema.origen)
    sistema.contar(3)
    publicar = congelado.relevo.transporte.publicar

    def publicar_y_congelarse(mensajes: list[Mensaje]) -> list[bool]:
        resultado = publicar(mensajes)
        assert not heredero.relevo.paso()  # aún no venció
        assert heredero.relevo.proximo() == sistema.reloj.ahora() + sistema.ajustes.arriendo
        sistema.pasan(seconds=sistema.ajustes.arriendo.total_seconds() + 1)
        sistema.contar(2)
        assert relevar(heredero) == 1
        assert marca(sistema) == 5
        return resultado

    with monkeypatch.context() as parche:
        parche.setattr(congelado.relevo.transporte, "publicar", publicar_y_congelarse)
        assert not congelado.relevo.paso()
    assert marca(sistema) == 5
    sistema.contar(1)
    assert not congelado.relevo.paso()
    assert relevar(heredero) == 1
    sistema.reposo()
    assert len(sistema.efectos()) == 6
    for bucle in heredero.bucles:
        bucle.transporte.cerrar()


def test_el_titular_renueva_sin_escribir_en_cada_paso(sistema: Sistema):
    sistema.contar(1)
    relevar(sistema.deteccion)
    ordenes: list[str] = []
    sa.event.listen(sistema.deteccion.almacen.motor, "before_cursor_execute", lambda *a: ordenes.append(a[2]))
    sistema.contar(1)
    relevar(sistema.deteccion)
    assert not [o for o in ordenes if "UPDATE arriendos" in o]
    sistema.pasan(seconds=sistema.ajustes.arriendo.total_seconds() * 0.6)
    sistema.contar(1)
    relevar(sistema.deteccion)
    assert [o for o in ordenes if "UPDATE arriendos" in o]


def test_la_reserva_no_pregunta_nada_hasta_que_vence_el_arriendo(sistema: Sistema):
    titular, reserva = sistema.deteccion, sistema.montar(sistema.origen)
    sistema.contar(1)
    assert relevar(titular) == 1
    sistema.contar(1)
    assert not reserva.relevo.paso()
    ordenes: list[str] = []
    sa.event.listen(reserva.almacen.motor, "before_cursor_execute", lambda *a: ordenes.append(a[2]))
    assert not reserva.relevo.paso()
    assert ordenes == []
    # Si el reloj estaba adelantado y se corrige, lo que se sabía del arriendo ya no dice nada.
    reserva.almacen.reloj = RelojSimulado(sistema.reloj.ahora() - timedelta(days=3))
    reserva.relevo.paso()
    assert ordenes
    for bucle in reserva.bucles:
        bucle.transporte.cerrar()


def test_un_mensaje_sin_cola_no_detiene_los_hechos_ni_los_demas(sistema: Sistema):
    escribir(sistema, intercambio="reparaciones", clave="nadie", tipo="reparacion")
    escribir(sistema)
    sistema.contar(2)
    sistema.reposo()
    assert sistema.acuses(1) == [b"recibo"]
    assert len(sistema.efectos()) == 2
    assert sistema.filas(salida) == 1
    sistema.hasta(lambda: _intentos(sistema) >= 3)


def test_una_respuesta_que_el_broker_veda_no_detiene_lo_demas(sistema: Sistema, monkeypatch: pytest.MonkeyPatch):
    """En un bus con permisos nadie escribe en una cola suelta, y cualquiera puede pedirlo en `reply_to`."""
    transporte = sistema.deteccion.relevo.transporte
    publicar = transporte.publicar

    def con_permisos(mensajes: Sequence[Mensaje]) -> list[bool]:
        if any(not m.intercambio for m in mensajes):
            raise TopologiaIncompatible("ACCESS_REFUSED")
        return publicar(mensajes)

    monkeypatch.setattr(transporte, "publicar", con_permisos)
    escribir(sistema, intercambio="", clave="cola-de-alguien")
    escribir(sistema)
    sistema.contar(2)
    sistema.reposo()
    assert sistema.acuses(1) == [b"recibo"]
    assert len(sistema.efectos()) == 2
    sistema.hasta(lambda: sistema.filas(salida) == 0)


def _intentos(sistema: Sistema) -> int:
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        return conexion.scalar(sa.select(salida.c.intentos)) or 0


def test_la_cola_de_una_institucion_borrada_se_declara_otra_vez(sistema: Sistema):
    escribir(sistema)
    sistema.reposo()
    sistema.acuses(1)
    sistema.fuera.cancelar(sistema.nombres.acuses_de(INSTITUCION))
    sistema.pila.borrar_cola(sistema.nombres.acuses_de(INSTITUCION))
    escribir(sistema)
    sistema.hasta(lambda: sistema.filas(salida) == 0)
    assert sistema.acuses(1) == [b"recibo"]


def test_con_la_cola_de_quien_no_lee_no_se_insiste_y_cuando_lee_sale_todo(sistema: Sistema, monkeypatch):
    """Se prueba con un mensaje, cada vez más tarde; los demás esperan a esa prueba, y lo de otras colas no espera."""
    relevo, ajustes = sistema.deteccion.relevo, sistema.ajustes
    publicar, intentos, llena = relevo.transporte.publicar, [0], [True]

    def no_cabe(mensajes: Sequence[Mensaje]) -> list[bool]:
        suyos = [m for m in mensajes if m.intercambio == sistema.nombres.acuses]
        intentos[0] += len(suyos)
        return [m not in suyos and publicar([m])[0] for m in mensajes] if llena[0] else publicar(mensajes)

    monkeypatch.setattr(relevo.transporte, "publicar", no_cabe)
    for _ in range(5):
        escribir(sistema)
    relevar(sistema.deteccion)
    assert (intentos[0], relevo.llenas.instituciones) == (5, {INSTITUCION})
    for prueba in range(1, 4):
        escribir(sistema)  # lo nuevo tampoco se intenta: no cabría
        escribir(sistema, intercambio="buzon", tipo="aviso", cuerpo=b"aviso")
        relevar(sistema.deteccion)
        assert (intentos[0], sistema.filas(salida)) == (4 + prueba, 5 + prueba)
        sistema.pasan(seconds=ajustes.retroceso(prueba).total_seconds())
        relevar(sistema.deteccion)
        assert (intentos[0], sistema.filas(salida)) == (5 + prueba, 5 + prueba)
    llena[0] = False
    sistema.pasan(seconds=ajustes.retroceso(4).total_seconds())
    assert relevo.paso() is Labor.QUEDA  # la prueba salió: lo demás no espera
    assert sistema.filas(salida) == 7
    relevar(sistema.deteccion)
    assert (sistema.filas(salida), relevo.llenas.instituciones) == (0, set())
    assert sistema.acuses(8) == [b"recibo"] * 8
    assert len(sistema.acuses(3, sistema.nombres.buzon_de(INSTITUCION))) == 3


def _cuando(sistema: Sistema, monkeypatch: pytest.MonkeyPatch, veda: Callable[[Mensaje], bool], error: Exception):
    """El bus no admite una publicación que lleve alguno así; ``error``: lo que lanza."""
    transporte = sistema.deteccion.relevo.transporte
    publicar = transporte.publicar

    def con_veda(mensajes: Sequence[Mensaje]) -> list[bool]:
        if any(map(veda, mensajes)):
            raise error
        return publicar(mensajes)

    monkeypatch.setattr(transporte, "publicar", con_veda)


def test_lo_que_el_broker_veda_de_la_salida_no_detiene_los_hechos(sistema: Sistema, monkeypatch):
    """Un servicio nuevo que escribe en el buzón antes de que se apliquen sus permisos: sus hechos salen igual."""
    _cuando(sistema, monkeypatch, lambda m: m.intercambio == sistema.nombres.buzon, TopologiaIncompatible("403"))
    escribir(sistema, intercambio="buzon", tipo="aviso")
    sistema.contar(2)
    for _ in range(2):
        with pytest.raises(TopologiaIncompatible):
            sistema.deteccion.relevo.paso()
        assert (marca(sistema), sistema.filas(salida)) == (2, 1)


def test_lo_que_el_broker_veda_de_los_hechos_no_detiene_los_acuses(sistema: Sistema, monkeypatch):
    _cuando(sistema, monkeypatch, lambda m: m.intercambio == sistema.nombres.eventos, TopologiaIncompatible("403"))
    escribir(sistema)
    sistema.contar(2)
    with pytest.raises(TopologiaIncompatible):
        sistema.deteccion.relevo.paso()
    assert (marca(sistema), sistema.filas(salida)) == (0, 0)


def test_una_respuesta_a_una_cola_que_calla_no_detiene_lo_demas(sistema: Sistema, monkeypatch):
    _cuando(sistema, monkeypatch, lambda m: not m.intercambio, TransporteCaido("no confirma"))
    escribir(sistema, intercambio="", clave="cola-de-alguien")
    escribir(sistema)
    sistema.contar(2)
    with pytest.raises(TransporteCaido):
        sistema.deteccion.relevo.paso()
    assert (marca(sistema), sistema.filas(salida)) == (2, 1)


def test_si_no_se_pueden_atar_las_seguidoras_los_acuses_salen(sistema: Sistema, monkeypatch):
    def caer(*_: object) -> list[str]:
        raise TransporteCaido

    relevo = sistema.deteccion.relevo
    monkeypatch.setattr(relevo.transporte, "atar", caer)
    escribir(sistema)
    sistema.contar(2)
    with pytest.raises(TransporteCaido):
        relevo.paso()
    assert (marca(sistema), sistema.filas(salida)) == (0, 0)


def test_con_mas_filas_aplazadas_que_el_lote_no_se_duerme(pila: Pila, monkeypatch):
    """Todas vencen a la vez: si solo se mirase un lote y se citase la siguiente, ya vencida, esperarían al sondeo."""
    sistema = Sistema(pila, Ajustes(lote_relevo=2))
    relevo = sistema.deteccion.relevo
    publicar = relevo.transporte.publicar
    monkeypatch.setattr(
        relevo.transporte, "publicar",
        lambda ms: [m.intercambio != sistema.nombres.acuses and publicar([m])[0] for m in ms],
    )  # fmt: skip
    for _ in range(5):
        escribir(sistema)
    relevar(sistema.deteccion)
    sistema.pasan(seconds=sistema.ajustes.retroceso(1).total_seconds())
    assert relevo.paso() is Labor.QUEDA
    relevar(sistema.deteccion)
    assert relevo.proximo() == sistema.reloj.ahora() + sistema.ajustes.retroceso(2)


def test_lo_urgente_sin_entregar_se_ve(sistema: Sistema):
    almacen, ajustes = sistema.deteccion.almacen, sistema.ajustes
    escribir(sistema, intercambio="reparaciones", clave="nadie", urgente=True)
    sistema.reposo()

    def urgentes() -> int:
        with leyendo(almacen.motor) as conexion:
            return urgentes_sin_entregar(conexion, sistema.reloj.ahora(), ajustes)

    assert urgentes() == 0
    sistema.pasan(seconds=ajustes.alarma_urgente.total_seconds())
    assert urgentes() == 1


def test_el_bus_caido_no_pierde_ni_marca_nada(sistema: Sistema, monkeypatch):
    sistema.contar(2)
    escribir(sistema)
    relevo = sistema.deteccion.relevo

    def caer(_: list[Mensaje]) -> list[bool]:
        raise TransporteCaido

    with monkeypatch.context() as parche:
        parche.setattr(relevo.transporte, "publicar", caer)
        for _ in range(3):
            with pytest.raises(TransporteCaido):
                relevo.paso()
    assert (marca(sistema), sistema.filas(salida)) == (0, 1)
    sistema.reposo()
    assert len(sistema.efectos()) == 2
    sistema.acuses(1)


def test_el_latido_se_repite_solo_si_hay_algo_que_decir(sistema: Sistema):
    sistema.reposo()
    assert sistema.deteccion.pulso.proximo() is None
    sistema.contar(1)
    sistema.reposo()
    assert sistema.deteccion.pulso.proximo() is None
    sistema.contar(1)
    sistema.reposo()
    assert sistema.deteccion.pulso.proximo() == sistema.reloj.ahora() + sistema.ajustes.latido
    sistema.hasta(lambda: sistema.deteccion.pulso.proximo() is None)


def test_en_reposo_nadie_gira_en_vacio(sistema: Sistema):
    """Ni pasos avisados ni citas vencidas: quien duerme hasta la próxima cita duerme de verdad."""
    sistema.destino.vencen = [sistema.reloj.ahora() + timedelta(hours=1)]
    sistema.contar(3)
    sistema.enviar(sistema.componer())
    sistema.reposo()
    for estacion in sistema.planificador.estaciones:
        for paso in estacion.pasos:
            assert not paso.toca(sistema.reloj.ahora()), paso.nombre
    cita = sistema.planificador.proximo()
    assert cita is not None
    assert cita > sistema.reloj.ahora()


def test_los_plazos_vencen_una_vez_y_a_su_hora(sistema: Sistema):
    cita = sistema.reloj.ahora() + timedelta(hours=1)
    sistema.destino.vencen = [cita, cita]
    sistema.coordinacion.plazos.ajustes = sistema.ajustes
    for paso in sistema.coordinacion.pasos:
        paso.avisar()
    sistema.hasta(lambda: not sistema.destino.vencen)
    assert sistema.reloj.ahora() >= cita
