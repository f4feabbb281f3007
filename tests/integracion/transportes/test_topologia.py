"""Lo que se declara, sin broker."""

from __future__ import annotations

from infra.mensajeria.topologia import Atadura, Nombres, colas_de_institucion, topologia

SERVICIOS = {"deteccion": ["coordinacion"], "coordinacion": ["deteccion", "justicia"], "auditoria": ["deteccion"]}


def test_cada_cola_que_se_consume_lleva_a_muertos_y_muertos_no_da_vueltas():
    t = topologia(SERVICIOS)
    for cola in (*t.colas, *colas_de_institucion("mp")):
        if cola.nombre == t.nombres.muertos:
            assert cola.argumentos == {"x-queue-type": "quorum"}
        else:
            assert cola.argumentos["x-dead-letter-exchange"] == "senda.muertos"
            assert cola.argumentos["x-dead-letter-strategy"] == "at-least-once"


def test_solo_la_entrada_exige_un_unico_consumidor():
    unicas = {c.nombre for c in topologia(SERVICIOS).colas if "x-single-active-consumer" in c.argumentos}
    assert unicas == {f"senda.entrada.{s}" for s in SERVICIOS}


def test_la_entrada_recibe_hechos_y_latidos_de_lo_que_sigue_y_sus_reenvios():
    (entrada,) = (c for c in topologia(SERVICIOS).colas if c.nombre == "senda.entrada.coordinacion")
    assert set(entrada.ataduras) == {
        Atadura("senda.eventos", "deteccion.#"),
        Atadura("senda.eventos", "justicia.#"),
        Atadura("senda.latidos", "deteccion"),
        Atadura("senda.latidos", "justicia"),
        Atadura("senda.reenvios", "coordinacion.*"),
    }


def test_seguidoras_son_las_entradas_que_esperan_a_ese_origen():
    t = topologia(SERVICIOS)
    assert set(t.seguidoras("deteccion")) == {"senda.entrada.coordinacion", "senda.entrada.auditoria"}
    assert t.seguidoras("atencion") == ()


def test_el_prefijo_alcanza_a_todo_nombre():
    t = topologia(SERVICIOS, "p.")
    acuses, buzon = colas_de_institucion("mp", "p.")
    nombres = [i.nombre for i in t.intercambios]
    for cola in (*t.colas, acuses, buzon):
        nombres += [cola.nombre, *(a.intercambio for a in cola.ataduras), *([cola.muertos] if cola.muertos else [])]
    assert all(nombre.startswith("p.senda.") for nombre in nombres)
    assert (acuses.nombre, buzon.nombre) == (Nombres("p.").acuses_de("mp"), Nombres("p.").buzon_de("mp"))
