"""Con un nodo caído, el cliente que sabe la dirección de otro sigue: en la base, en el bus y en su gestión."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import pytest
from sqlalchemy import make_url, text

from infra.almacen.aprovisionar import crear_usuario
from infra.almacen.motor import abrir_motor, comprobar
from infra.azar import AzarReal
from infra.mensajeria.transportes.abrir import abrir
from infra.rabbitmq.gestion import Gestion, GestionCaida
from tests.espera import hasta
from tests.nodo_rabbit import NodoRabbit
from tests.servidores_propios import puerto_libre

pytestmark = pytest.mark.real


def _tambien_en(url_base: str, *, antes: str) -> str:
    """La misma base, con otro servidor delante en la lista."""
    url = make_url(url_base)
    lista = [antes, f"{url.host}:{url.port or 5432}"]
    con_lista = url.set(host=None, port=None).update_query_dict({"host": lista, "target_session_attrs": "read-write"})
    return con_lista.render_as_string(hide_password=False)


def test_la_base_se_busca_en_el_siguiente_servidor(url_base: str):
    varias = _tambien_en(url_base, antes=f"127.0.0.1:{puerto_libre()}")
    motor = abrir_motor(varias)
    comprobar(motor)
    motor.dispose()
    # Lo que se da a cada servicio al instalar conserva la lista entera.
    suya = make_url(crear_usuario(varias, "senda_de_prueba", AzarReal()))
    assert suya.query["host"] == make_url(varias).query["host"]
    assert suya.username == "senda_de_prueba"


def test_no_se_escribe_en_un_servidor_que_solo_lee(url_base: str):
    """Así se salta a la réplica, o al primario viejo que volvió: psycopg no da por buena su conexión."""
    solo_lee = make_url(url_base).update_query_dict({"target_session_attrs": "read-write"})
    admin = abrir_motor(url_base)
    with admin.begin() as conexion:
        conexion.execute(text("CREATE ROLE solo_lee LOGIN PASSWORD 'x'"))
        conexion.execute(text("ALTER ROLE solo_lee SET default_transaction_read_only = on"))
    try:
        motor = abrir_motor(solo_lee.set(username="solo_lee", password="x").render_as_string(hide_password=False))
        with pytest.raises(Exception, match="read-only"):
            comprobar(motor)
        motor.dispose()
    finally:
        with admin.begin() as conexion:
            conexion.execute(text("DROP ROLE solo_lee"))
        admin.dispose()


def test_el_bus_se_busca_en_el_siguiente_nodo(url_amqp: str):
    partes = urlsplit(url_amqp)
    anfitrion = partes.netloc.replace(f"{partes.hostname}:{partes.port}", f"127.0.0.1:{puerto_libre()}")
    transporte = abrir(f"{urlunsplit(partes._replace(netloc=anfitrion))};{url_amqp}")
    hasta(transporte.viva)
    transporte.cerrar()


def test_por_tls_el_certificado_se_comprueba_con_el_nombre_del_nodo_al_que_toca(nodo_rabbit: NodoRabbit):
    nodo_rabbit.taller().asegurar([], ["deteccion"])
    gestion = Gestion(nodo_rabbit.api)
    gestion.poner({}, "vhosts", "senda")
    gestion.poner({"password_hash": "", "tags": ""}, "users", "deteccion")
    gestion.poner({"configure": "^$", "write": "^$", "read": "^$"}, "permissions", "senda", "deteccion")
    buena = nodo_rabbit.url("senda", "deteccion")
    caida = buena.replace(f"127.0.0.1:{nodo_rabbit.puerto_tls}", f"localhost:{puerto_libre()}")
    transporte = abrir(f"{caida};{buena}")
    hasta(transporte.viva)
    transporte.cerrar()


def test_la_gestion_se_pregunta_al_nodo_que_contesta(nodo_rabbit: NodoRabbit):
    caido = f"http://guest:guest@127.0.0.1:{puerto_libre()}"
    gestion = Gestion(f"{caido};{nodo_rabbit.api}")
    assert gestion.leer("overview")["rabbitmq_version"]
    with pytest.raises(GestionCaida, match="no contesta"):
        Gestion(caido).leer("overview")
