"""El transporte por TLS: se comprueba al broker, se entra con el certificado y nadie pasa por otro."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.base import Entrega, Mensaje, TopologiaAusente, TopologiaIncompatible, TransporteCaido
from infra.rabbitmq.certificados import Taller
from tests.integracion.rabbitmq.conftest import VHOST, BusSeguro, solicitud

pytestmark = pytest.mark.real


@pytest.fixture
def bus(bus_seguro: BusSeguro) -> BusSeguro:
    bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN", "GT-MP"))
    return bus_seguro


def test_con_certificado_se_publica_y_el_servicio_sabe_quien_fue(bus: BusSeguro):
    muchas = [solicitud(numero=n) for n in range(1500)]
    assert all(bus.como("GT-PGN").publicar(muchas))
    deteccion = bus.como("deteccion")
    recibidas: list[Entrega] = []
    while len(recibidas) < 1500 and (nuevas := deteccion.recibir("senda.solicitudes.deteccion", 500, espera=5)):
        recibidas += nuevas
        deteccion.confirmar(nuevas)
    assert [e.mensaje.id for e in recibidas] == [m.id for m in muchas]
    assert {e.usuario for e in recibidas} == {"GT-PGN"}
    assert deteccion.recibir("senda.solicitudes.deteccion", 5, espera=0.2) == []


def test_con_contrasena_tambien_si_se_trae_un_certificado(bus: BusSeguro):
    clave = bus.claves.leer("GT-PGN")
    assert clave is not None
    con_clave = bus.como("GT-PGN", bus.nodo.url(VHOST, "GT-PGN", clave.contrasena))
    assert con_clave.publicar([solicitud()]) == [True]
    with pytest.raises(TransporteCaido):
        bus.como("GT-PGN", bus.nodo.url(VHOST, "GT-PGN", "no-es-esa")).publicar([solicitud()])


def test_con_el_certificado_de_una_no_se_pasa_por_otra(bus: BusSeguro):
    impostora = bus.como("GT-MP", bus.nodo.url(VHOST, "GT-MP", certificado_de="GT-PGN"))
    with pytest.raises(TopologiaIncompatible, match="user_id"):
        impostora.publicar([solicitud()])
    with pytest.raises(TopologiaIncompatible, match="no puede leer"):
        impostora.recibir("senda.buzon.GT-MP", 1)


def test_sin_certificado_o_con_uno_de_otra_autoridad_no_se_entra(bus: BusSeguro, tmp_path: Path):
    ca = bus.nodo.taller().certificado("ca")
    sin = f"amqps://GT-PGN:x@127.0.0.1:{bus.nodo.puerto_tls}/{VHOST}?ca={ca}"
    with pytest.raises(TransporteCaido):
        bus.como("GT-PGN", sin).publicar([solicitud()])
    falsa = Taller(tmp_path / "falsa", AzarReal(), datetime.now(UTC))
    falsa.asegurar([], ["GT-PGN"])
    ajeno = f"certificado={falsa.certificado('GT-PGN')}&llave={falsa.llave('GT-PGN')}"
    con_falso = f"amqps://GT-PGN@127.0.0.1:{bus.nodo.puerto_tls}/{VHOST}?ca={ca}&{ajeno}"
    with pytest.raises(TransporteCaido):
        bus.como("GT-PGN", con_falso).publicar([solicitud()])


def test_un_broker_que_no_es_el_suyo_no_recibe_nada(bus: BusSeguro, tmp_path: Path):
    falsa = Taller(tmp_path / "falsa", AzarReal(), datetime.now(UTC))
    falsa.asegurar([], [])
    ca = str(bus.nodo.taller().certificado("ca"))
    de_otra_autoridad = bus.url("GT-PGN").replace(f"ca={ca}", f"ca={falsa.certificado('ca')}")
    # La misma dirección escrita de otro modo: se llega, pero no es un nombre del certificado.
    otro_anfitrion = bus.url("GT-PGN").replace("127.0.0.1", "127.1")
    sin_autoridad = bus.url("GT-PGN").replace(f"ca={ca}&", "")
    for url in (de_otra_autoridad, otro_anfitrion, sin_autoridad):
        with pytest.raises(TransporteCaido):
            bus.como("GT-PGN", url).publicar([solicitud()])


def test_lo_que_un_servicio_usa_le_basta_con_lo_que_tiene(bus: BusSeguro):
    deteccion = bus.como("deteccion")
    deteccion.preparar(bus.topologia)
    deteccion.preparar(bus.topologia)
    assert deteccion.atar("senda.eventos", "deteccion.#", bus.topologia.seguidoras("deteccion")) == []
    acuse = Mensaje("senda.acuses", "GT-PGN", "acuse", b"{}", "a1")
    assert deteccion.publicar([acuse]) == [True]
    institucion = bus.como("GT-PGN")
    assert institucion.existe("senda.acuses.GT-PGN")
    assert len(institucion.recibir("senda.acuses.GT-PGN", 5, espera=5)) == 1


def test_la_cola_de_quien_aun_no_se_aplico_no_detiene_a_los_demas(bus: BusSeguro):
    """El relevo distingue: lo de esa institución espera; si pareciese topología ausente, pararía a todos."""
    acuses, _ = colas_de_institucion("GT-NUEVA")
    with pytest.raises(TopologiaIncompatible, match="senda bus aplicar") as falta:
        bus.como("deteccion").asegurar_cola(acuses)
    assert not isinstance(falta.value, TopologiaAusente)


def test_la_atadura_perdida_la_repone_el_origen(bus: BusSeguro):
    deteccion = bus.como("deteccion")
    deteccion.preparar(bus.topologia)
    bus.administrador()._en_canal(
        lambda canal: canal.queue_unbind("senda.entrada.auditoria", "senda.eventos", "deteccion.#")
    )
    assert deteccion.atar("senda.eventos", "deteccion.#", ["senda.entrada.auditoria"]) == []
    hecho = Mensaje("senda.eventos", "deteccion.senda.x.v1", "senda.x", b"{}", "h1")
    assert deteccion.publicar([hecho]) == [True]
    assert len(bus.como("auditoria").recibir("senda.entrada.auditoria", 5, espera=5)) == 1
