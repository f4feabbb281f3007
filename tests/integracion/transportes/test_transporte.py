"""Lo que promete `Transporte`, igual en memoria y en RabbitMQ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.mensajeria.topologia import colas_de_institucion, topologia
from infra.mensajeria.transportes import Mensaje, TopologiaAusente, TopologiaIncompatible, TransporteCaido
from tests.integracion.transportes.conftest import Banco, reunir


def cuerpos(entregas):
    return [entrega.mensaje.cuerpo for entrega in entregas]


def test_un_evento_llega_a_quien_sigue_al_origen_tal_como_se_publico(banco: Banco):
    t = banco.preparado()
    assert t.publicar([banco.evento(1, responder_a="acuses.mp")]) == [True]
    for cola in (banco.entrada, banco.otra_entrada):
        (entrega,) = reunir(t, cola, 1)
        assert entrega.mensaje == banco.evento(1, responder_a="acuses.mp")
        assert (entrega.usuario, entrega.responder_a, entrega.redelivered) == ("guest", "acuses.mp", False)


def test_el_origen_que_nadie_sigue_no_tiene_ruta_y_no_estorba_al_resto_del_lote(banco: Banco):
    t = banco.preparado()
    lote = [banco.evento(1), banco.evento(2, clave="justicia.senda.x.v1"), banco.evento(3)]
    assert t.publicar(lote) == [True, False, True]
    assert cuerpos(reunir(t, banco.entrada, 2)) == [b'{"n":1}', b'{"n":3}']


def test_dos_copias_del_mismo_id_corren_cada_una_su_suerte(banco: Banco):
    t = banco.preparado()
    sin_ruta = banco.evento(1, clave="justicia.senda.x.v1")
    assert t.publicar([banco.evento(1), sin_ruta, sin_ruta, banco.evento(1)]) == [True, False, False, True]


def test_un_lote_mayor_que_la_ventana_conserva_el_orden_de_la_cola(banco: Banco):
    t = banco.preparado()
    lote = [banco.evento(n) for n in range(1201)]
    lote[700] = banco.evento(700, clave="justicia.senda.x.v1")
    resultado = t.publicar(lote)
    assert [n for n, encaminado in enumerate(resultado) if not encaminado] == [700]
    esperados = [m.cuerpo for m in lote if m is not lote[700]]
    recibidos: list[bytes] = []
    while len(recibidos) < len(esperados):
        tramo = reunir(t, banco.entrada, 200)
        recibidos += cuerpos(tramo)
        t.confirmar(tramo)
    assert recibidos == esperados


def test_publicar_nada_no_es_nada(banco: Banco):
    assert banco.preparado().publicar([]) == []


def test_directo_a_una_cola_y_a_la_que_no_existe(banco: Banco):
    t = banco.preparado()
    directo = banco.evento(1, intercambio="", clave=banco.entrada)
    assert t.publicar([directo, replace(directo, clave=f"{banco.prefijo}nadie")]) == [True, False]
    assert reunir(t, banco.entrada, 1)[0].mensaje == directo


def test_cada_intercambio_entrega_en_la_cola_que_dice_la_topologia(banco: Banco):
    t = banco.preparado()
    n = banco.nombres
    for cola in colas_de_institucion("mp", banco.prefijo):
        t.asegurar_cola(cola)
        assert t.existe(cola.nombre)
    destinos = {
        n.entrada_de("auditoria"): (n.reenvios, "auditoria.deteccion"),
        n.solicitudes_de("deteccion"): (n.solicitudes, "deteccion"),
        n.reparaciones_de("deteccion"): (n.reparaciones, "deteccion"),
        n.acuses_de("mp"): (n.acuses, "mp"),
        n.buzon_de("mp"): (n.buzon, "mp"),
        n.muertos: (n.muertos, "lo que sea"),
    }
    lote = [Mensaje(i, clave, "otro", b"", nombre) for nombre, (i, clave) in destinos.items()]
    assert all(t.publicar(lote))
    for nombre in destinos:
        assert [e.mensaje.id for e in reunir(t, nombre, 1)] == [nombre]
    assert t.publicar([Mensaje(n.latidos, "deteccion", "latido", b"", "l")]) == [True]
    assert [e.mensaje.id for e in reunir(t, banco.entrada, 1)] == ["l"]
    for cola in colas_de_institucion("mp", banco.prefijo):
        banco.borrar_cola(cola.nombre)


def test_el_cuerpo_son_bytes_aunque_vacio_o_no_sea_texto(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(1, cuerpo=b""), banco.evento(2, cuerpo=bytes(range(256)) * 240)])
    assert cuerpos(reunir(t, banco.entrada, 2)) == [b"", bytes(range(256)) * 240]


def test_recibir_sin_nada_no_bloquea_y_no_pasa_del_maximo(banco: Banco):
    t = banco.preparado()
    assert t.recibir(banco.entrada, 10) == []
    t.publicar([banco.evento(n) for n in range(5)])
    assert len(reunir(t, banco.entrada, 2)) == 2
    assert len(reunir(t, banco.entrada, 3)) == 3
    assert t.recibir(banco.entrada, 10) == []


def test_lo_no_confirmado_vuelve_en_orden_al_cerrar_y_lo_confirmado_no(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(n) for n in range(6)])
    entregas = reunir(t, banco.entrada, 5)
    t.confirmar([entregas[0], entregas[1], entregas[3]])
    t.cerrar()
    otra = banco.abrir()
    vueltas = reunir(otra, banco.entrada, 3)
    assert cuerpos(vueltas) == [b'{"n":2}', b'{"n":4}', b'{"n":5}']
    assert [e.redelivered for e in vueltas[:2]] == [True, True]


def test_confirmar_sin_orden_y_dos_veces_confirma_solo_lo_dicho(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(n) for n in range(4)])
    entregas = reunir(t, banco.entrada, 4)
    t.confirmar([entregas[3], entregas[2]])
    t.confirmar([entregas[2], entregas[0]])
    t.confirmar([])
    t.cancelar(banco.entrada)
    assert cuerpos(reunir(t, banco.entrada, 1)) == [b'{"n":1}']
    assert t.recibir(banco.entrada, 5) == []


def test_confirmar_entregas_de_varias_colas_a_la_vez(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(n) for n in range(3)])
    t.confirmar([*reunir(t, banco.entrada, 3), *reunir(t, banco.otra_entrada, 2)])
    t.cerrar()
    otra = banco.abrir()
    assert cuerpos(reunir(otra, banco.otra_entrada, 1)) == [b'{"n":2}']
    assert otra.recibir(banco.entrada, 1) == []


def test_cancelar_devuelve_y_lo_confirmado_despues_se_ignora(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(n) for n in range(3)])
    viejas = reunir(t, banco.entrada, 2)
    t.cancelar(banco.entrada)
    t.cancelar(banco.entrada)
    assert _llega_a(lambda: t.pendientes(banco.entrada), 3)
    t.confirmar(viejas)
    t.rechazar(viejas[0], "tarde")
    assert cuerpos(reunir(t, banco.entrada, 3)) == [b'{"n":0}', b'{"n":1}', b'{"n":2}']
    assert t.recibir(banco.nombres.muertos, 1) == []


def test_rechazar_lleva_a_muertos_y_no_vuelve(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(1), banco.evento(2)])
    malo, bueno = reunir(t, banco.entrada, 2)
    t.rechazar(malo, "indescifrable")
    t.rechazar(malo, "indescifrable")
    t.confirmar([malo, bueno])
    (muerto,) = reunir(t, banco.nombres.muertos, 1)
    assert (muerto.mensaje.id, muerto.mensaje.cuerpo, muerto.mensaje.clave) == ("m1", b'{"n":1}', malo.mensaje.clave)
    assert muerto.mensaje.cabeceras["x-first-death-queue"] == banco.entrada
    assert muerto.mensaje.cabeceras["x-first-death-reason"] == "rejected"
    assert muerto.mensaje.cabeceras["x-first-death-exchange"] == banco.nombres.eventos
    assert muerto.mensaje.cabeceras["posicion"] == 1
    t.confirmar([muerto])
    t.cancelar(banco.entrada)
    assert t.recibir(banco.entrada, 5) == []
    assert t.recibir(banco.nombres.muertos, 5) == []


def test_pendientes_cuenta_lo_que_queda_por_recibir(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(n) for n in range(3)])
    assert t.pendientes(banco.entrada) == 3
    assert t.pendientes(f"{banco.prefijo}nadie") == 0


def test_preparar_dos_veces_y_desde_dos_sitios_no_cambia_nada(banco: Banco):
    t, otro = banco.preparado(), banco.preparado()
    t.preparar(banco.topologia)
    otro.publicar([banco.evento(1)])
    assert len(reunir(t, banco.entrada, 1)) == 1


def test_redeclarar_con_otros_argumentos_lo_dice_y_el_transporte_sigue(banco: Banco):
    t = banco.preparado()
    (entrada,) = (c for c in banco.topologia.colas if c.nombre == banco.entrada)
    with pytest.raises(TopologiaIncompatible, match=banco.entrada):
        t.asegurar_cola(replace(entrada, limite_de_entregas=3))
    intercambios = tuple(
        replace(i, reparto=topologia({}).intercambios[0].reparto) for i in banco.topologia.intercambios
    )
    with pytest.raises(TopologiaIncompatible, match=banco.nombres.eventos):
        t.preparar(replace(banco.topologia, intercambios=intercambios))
    assert t.publicar([banco.evento(1)]) == [True]


def test_atar_a_un_intercambio_sin_declarar(banco: Banco):
    t = banco.abrir()
    with pytest.raises(TopologiaAusente):
        t.asegurar_cola(banco.topologia.colas[-1])
    t.preparar(banco.topologia)
    assert t.viva()


def test_publicar_en_un_intercambio_que_no_existe(banco: Banco):
    t = banco.preparado()
    with pytest.raises(TopologiaAusente):
        t.publicar([banco.evento(1), banco.evento(2, intercambio=f"{banco.prefijo}nadie")])
    assert t.publicar([banco.evento(3)]) == [True]


def test_una_cola_borrada_se_nota_aunque_otra_reciba_y_preparar_la_repone(banco: Banco):
    t = banco.preparado()
    suyas = ("deteccion.#", [banco.entrada, banco.otra_entrada])
    assert t.atar(banco.nombres.eventos, *suyas) == []
    banco.borrar_cola(banco.entrada)
    assert t.publicar([banco.evento(1)]) == [True]  # la otra cola recibe: por eso hace falta `atar`
    assert t.atar(banco.nombres.eventos, *suyas) == [banco.entrada]
    assert not t.existe(banco.entrada)
    assert t.existe(banco.otra_entrada)
    banco.borrar_cola(banco.otra_entrada)
    assert t.atar(banco.nombres.eventos, *suyas) == [banco.entrada, banco.otra_entrada]
    assert t.publicar([banco.evento(2)]) == [False]
    with pytest.raises(TopologiaAusente):
        t.recibir(banco.entrada, 1)
    t.preparar(banco.topologia)
    assert t.atar(banco.nombres.eventos, *suyas) == []
    assert t.publicar([banco.evento(3)]) == [True]
    assert cuerpos(reunir(t, banco.entrada, 1)) == [b'{"n":3}']


def test_la_cola_borrada_mientras_se_consume_tambien_se_nota(banco: Banco):
    t = banco.preparado()
    t.publicar([banco.evento(1)])
    (entrega,) = reunir(t, banco.entrada, 1)
    banco.borrar_cola(banco.entrada)
    with pytest.raises(TopologiaAusente):
        t.recibir(banco.entrada, 1, espera=5)
    t.confirmar([entrega])
    t.preparar(banco.topologia)
    t.publicar([banco.evento(2)])
    assert cuerpos(reunir(t, banco.entrada, 1)) == [b'{"n":2}']


def test_cerrado_no_se_usa_y_cerrar_dos_veces_da_igual(banco: Banco):
    t = banco.preparado()
    assert t.viva()
    t.cerrar()
    t.cerrar()
    assert not t.viva()
    with pytest.raises(TransporteCaido):
        t.publicar([banco.evento(1)])
    with pytest.raises(TransporteCaido):
        t.recibir(banco.entrada, 1)


def _llega_a(medir, valor) -> bool:
    """El broker devuelve lo cancelado un instante después de responder; se pregunta unas cuantas veces."""
    return any(medir() == valor for _ in range(200))
