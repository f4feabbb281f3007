"""Quién puede llamar: la firma de cada llamada, y lo que pasa con la que no vale."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.azar import AzarReal
from senda.cliente import Credencial
from tests.integracion.portal.institucion import Institucion, contar_tandas, estrenada, servida

RUTA = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"
NADA = {"ruta": RUTA, "derivacion": RUTA}


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    """Una para todas: aquí no se cambia nada que estorbe a la siguiente."""
    return estrenada(tmp_path_factory.mktemp("arena"))


@pytest.fixture(scope="module")
def http(arena):
    with servida(arena) as cliente:
        yield cliente


@pytest.fixture
def desconocida(http) -> Institucion:
    return Institucion(http, Credencial.generar("GT-NADIE", AzarReal()))


@pytest.fixture
def impostora(http) -> Institucion:
    """Dice ser la de prueba y firma con otra clave."""
    return Institucion(http, Credencial.generar("GT-PRUEBA", AzarReal()))


def problema(respuesta, estado: int, codigo: str) -> dict[str, object]:
    assert (respuesta.status_code, respuesta.headers["content-type"]) == (estado, "application/problem+json")
    cuerpo: dict[str, object] = respuesta.json()
    assert (cuerpo["status"], cuerpo["codigo"]) == (estado, codigo)
    assert cuerpo["que_hacer"]
    return cuerpo


def test_sin_firma_no_se_pasa(http, propia):
    _, cuerpo = propia.solicitud("recibir-derivacion", **NADA)
    for respuesta in (http.get("/v1/buzon"), http.post("/v1/solicitudes", content=cuerpo)):
        assert problema(respuesta, 400, "llamada-invalida")["campo"] == "firma"
    problema(http.get("/v1/buzon", headers={"Firma": "a..b"}), 401, "firma-malformada")


def test_firmada_para_otro_servicio_no_se_lleva_y_bien_firmada_se_atiende(propia):
    """Llevada, el «no es mía» del otro servicio quedaba como el acuse de esos bytes para siempre."""
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **NADA)
    de_otro = propia.firma(cuerpo, identificador, "atencion")
    llamada = propia.http.post("/v1/solicitudes", content=cuerpo, headers={"Firma": de_otro})
    assert problema(llamada, 400, "otro-servicio")["campo"] == "firma"
    assert propia.enviar(cuerpo, identificador).json()["codigo"] == "ruta-desconocida"


def test_con_dos_firmas_no_se_elige_ninguna(http, propia):
    """Por ASGI directo: el cliente de pruebas junta en una las cabeceras repetidas, y un servidor de verdad no."""
    buena = propia.firma(b"GET /v1/buzon").encode()
    for firmas, estado in (((buena,), 200), ((buena, buena), 401), ((buena, b"a..b"), 401)):
        assert http.blocking_portal.call(_estado, http.app, [(b"firma", f) for f in firmas]) == estado


async def _estado(app, cabeceras: list[tuple[bytes, bytes]]) -> int:
    salidas: list[dict[str, int]] = []

    async def recibir() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def enviar(mensaje: dict[str, int]) -> None:
        salidas.append(mensaje)

    ambito = {
        "type": "http", "asgi": {}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/v1/buzon",
        "raw_path": b"/v1/buzon", "query_string": b"", "root_path": "", "headers": cabeceras,
        "client": ("prueba", 1), "server": ("prueba", 80),
    }  # fmt: skip
    await app(ambito, recibir, enviar)
    return salidas[0]["status"]


def test_la_firma_de_otra_no_vale_ni_para_pedir_ni_para_leer(impostora):
    problema(impostora.pedir("recibir-derivacion", **NADA), 401, "firma-no-coincide")
    problema(impostora.leer("/v1/buzon"), 401, "firma-no-coincide")


def test_la_que_no_esta_en_el_directorio_es_401(desconocida):
    assert desconocida.pedir("recibir-derivacion", **NADA).status_code == 401
    assert desconocida.leer("/v1/buzon").status_code == 401
    assert desconocida.leer("/v1/abono", "DELETE").status_code == 401


@pytest.mark.parametrize("vigencia", [timedelta(seconds=-1), timedelta(days=-1)])
def test_caducada_no_vale(propia, vigencia):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **NADA)
    problema(propia.enviar(cuerpo, identificador, vigencia=vigencia), 401, "firma-caducada")
    problema(propia.leer("/v1/buzon", vigencia=vigencia), 401, "firma-caducada")


def test_la_de_una_lectura_dura_quince_minutos_como_mucho_y_la_de_una_solicitud_lo_que_quiera(propia, encargo):
    problema(propia.leer("/v1/buzon", vigencia=timedelta(minutes=16)), 401, "firma-larga")
    assert propia.leer("/v1/buzon", vigencia=timedelta(minutes=14)).status_code == 200
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    assert propia.enviar(cuerpo, identificador, vigencia=timedelta(days=30)).status_code == 200


@pytest.mark.parametrize(
    ("metodo", "destino"),
    [
        ("GET", "/v1/acuses"),
        ("GET", "/v1/buzon?desde=2"),
        ("GET", "/v1/buzon?"),
        ("GET", f"/v1/solicitudes/{RUTA}/acuse"),
        ("DELETE", "/v1/abono"),
    ],
)
def test_la_de_una_lectura_no_sirve_para_otra(http, propia, metodo, destino):
    capturada = propia.firma(b"GET /v1/buzon")

    respuesta = http.request(metodo, destino, headers={"Firma": capturada})

    if destino == "/v1/buzon?":  # el mismo destino: la consulta está vacía
        assert respuesta.status_code == 200
    else:
        problema(respuesta, 401, "firma-no-coincide")


def test_se_firma_la_ruta_tal_como_viaja(http, propia):
    """Escrita de otra manera es otra ruta, aunque lleve al mismo sitio."""
    firma = propia.firma(f"GET /v1/solicitudes/{RUTA}/acuse".encode())
    for destino in (
        f"/v1/solicitudes/{RUTA.upper()}/acuse",
        f"/v1/solicitudes/%30{RUTA[1:]}/acuse",
        f"/v1/solicitudes/{RUTA}%2Facuse",
    ):
        problema(http.get(destino, headers={"Firma": firma}), 401, "firma-no-coincide")
        assert propia.leer(destino).status_code == 202
    for destino in ("/v1/solicitudes/..%2f..%2facuse", "/V1/buzon"):
        assert propia.leer(destino).status_code == 404, destino


def test_la_de_una_solicitud_no_sirve_para_otro_servicio_ni_para_otro_id_ni_para_leer(http, propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    casos = {
        "otro-servicio": propia.firma(cuerpo, identificador, "portal"),
        "firma-de-otra-solicitud": propia.firma(cuerpo, RUTA, "coordinacion"),
        "firma-no-coincide": propia.firma(cuerpo + b" ", identificador, "coordinacion"),
    }
    for codigo, firma in casos.items():
        respuesta = http.post("/v1/solicitudes", content=cuerpo, headers={"Firma": firma})
        assert respuesta.status_code in {400, 401}
        assert respuesta.json()["codigo"] == codigo
    # A un servicio que existe y no es el suyo: su negativa se tomaría por la de quien sí la atiende.
    firma = propia.firma(cuerpo, identificador, "justicia")
    respuesta = http.post("/v1/solicitudes?espera=10", content=cuerpo, headers={"Firma": firma})
    assert (respuesta.status_code, respuesta.json()["codigo"]) == (400, "otro-servicio")
    firma = propia.firma(b"GET /v1/buzon", servicio="coordinacion")
    problema(http.get("/v1/buzon", headers={"Firma": firma}), 401, "firma-otro-servicio")


def test_quien_no_es_nadie_no_toma_el_turno_de_escritura(arena, impostora, desconocida, monkeypatch):
    tandas = contar_tandas(arena, monkeypatch)

    for quien in (impostora, desconocida):
        assert quien.pedir("recibir-derivacion", **NADA).status_code == 401
        assert quien.leer("/v1/buzon").status_code == 401
        assert quien.leer("/v1/abono", "DELETE").status_code == 401

    assert not tandas
