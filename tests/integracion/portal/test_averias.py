"""Lo que se rompe: el bus, la base, un mensaje, el propio portal a medias. Nada se pierde ni se duplica."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from litestar.testing import TestClient
from msgspec import json

from infra.almacen.motor import abrir_motor
from infra.anfitrion.hilo import EnHilo
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Entrega, Mensaje, TransporteCaido
from infra.reloj import RelojReal
from infra.seguridad.firma import firmar
from senda import portal as portales
from senda.despliegue import MAESTRA
from servicios.portal import deposito
from servicios.portal.web import aplicacion
from tests.espera import hasta
from tests.integracion.portal.institucion import Institucion, estrenada, servida

SIN_NADIE = "postgresql://nadie@127.0.0.1:1/nada"
HUELLA = "ab" * 32
ID = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"
ACUSE = {
    "huella": HUELLA, "servicio": "coordinacion", "origen": "/gt/coordinacion", "resultado": "aceptada",
    "instante": "2026-05-03T14:20:00Z", "id": ID,
}  # fmt: skip


@pytest.fixture
def registros():
    with structlog.testing.capture_logs() as capturados:
        yield capturados


def de_servicio(arena, cuerpo: bytes, institucion: str = "GT-PRUEBA") -> str:
    """La firma de coordinación sobre un mensaje para una institución."""
    almacen = arena.sistema.estaciones["coordinacion"].almacen
    return firmar(cuerpo, almacen.claves.firma, almacen.origen, institucion, "x", datetime.now(UTC) + timedelta(days=1))


def en_la_cola(arena, cual: int, *cuerpos: bytes, firma: str | None = None) -> None:
    """Deja mensajes en una cola de la de prueba, como si los mandara un servicio; sin ``firma``, con la suya."""
    transporte = arena.sistema.enlace().transporte
    colas = colas_de_institucion(arena.propia.codigo)
    for cola in colas:
        transporte.asegurar_cola(cola)
    firmas = [de_servicio(arena, cuerpo) if firma is None else firma for cuerpo in cuerpos]
    mensajes = [
        Mensaje("", colas[cual].nombre, "x", c, str(n), {"firma": f})
        for n, (c, f) in enumerate(zip(cuerpos, firmas, strict=True))
    ]
    assert all(transporte.publicar(mensajes))


def entregado(cuerpo: bytes) -> Entrega:
    """Un mensaje tal como llega de una cola."""
    return Entrega(Mensaje("", "", "acuse", cuerpo, "1"), None, redelivered=False, usuario=None, responder_a=None)


def muertos(arena) -> int:
    enlace = arena.sistema.enlace()
    pendientes: int = enlace.transporte.pendientes(enlace.nombres.muertos)
    return pendientes


def test_con_el_bus_caido_se_guarda_y_al_volver_llega_el_acuse(arena, propia, encargo, monkeypatch):
    def caido(*_: object, **__: object) -> list[bool]:
        raise TransporteCaido

    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    with monkeypatch.context() as sin_bus:
        sin_bus.setattr(arena.portal.relevo.transporte, "publicar", caido)
        respuestas = [propia.enviar(cuerpo, identificador, espera=0) for _ in range(3)]
        assert [r.status_code for r in respuestas] == [202] * 3
        # Repetirla mientras no sale no la apila.
        assert hasta(lambda: propia.http.get("/salud/listo").json()["relevo"]["mensajes"]) == 1

    recogido = propia.leer(f"/v1/solicitudes/{identificador}/acuse?espera=20")

    assert recogido.status_code == 200
    assert len(propia.leer("/v1/acuses").json()["mensajes"]) == 1


def test_con_la_base_caida_da_503_y_al_repetir_sale_bien(arena, propia, encargo, monkeypatch):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    with monkeypatch.context() as sin_base:
        sin_base.setattr(arena.portal.puerta.almacen, "motor", abrir_motor(SIN_NADIE))
        for respuesta in (propia.enviar(cuerpo, identificador), propia.leer("/v1/buzon")):
            assert (respuesta.status_code, respuesta.json()["codigo"]) == (503, "sin-base")
            assert respuesta.headers["retry-after"]
        salud = propia.http.get("/salud/listo")
        assert (salud.status_code, salud.json()["base"]) == (503, False)
        assert propia.http.get("/salud/vivo").status_code == 200
        assert 'senda_base{servicio="portal"} 0.0' in propia.http.get("/metricas").text

    assert propia.enviar(cuerpo, identificador).status_code == 200
    assert propia.http.get("/salud/listo").status_code == 200


def test_si_la_base_cae_tras_guardar_ya_no_se_contesta_un_error(arena, propia, encargo, monkeypatch):
    """Guardada está y saldrá: un 503 diría que no."""
    puerta = arena.portal.puerta
    dejar, motor = puerta._dejar, puerta.almacen.motor

    def dejar_y_caer(cuerpo: bytes, firma: str):
        dejado = dejar(cuerpo, firma)
        puerta.almacen.motor = abrir_motor(SIN_NADIE)
        return dejado

    monkeypatch.setattr(puerta, "_dejar", dejar_y_caer)
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)

    respuesta = propia.enviar(cuerpo, identificador)
    puerta.almacen.motor = motor

    assert respuesta.status_code == 202
    assert propia.leer(f"/v1/solicitudes/{identificador}/acuse?espera=10").status_code == 200


def test_si_muere_entre_guardar_y_confirmar_el_mensaje_vuelve_y_no_se_duplica(arena, propia, encargo, monkeypatch):
    transporte = arena.portal.recogida.transporte
    confirmar = transporte.confirmar
    muertes: list[int] = []

    def morir(entregas):
        if not muertes:
            muertes.append(len(entregas))
            transporte.cancelar(colas_de_institucion("GT-PRUEBA")[0].nombre)
            raise TransporteCaido
        confirmar(entregas)

    monkeypatch.setattr(transporte, "confirmar", morir)
    respuesta = propia.pedir("recibir-derivacion", **encargo)

    assert muertes
    assert respuesta.status_code == 200
    assert propia.pedir("aceptar-derivacion", **encargo).status_code == 200
    mensajes = propia.leer("/v1/acuses").json()["mensajes"]
    assert [m["numero"] for m in mensajes] == [1, 2]
    assert mensajes[0]["cuerpo"].encode() == respuesta.content


@pytest.mark.parametrize(
    ("cual", "cuerpo", "firma"),
    [
        (0, b"", None),
        (0, b"no es JSON", None),
        (0, b"[" * 10_000, None),
        (0, json.encode(ACUSE | {"huella": "\x00"}), None),
        (0, json.encode(ACUSE | {"huella": HUELLA.upper()}), None),
        (0, json.encode(ACUSE | {"id": "juana"}), None),
        (0, json.encode(ACUSE | {"resultado": "quizá"}), None),
        (0, json.encode({"huella": HUELLA}), None),
        (0, json.encode(ACUSE)[:-1] + b',"otro":"\xff"}', None),
        (0, json.encode(ACUSE), "a\r\nSet-Cookie: x"),
        (0, json.encode(ACUSE), "a\x00"),
        (1, b'{"numero": 0}', None),
        (1, b'{"numero": 9223372036854775808}', None),
        (1, b'{"numero": "1"}', None),
        (1, b'{"numero": 900, "otro": "\xff\xfe"}', None),
        (1, b'{"numero": 900, "otro": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
    ],
)
def test_lo_ilegible_va_a_muertos_y_lo_demas_sigue(compartida, cual, cuerpo, firma):
    arena, propia = compartida
    antes, guardados = muertos(arena), len(propia.leer("/v1/acuses?maximo=500").json()["mensajes"])
    bueno = json.encode(ACUSE | {"posicion": antes + 1})
    propia.leer("/v1/buzon")

    en_la_cola(arena, cual, cuerpo, firma=firma)
    en_la_cola(arena, 0, bueno)

    hasta(lambda: muertos(arena) == antes + 1)
    hasta(lambda: len(propia.leer("/v1/acuses?maximo=500").json()["mensajes"]) == guardados + 1)
    assert propia.leer("/v1/buzon").status_code == 200


@pytest.mark.parametrize("cual", [0, 1])
def test_lo_que_no_firmo_un_servicio_para_ella_no_ocupa_el_sitio_de_lo_verdadero(compartida, cual):
    arena, propia = compartida
    de_otra = json.encode(ACUSE | {"posicion": 7_000_000}) if cual == 0 else b'{"numero": 2147483647}'
    antes = muertos(arena)
    propia.leer("/v1/buzon")

    en_la_cola(arena, cual, de_otra, firma="")
    en_la_cola(arena, cual, de_otra, firma=de_servicio(arena, de_otra, "GT-OTRA"))
    en_la_cola(arena, cual, de_otra + b" ", firma=de_servicio(arena, de_otra))

    hasta(lambda: muertos(arena) == antes + 3)
    en_la_cola(arena, cual, de_otra)
    canal = ("acuses", "buzon")[cual]
    hasta(lambda: de_otra.decode() in [m["cuerpo"] for m in propia.leer(f"/v1/{canal}?maximo=500").json()["mensajes"]])


@pytest.fixture(scope="module")
def compartida(tmp_path_factory):
    arena = estrenada(tmp_path_factory.mktemp("arena"))
    with servida(arena) as cliente:
        yield arena, Institucion(cliente, arena.propia)


def test_las_colas_de_una_que_fallan_no_detienen_a_las_demas(arena, propia, encargo, monkeypatch, registros):
    """«GT-ARENA» va antes que «GT-PRUEBA»: si su fallo cortara la vuelta, la de prueba no recibiría nada."""
    ajena = Institucion(propia.http, arena.comparsa)
    assert ajena.leer("/v1/buzon").status_code == 200
    recogida = arena.portal.recogida
    de_verdad = recogida._recoger

    def falla(institucion: str) -> bool:
        if institucion == arena.comparsa.codigo:
            raise ValueError(institucion)
        recogio: bool = de_verdad(institucion)
        return recogio

    monkeypatch.setattr(recogida, "_recoger", falla)

    assert propia.pedir("recibir-derivacion", **encargo).status_code == 200
    assert propia.http.get("/salud/listo").status_code == 200
    fallos = [r for r in registros if r["event"] == "recogida-con-fallo"]
    # Se la deja en paz unos segundos, en vez de fallar en cada vuelta.
    assert len(fallos) == 1


def test_una_cola_borrada_se_declara_otra_vez(arena, propia, encargo):
    assert propia.pedir("recibir-derivacion", **encargo).status_code == 200
    for cola in colas_de_institucion("GT-PRUEBA"):
        arena.sistema.broker.borrar_cola(cola.nombre)

    assert propia.pedir("aceptar-derivacion", espera=30, **encargo).status_code == 200


def test_el_portal_no_lleva_el_llavero_ni_claves_ajenas(arena, http, propia, encargo):
    """Con la maestra y las claves de los demás borradas de su carpeta, otro portal se monta y atiende."""
    carpeta = arena.sistema.montaje.carpeta
    (carpeta / MAESTRA).unlink()
    (carpeta / "llavero.db").unlink()
    for clave in (carpeta / "claves").iterdir():
        if clave.name != "portal":
            shutil.rmtree(clave)

    despliegue = arena.sistema.despliegue
    # Sin bus propio: el de la caja sigue llevando lo que este deja en la base.
    otro = portales.montar(
        carpeta, despliegue, RelojReal(), AzarReal(), lambda: abrir("memory://", arena.sistema.broker), "otro"
    )
    with TestClient(_solo_puerta(otro)) as cliente:
        desde_otro = Institucion(cliente, arena.propia)
        assert desde_otro.leer("/v1/buzon").status_code == 200
        assert desde_otro.pedir("recibir-derivacion", **encargo).status_code == 200


def _solo_puerta(portal):
    hilo = EnHilo({}, lambda: None)
    return aplicacion(portal.puerta, portales.claves_publicas(portal.despliegue), b"{}", hilo, portal.ajustes)


def test_un_acuse_repetido_no_se_guarda_dos_veces_ni_en_el_mismo_lote(arena, propia):
    entrega = entregado(json.encode(ACUSE))
    almacen = arena.portal.puerta.almacen
    for _ in range(2):
        with almacen.tanda() as tanda:
            assert len(deposito.guardar_acuses(tanda.conexion, "GT-OTRA", [entrega, entrega], tanda.ahora)) == 2
    with almacen.consulta() as tanda:
        assert deposito.ultimo_acuse(tanda.conexion, "GT-OTRA") == 1
