"""Lo que nadie de buena fe manda: se contesta sin caer y sin repetir nada de lo recibido."""

from __future__ import annotations

import pytest
import structlog
from msgspec import json

from contratos.solicitud import MAXIMO_BYTES
from tests.integracion.portal.institucion import estrenada, servida

MARCA = "marcador0juana0perez"
_CABECERA = {"Firma": "a..b"}


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    """Una para todas: aquí no se cambia nada que estorbe a la siguiente."""
    return estrenada(tmp_path_factory.mktemp("arena"))


@pytest.fixture(scope="module")
def http(arena):
    with servida(arena) as cliente:
        yield cliente


@pytest.fixture
def registros():
    with structlog.testing.capture_logs() as capturados:
        yield capturados


def no_la_repite(respuesta, registros) -> None:
    assert MARCA not in respuesta.text
    assert all(MARCA not in valor for valor in respuesta.headers.values())
    assert MARCA not in repr(registros)


def base(**cambios: object) -> dict[str, object]:
    return {
        "id": "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42", "tipo": "senda.coordinacion.recibir-derivacion.v1",
        "institucion": "GT-PRUEBA", "agente": "ag-7c1e90aa", "ocurrido": "2026-05-03T14:20:00Z", "datos": {},
    } | cambios  # fmt: skip


CUERPOS: dict[str, bytes] = {
    "vacío": b"",
    "no es JSON": MARCA.encode(),
    "no es UTF-8": b'{"id": "\xff\xfe' + MARCA.encode() + b'"}',
    "nulo": b"null",
    "una lista": b'["' + MARCA.encode() + b'"]',
    "muy anidado": b"[" * 10_000 + b"]" * 10_000,
    "anidado en datos": json.encode(base()).replace(b'"datos":{}', b'"datos":' + b"[" * 10_000 + b"]" * 10_000),
    "objetos anidados": b'{"a":' * 6_000 + b"1" + b"}" * 100,
    "número enorme": b'{"id": ' + b"9" * 30_000 + b"}",
    "exponente enorme": b'{"id": 1e999999999}',
    "campo de más": json.encode(base(**{MARCA: 1})),
    "valor en cada campo": json.encode(dict.fromkeys(base(), MARCA)),
    "tipo con acento grave": json.encode(base(tipo=f"`$.{MARCA}`")),
    "id repetido": json.encode(base())[:-1] + b',"id":"' + MARCA.encode() + b'"}',
    "con NUL": json.encode(base(agente=f"ag-\x00{MARCA}")),
    "fecha imposible": json.encode(base(ocurrido="9999-12-31T23:59:59-23:59")),
}


@pytest.mark.parametrize("cual", CUERPOS)
def test_ningun_cuerpo_lo_tumba_ni_vuelve(http, propia, registros, cual):
    cuerpo = CUERPOS[cual]
    firmado = propia.firma(cuerpo, base()["id"], "coordinacion")
    for cabecera in (_CABECERA, {"Firma": firmado}):
        respuesta = http.post("/v1/solicitudes?espera=5", content=cuerpo, headers=cabecera)
        assert respuesta.status_code in {400, 401, 413, 422}, respuesta.text
        assert respuesta.json()["codigo"]
        no_la_repite(respuesta, registros)


def test_lo_que_llega_firmado_con_los_datos_rotos_lo_rechaza_su_servicio(propia, registros):
    for datos in ({MARCA: MARCA}, {"ruta": MARCA, "derivacion": MARCA}):
        respuesta = propia.pedir("recibir-derivacion", **datos)
        assert respuesta.status_code == 422
        no_la_repite(respuesta, registros)


def test_hasta_el_maximo_se_mira_y_ni_un_byte_mas(http, registros):
    justo, grande = (json.encode(MARCA.ljust(n - 2)) for n in (MAXIMO_BYTES, MAXIMO_BYTES + 1))
    assert http.post("/v1/solicitudes", content=justo, headers=_CABECERA).json()["codigo"] == "forma-invalida"
    por_trozos = (grande[i : i + 1000] for i in range(0, len(grande), 1000))
    for cuerpo in (grande, por_trozos):
        respuesta = http.post("/v1/solicitudes", content=cuerpo, headers=_CABECERA)
        assert (respuesta.status_code, respuesta.json()["codigo"]) == (413, "demasiado-grande")
        no_la_repite(respuesta, registros)


@pytest.mark.parametrize(
    "firma",
    [MARCA, MARCA * 50_000, f"{MARCA}..{MARCA}", f"{MARCA}.{MARCA}.{MARCA}", "..", ".", " ", "eyJhIjoxfQ..AA"],
    ids=lambda f: f[:30],
)
def test_ninguna_cabecera_lo_tumba_ni_vuelve(http, registros, firma):
    for respuesta in (
        http.get("/v1/buzon", headers={"Firma": firma}),
        http.post("/v1/solicitudes", content=json.encode(base()), headers={"Firma": firma}),
        http.delete("/v1/abono", headers={"Firma": firma}),
    ):
        assert respuesta.status_code in {400, 401}
        assert respuesta.json()["campo"] == "firma"
        no_la_repite(respuesta, registros)


@pytest.mark.parametrize(
    ("metodo", "destino", "estados"),
    [
        ("GET", f"/{MARCA}", {404}),
        ("GET", f"/v1/{MARCA}?{MARCA}={MARCA}", {404}),
        ("GET", f"/v1/solicitudes/{MARCA}/acuse", {404}),
        ("GET", f"/v1/solicitudes/{MARCA}%00%ff%2f/acuse", {404}),
        ("GET", f"/v1/solicitudes/{'f' * 5000}/acuse", {404}),
        ("PUT", f"/v1/buzon?{MARCA}", {405}),
        ("PATCH", "/v1/solicitudes", {405}),
        ("HEAD", "/v1/buzon", {405}),
        (MARCA.upper(), "/v1/buzon", {405}),
        ("GET", f"/v1/buzon?desde={MARCA}", {400}),
        ("GET", "/v1/buzon?desde=0", {400}),
        ("GET", "/v1/buzon?desde=-1", {400}),
        ("GET", f"/v1/buzon?desde={'9' * 5000}", {400}),
        ("GET", f"/v1/buzon?desde={2**53 + 1}", {400}),
        ("GET", "/v1/buzon?maximo=501", {400}),
        ("GET", "/v1/buzon?maximo=0", {400}),
        ("GET", "/v1/buzon?espera=61", {400}),
        ("GET", f"/v1/acuses?espera=%ff{MARCA}", {400}),
    ],
)
def test_ninguna_ruta_ni_parametro_lo_tumba_ni_vuelve(http, propia, registros, metodo, destino, estados):
    respuesta = http.request(metodo, destino, headers={"Firma": propia.firma(f"{metodo} {destino}".encode())})
    assert respuesta.status_code in estados, respuesta.text
    assert respuesta.headers["content-type"] == "application/problem+json"
    assert (respuesta.status_code == 405) == ("allow" in respuesta.headers)
    no_la_repite(respuesta, registros)


def test_lo_mas_grande_que_se_admite_pedir_se_admite(propia):
    respuesta = propia.leer(f"/v1/buzon?desde={2**53}&maximo=500")
    assert respuesta.json() == {"mensajes": [], "siguiente": 2**53}


def test_un_fallo_propio_no_cuenta_lo_recibido(arena, propia, registros, monkeypatch):
    def falla(*_: object) -> None:
        raise ValueError(MARCA)

    monkeypatch.setattr(arena.portal.puerta, "_entrar", falla)
    respuesta = propia.leer("/v1/buzon")

    assert (respuesta.status_code, respuesta.json()["codigo"]) == (500, "error-interno")
    assert any(r["event"] == "llamada-con-fallo" for r in registros)
    no_la_repite(respuesta, registros)
