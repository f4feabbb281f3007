"""El puerto HTTP de la bóveda: firmado, cerrado y una sola vez."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import timedelta
from threading import Thread
from wsgiref.simple_server import make_server

import msgspec
import pytest
from msgspec import Raw

from contratos.solicitud import Solicitud
from eventos.seguridad import AccesoExcepcional
from infra.seguridad import base64url
from infra.seguridad.boveda.ficha import Entrega, abrir_entrega
from infra.seguridad.boveda.ventanilla import SERVICIO
from infra.seguridad.firma import firmar
from senda.orden.boveda import _SinRastro
from tests.integracion.boveda.mundo import FICHA, RASTROS
from tests.integracion.boveda.pais import ONG, UNA


@pytest.fixture
def url(pais):
    with make_server("127.0.0.1", 0, pais.montada.ventanilla(pais.reloj), handler_class=_SinRastro) as servidor:
        hilo = Thread(target=servidor.serve_forever, kwargs={"poll_interval": 0.01})
        hilo.start()
        yield f"http://127.0.0.1:{servidor.server_port}/"
        servidor.shutdown()
        hilo.join()


def componer(pais, quien, acto, datos, sellado="", **firma):
    solicitud = Solicitud(
        id=pais.azar.uuid4(), tipo=f"senda.boveda.{acto}.v1", institucion=quien.institucion, agente=quien.agente,
        ocurrido=pais.reloj.ahora(), datos=Raw(msgspec.json.encode(datos)), sellado=sellado,
    )  # fmt: skip
    cuerpo = msgspec.json.encode(solicitud)
    con = {"clave": quien.institucion, "servicio": SERVICIO, "id": str(solicitud.id), "vale": 60, **firma}
    caduca = pais.reloj.ahora() + timedelta(seconds=con["vale"])
    clave = pais.credenciales[con["clave"]].clave
    return cuerpo, firmar(cuerpo, clave, con["clave"], con["servicio"], con["id"], caduca)


def a_mano(pais, dentro):
    """Firmada como es debido, con lo de dentro de ``datos`` escrito a mano."""
    cuerpo, _ = componer(pais, ONG, "abrir", {})
    cuerpo = cuerpo.replace(b'"datos":{', b'"datos":{' + dentro)
    caduca = pais.reloj.ahora() + timedelta(seconds=60)
    identificador = msgspec.json.decode(cuerpo.split(b',"tipo"')[0] + b"}")["id"]
    clave = pais.credenciales[ONG.institucion].clave
    return cuerpo, firmar(cuerpo, clave, ONG.institucion, SERVICIO, identificador, caduca)


def mandar(url, cuerpo, firma, metodo="POST"):
    peticion = urllib.request.Request(url, data=cuerpo, headers={"Firma": firma}, method=metodo)  # noqa: S310
    try:
        with urllib.request.urlopen(peticion, timeout=10) as respuesta:  # noqa: S310
            return respuesta.status, msgspec.json.decode(respuesta.read())
    except urllib.error.HTTPError as error:
        return error.code, msgspec.json.decode(error.read())


def titulo(ruta):
    return {"ruta": ruta, "base": "mandato", "referencia": ruta, "finalidades": ["proteccion-nna"]}


def test_depositar_abrir_y_romper_el_vidrio_por_http(pais, url):
    ruta = pais.detectar()
    cuerpo, firma = componer(pais, ONG, "depositar", titulo(ruta), pais.cerrar_deposito(ruta))
    assert not any(rastro in cuerpo for rastro in RASTROS)
    assert mandar(url, cuerpo, firma) == (200, {})
    estado, abierta = mandar(url, *componer(pais, ONG, "abrir", {"ruta": ruta, "finalidad": "proteccion-nna"}))
    assert estado == 200
    assert leida(pais, abierta, "GT-ONG") == FICHA
    excepcional = componer(pais, UNA, "abrir-excepcional", {"ruta": ruta, "motivo": "desaparicion"})
    estado, abierta = mandar(url, *excepcional)
    assert leida(pais, abierta, "GT-SVET") == FICHA
    assert pais.boveda.pendientes() == [], "ya está contado"
    with pais.almacenes["coordinacion"].consulta() as tanda:
        from eventos.vigentes import Vigentes

        assert tanda.estado(Vigentes, ruta).hay(AccesoExcepcional)


def leida(pais, abierta, codigo):
    entrega = Entrega(
        asiento=abierta["asiento"],
        ruta=msgspec.convert(abierta["ruta"], type=type(pais.azar.uuid4())),
        clave=abierta["clave"],
        ficha=base64url.de_texto(abierta["ficha"]),
    )
    return abrir_entrega(entrega, pais.privadas[codigo])


def test_a_quien_autoriza_se_le_dice_lo_que_de_verdad_dio(pais, url):
    ruta = pais.detectar()
    suyo = titulo(ruta) | {"hasta": "2026-01-06T00:00:00Z"}
    assert mandar(url, *componer(pais, ONG, "depositar", suyo, pais.cerrar_deposito(ruta)))[0] == 200
    pais.inscribir("GT-NNA")
    pedido = titulo(ruta) | {"a": "GT-NNA", "finalidades": ["proteccion-nna", "localizacion-familiar"]}
    estado, dado = mandar(url, *componer(pais, ONG, "autorizar", pedido))
    assert estado == 200
    assert dado.pop("permiso")
    assert dado == {"finalidades": ["proteccion-nna"], "hasta": "2026-01-06T00:00:00Z"}


def test_una_solicitud_guardada_no_se_puede_repetir(pais, url):
    """Quien la viera pasar podría reponer una ficha vieja."""
    ruta = pais.detectar()
    guardada = componer(pais, ONG, "depositar", titulo(ruta), pais.cerrar_deposito(ruta))
    assert mandar(url, *guardada)[0] == 200
    estado, negada = mandar(url, *guardada)
    assert (estado, negada["codigo"]) == (409, "id-reutilizado")


@pytest.mark.parametrize(
    ("firma", "codigo"),
    [
        ({"clave": "GT-SVET"}, "firma-de-otra"),
        ({"servicio": "deteccion"}, "firma-otro-servicio"),
        ({"id": "otro"}, "firma-de-otra-solicitud"),
        ({"vale": 0}, "firma-caducada"),
    ],
)
def test_lo_mal_firmado_no_llega_a_la_boveda(pais, url, firma, codigo):
    ruta = pais.detectar()
    antes = len(pais.boveda.accesos())
    estado, negada = mandar(url, *componer(pais, ONG, "abrir", {"ruta": ruta, "finalidad": "atencion"}, **firma))
    assert (estado, negada["codigo"]) == (401, codigo)
    assert len(pais.boveda.accesos()) == antes


def test_lo_mal_escrito_se_explica_sin_repetirlo(pais, url):
    cuerpo, firma = componer(pais, ONG, "abrir", {"ruta": "Xochiquetzalia", "finalidad": "atencion"})
    casos = [
        (mandar(url, cuerpo, firma), 400, "dato-invalido"),
        (mandar(url, cuerpo[:-1] + b" }", firma), 401, "firma-no-coincide"),
        (mandar(url, b"{", firma), 400, "forma-invalida"),
        (mandar(url, b"[" * 9_000, firma), 400, "forma-invalida"),
        (mandar(url, *a_mano(pais, b'"ruta":"\xff"')), 400, "forma-invalida"),
        (mandar(url, *a_mano(pais, b'"ruta":1,"ruta":2')), 400, "forma-invalida"),
        (mandar(url, *a_mano(pais, b'"ruta":' + b"[" * 5_000)), 400, "forma-invalida"),
        (mandar(url, b"x" * 40_000, firma), 413, "demasiado-grande"),
        (mandar(url, None, firma, "GET"), 400, "forma-invalida"),
        (mandar(url, *componer(pais, ONG, "ejecutar-destruccion", {})), 400, "tipo-desconocido"),
        (mandar(url, *componer(pais, ONG, "abrir", {"ruta": pais.azar.uuid4(), "finalidad": "salud"})), 422,
         "identidad-sin-permiso"),
    ]  # fmt: skip
    for (estado, negada), esperado, codigo in casos:
        assert (estado, negada["codigo"]) == (esperado, codigo)
        assert negada["que_hacer"]
        assert "Xochi" not in str(negada)


def test_un_fallo_de_dentro_no_cuenta_nada(pais, url, monkeypatch, capfd):
    def se_cae(*_):
        raise RuntimeError("Xochiquetzalia")

    monkeypatch.setattr(pais.boveda, "abrir", se_cae)
    estado, negada = mandar(url, *componer(pais, ONG, "abrir", {"ruta": pais.azar.uuid4(), "finalidad": "salud"}))
    salida = capfd.readouterr()
    assert (estado, negada["codigo"]) == (500, "error-interno")
    assert "Xochi" not in str(negada) + salida.out + salida.err
