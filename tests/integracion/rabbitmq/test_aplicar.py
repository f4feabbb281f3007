"""Aplicar las definiciones: idempotente, quita a quien sobra, repone lo borrado y no pierde ningún mensaje."""

from __future__ import annotations

import pytest

from infra.azar import AzarReal
from infra.mensajeria.transportes.base import Mensaje, TopologiaIncompatible, TransporteCaido
from infra.rabbitmq.gestion import Gestion, GestionCaida
from tests.espera import hasta
from tests.integracion.rabbitmq.conftest import VHOST, BusSeguro, solicitud

pytestmark = pytest.mark.real


def _buzon(numero: int = 1, quien: str = "GT-MP") -> Mensaje:
    return Mensaje("senda.buzon", quien, "aviso", b"%d" % numero, f"b{numero}")


def test_aplicar_dos_veces_no_cambia_nada_y_lo_ajeno_no_se_toca(bus_seguro: BusSeguro):
    bus_seguro.gestion.poner({"password": "x", "tags": "administrator"}, "users", "otro")
    querida = bus_seguro.seguridad("GT-PGN", "GT-MP")
    primera = bus_seguro.aplicar(querida)
    assert set(primera.nuevos) == {u.nombre for u in querida.usuarios}
    segunda = bus_seguro.aplicar(querida)
    assert not segunda.cambio_algo
    assert not segunda.distintas
    assert {"otro", "guest"} <= {u["name"] for u in bus_seguro.gestion.leer("users")}


def test_a_la_suspendida_se_le_corta_y_lo_suyo_la_espera(bus_seguro: BusSeguro):
    bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN", "GT-MP"))
    dentro = bus_seguro.como("GT-MP")
    assert dentro.publicar([solicitud()]) == [True]
    assert bus_seguro.como("coordinacion").publicar([_buzon()]) == [True]

    assert bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN", suspendidas=("GT-MP",))).quitados == ("GT-MP",)

    hasta(lambda: not dentro.viva())
    with pytest.raises(TransporteCaido):
        bus_seguro.como("GT-MP").publicar([solicitud()])
    assert bus_seguro.como("coordinacion").publicar([_buzon(2)]) == [True]
    bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN", "GT-MP"))
    vuelta = bus_seguro.como("GT-MP").recibir("senda.buzon.GT-MP", 10, espera=5)
    assert [e.mensaje.cuerpo for e in vuelta] == [b"1", b"2"]


def test_un_permiso_abierto_a_mano_se_cierra_y_deja_de_valer_en_lo_ya_conectado(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad("GT-PGN", "GT-MP")
    bus_seguro.aplicar(querida)
    de_mas = {"configure": ".*", "write": ".*", "read": ".*"}
    bus_seguro.gestion.poner(de_mas, "permissions", VHOST, "GT-PGN")
    bus_seguro.gestion.poner({}, "vhosts", "otro")
    bus_seguro.gestion.poner(de_mas, "permissions", "otro", "GT-PGN")
    colado = bus_seguro.como("GT-PGN")
    assert colado.publicar([_buzon()]) == [True]

    assert bus_seguro.aplicar(querida).cambiados == ("GT-PGN",)

    def negado() -> bool:
        try:
            return not colado.publicar([_buzon(2)])
        except TransporteCaido:
            return False
        except TopologiaIncompatible:
            return True

    hasta(negado)
    assert {p["vhost"] for p in bus_seguro.gestion.leer("permissions") if p["user"] == "GT-PGN"} == {VHOST}


def test_con_la_contrasena_renovada_quien_entro_con_la_anterior_sale(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad("GT-PGN", "GT-MP")
    bus_seguro.aplicar(querida)
    robada = bus_seguro.claves.leer("GT-PGN")
    assert robada is not None
    anfitrion = bus_seguro.nodo.servidor.url.rstrip("/").rpartition("@")[2]
    ladron = bus_seguro.como("GT-PGN", f"amqp://GT-PGN:{robada.contrasena}@{anfitrion}/{VHOST}")
    assert ladron.publicar([solicitud()]) == [True]

    bus_seguro.claves.renovar("GT-PGN", AzarReal())
    assert bus_seguro.aplicar(querida).cambiados == ("GT-PGN",)

    hasta(lambda: not ladron.viva())


def test_repone_la_cola_borrada_con_sus_ataduras(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad("GT-MP")
    bus_seguro.aplicar(querida)
    for cola in ("senda.entrada.auditoria", "senda.buzon.GT-MP"):
        bus_seguro.gestion.borrar("queues", VHOST, cola)
    deteccion = bus_seguro.como("deteccion")
    with pytest.raises(TopologiaIncompatible, match="senda bus aplicar"):
        deteccion.preparar(bus_seguro.topologia)
    bus_seguro.aplicar(querida)
    deteccion.preparar(bus_seguro.topologia)
    hecho = Mensaje("senda.eventos", "deteccion.senda.deteccion.algo.v1", "senda.x", b"{}", "h1", {"posicion": 1})
    assert deteccion.atar("senda.eventos", "deteccion.#", ["senda.entrada.auditoria"]) == []
    assert deteccion.publicar([hecho]) == [True]
    assert len(bus_seguro.como("auditoria").recibir("senda.entrada.auditoria", 5, espera=5)) == 1


def test_una_cola_declarada_de_otro_modo_se_dice(bus_seguro: BusSeguro):
    bus_seguro.gestion.poner({}, "vhosts", VHOST)
    suelta = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
    bus_seguro.gestion.poner({"configure": ".*", "write": ".*", "read": ".*"}, "permissions", VHOST, "guest")
    bus_seguro.gestion.poner(suelta, "queues", VHOST, "senda.buzon.GT-MP")
    assert bus_seguro.aplicar(bus_seguro.seguridad("GT-MP")).distintas == ("senda.buzon.GT-MP",)


def test_lo_que_no_cabe_en_una_cola_vuelve_a_quien_publica_y_nada_se_descarta(bus_seguro: BusSeguro):
    bus_seguro.aplicar(bus_seguro.seguridad("GT-MP", longitud=5))
    coordinacion = bus_seguro.como("coordinacion")
    admitidos: list[bytes] = []
    # El tope de una cola de quórum es aproximado: se publica hasta que dice que no.
    for numero in range(100):
        mensaje = _buzon(numero)
        if coordinacion.publicar([mensaje]) != [True]:
            break
        admitidos.append(mensaje.cuerpo)
    else:
        pytest.fail("nunca dijo que no")
    assert len(admitidos) >= 5
    institucion = bus_seguro.como("GT-MP")
    recibidos: list[bytes] = []
    while len(recibidos) < len(admitidos) and (entregas := institucion.recibir("senda.buzon.GT-MP", 50, espera=5)):
        recibidos += [e.mensaje.cuerpo for e in entregas]
        institucion.confirmar(entregas)
    assert recibidos == admitidos
    hasta(lambda: coordinacion.publicar([_buzon(999)]) == [True])


def test_una_institucion_no_abre_mas_conexiones_que_su_tope(bus_seguro: BusSeguro):
    querida = bus_seguro.seguridad("GT-PGN", "GT-MP")
    bus_seguro.aplicar(querida)
    tope = querida.usuario("GT-PGN").limites.conexiones
    assert tope is not None
    vivas = [bus_seguro.como("GT-PGN").viva() for _ in range(tope + 1)]
    assert vivas == [True] * tope + [False]
    assert bus_seguro.como("GT-MP").viva()


def test_quien_no_administra_no_aplica(bus_seguro: BusSeguro):
    bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN"))
    clave = bus_seguro.claves.leer("operacion")
    assert clave is not None
    url = bus_seguro.nodo.api.replace("guest:guest", f"operacion:{clave.contrasena}")
    with pytest.raises(GestionCaida) as caida:
        Gestion(url).leer("definitions")
    assert clave.contrasena not in str(caida.value)


def test_quien_no_puede_leer_una_cola_sigue_leyendo_las_suyas(bus_seguro: BusSeguro):
    """El portal, cuando a una institución se le quita el permiso: soltaba la conexión, y con ella lo de todas."""
    bus_seguro.aplicar(bus_seguro.seguridad("GT-PGN", "GT-MP"))
    bus_seguro.administrador().publicar([Mensaje("senda.acuses", "GT-PGN", "acuse", b"{}", "1")])
    suyo = bus_seguro.como("GT-PGN")
    (recibida,) = suyo.recibir("senda.acuses.GT-PGN", 1, 5.0)
    with pytest.raises(TopologiaIncompatible):
        suyo.recibir("senda.acuses.GT-MP", 1)
    suyo.confirmar([recibida])
    suyo.cerrar()
    assert bus_seguro.como("GT-PGN").recibir("senda.acuses.GT-PGN", 1, 0.5) == []
