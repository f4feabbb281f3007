"""Quién puede qué en el bus, sin broker: las expresiones son exactas."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.mensajeria.topologia import topologia
from infra.rabbitmq.permisos import ETIQUETA, Papel, Seguridad, Usuario, exacta, seguridad

SERVICIOS = {"deteccion": ["coordinacion"], "coordinacion": ["deteccion"], "auditoria": ["deteccion", "coordinacion"]}
PARECIDOS = ("GT-PGN", "GT-PGN2", "XG-PGN", "GT-PGN-1", "GT-PG", "GT-P.N", "GT-PGNX")
CODIGOS = st.from_regex(r"[A-Z]{2}-[A-Z0-9]{2,6}(-[A-Z0-9]{1,3})?", fullmatch=True)


def bus(*activas: str, suspendidas: tuple[str, ...] = (), prefijo: str = "") -> Seguridad:
    return seguridad(topologia(SERVICIOS, prefijo), tuple(SERVICIOS), activas, suspendidas, reparten=["coordinacion"])


def casan(expresion: str, nombres: list[str]) -> set[str]:
    """Como lo mira el broker: en cualquier parte del nombre."""
    return {nombre for nombre in nombres if re.search(expresion, nombre)}


def todos(s: Seguridad) -> list[str]:
    nombres = [c.nombre for c in s.colas] + [i.nombre for i in s.topologia.intercambios]
    alrededor = [f(n) for n in nombres for f in (lambda n: f"x{n}", lambda n: f"{n}x", lambda n: f"{n}\n")]
    return [*nombres, *alrededor, "", "amq.default", "amq.topic", "amq.gen-x"]


@given(st.lists(CODIGOS | st.sampled_from(PARECIDOS), unique=True, min_size=1, max_size=8))
def test_una_institucion_solo_alcanza_sus_dos_colas_y_el_intercambio_de_solicitudes(codigos: list[str]):
    s = bus(*codigos)
    for codigo in codigos:
        ella = s.usuario(codigo)
        assert casan(ella.leer, todos(s)) == {f"senda.acuses.{codigo}", f"senda.buzon.{codigo}"}
        assert casan(ella.escribir, todos(s)) == {"senda.solicitudes"}


@given(st.sampled_from(PARECIDOS), st.sampled_from(PARECIDOS))
def test_un_codigo_parecido_no_es_el_mismo(una: str, otra: str):
    assert bool(re.search(exacta([f"senda.buzon.{una}"]), f"senda.buzon.{otra}")) is (una == otra)


def test_nadie_configura_nada():
    s = bus("GT-PGN", "GT-MP")
    con_nombre = [nombre for nombre in todos(s) if nombre]
    assert all(not casan(u.configurar, con_nombre) for u in s.usuarios)


def test_un_servicio_lee_lo_suyo_y_publica_como_el_origen_que_es():
    s = bus("GT-PGN")
    n = s.topologia.nombres
    for u in s.usuarios:
        if u.papel is not Papel.SERVICIO:
            continue
        suyas = {n.entrada_de(u.nombre), n.solicitudes_de(u.nombre), n.reparaciones_de(u.nombre)}
        assert casan(u.leer, todos(s)) == {*suyas, n.eventos}
        assert (n.buzon in u.escribe) is (u.nombre == "coordinacion")
        assert not casan(u.escribir, ["amq.default", n.solicitudes, n.muertos])
        assert {t.intercambio for t in u.temas} == {n.eventos, n.latidos, n.reenvios}


@pytest.mark.parametrize("prefijo", ["", "p."])
def test_la_clave_de_cada_origen_es_solo_suya(prefijo: str):
    s = bus("GT-PGN", prefijo=prefijo)
    n = s.topologia.nombres
    claves: dict[str, Callable[[str], str]] = {
        n.eventos: lambda o: f"{o}.senda.{o}.algo.v1",
        n.latidos: str,
        n.reenvios: lambda o: n.clave_de_reenvio("auditoria", o),
    }
    for u in (u for u in s.usuarios if u.papel is Papel.SERVICIO):
        for tema in u.temas:
            de = {origen: claves[tema.intercambio](origen) for origen in (*SERVICIOS, f"{u.nombre}x", f"x{u.nombre}")}
            assert {origen for origen, clave in de.items() if re.search(tema.escribir, clave)} == {u.nombre}


def test_la_suspendida_no_entra_y_sus_colas_siguen():
    s = bus("GT-PGN", suspendidas=("GT-MP",))
    assert "GT-MP" not in {u.nombre for u in s.usuarios}
    assert {"senda.acuses.GT-MP", "senda.buzon.GT-MP"} <= {c.nombre for c in s.colas}


def test_el_tope_alcanza_a_las_colas_de_instituciones_y_a_ninguna_mas():
    s = bus("GT-PGN", "GT-MP")
    (tope,) = s.politicas
    assert casan(tope.patron, [c.nombre for c in s.colas]) == {
        f"senda.{clase}.{codigo}" for clase in ("acuses", "buzon") for codigo in ("GT-PGN", "GT-MP")
    }
    # Con tope, lo que no cabe ha de volver a quien publica: una cola que descarta perdería lo más viejo.
    for cola in s.colas:
        if re.search(tope.patron, cola.nombre):
            assert cola.argumentos["x-overflow"] == "reject-publish"


def test_todos_llevan_la_etiqueta_y_ninguno_administra():
    for u in bus("GT-PGN").usuarios:
        assert ETIQUETA in u.etiquetas
        assert not {"administrator", "management", "policymaker", "impersonator"} & set(u.etiquetas)


def test_dos_usuarios_no_pueden_llamarse_igual():
    with pytest.raises(ValueError, match="se llamarían igual"):
        seguridad(topologia({"portal": []}), ["portal"], [], reparten=[])


def test_sin_nombres_no_casa_con_ninguno():
    assert not re.search(exacta(()), "senda.eventos")
    assert Usuario("x", Papel.PORTAL).configurar == "^$"
