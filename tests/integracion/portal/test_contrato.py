"""Lo que el portal responde es lo que su contrato OpenAPI dice, con cuanto se le ocurra mandar a schemathesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.database import InMemoryExampleDatabase
from msgspec import json
from schemathesis import Case

from infra.seguridad.firma import firmar
from senda import openapi
from tests.integracion.portal.institucion import estrenada, servida

DOCUMENTO = openapi.documento()
DE_REQUESTS = {"method", "url", "headers", "params", "data", "json", "cookies"}
esquema = schemathesis.openapi.from_dict(DOCUMENTO)


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return estrenada(tmp_path_factory.mktemp("arena"))


@pytest.fixture(scope="module")
def http(arena):
    puerta = arena.portal.puerta
    cuando = puerta._cuando
    # Esperar de verdad no dice más del contrato.
    puerta._cuando = lambda institucion, _espera, mirar: cuando(institucion, 0, mirar)
    with servida(arena) as cliente:
        yield cliente


def llamada(arena, http, caso: Case, *, con_firma: bool) -> httpx.Request:
    """La llamada que schemathesis inventó y, si se pide, con la firma que le pondría la institución."""
    preparada = caso.as_transport_kwargs(base_url="http://testserver")
    lista = requests.Request(**{n: preparada[n] for n in DE_REQUESTS & preparada.keys()}).prepare()
    pedida: httpx.Request = http.build_request(lista.method, lista.url, content=lista.body, headers=dict(lista.headers))
    # Una que no vale por sí misma se deja: es lo que se quería probar.
    if con_firma and len(pedida.headers.get("firma", " " * 5000)) <= 4096:
        cuerpo, destino = pedida.read(), pedida.url.raw_path
        es_post = pedida.method == "POST"
        caduca = datetime.now(UTC) + timedelta(minutes=5)
        pedida.headers["Firma"] = firmar(
            cuerpo if es_post else f"{pedida.method} {destino.decode()}".encode(), arena.propia.clave, "GT-PRUEBA",
            "coordinacion" if es_post else "portal", _id_de(cuerpo) if es_post else "lectura", caduca,
        )  # fmt: skip
    return pedida


def _id_de(cuerpo: bytes) -> str:
    try:
        return str(UUID(json.decode(cuerpo)["id"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return str(uuid4())


@esquema.parametrize()
@seed(20260503)
@settings(
    max_examples=20, deadline=None, database=InMemoryExampleDatabase(), phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@pytest.mark.parametrize("con_firma", [False, True], ids=["lo que salga", "firmada"])
def test_responde_lo_que_su_contrato_dice(case: Case, arena, http, con_firma):
    respuesta = http.send(llamada(arena, http, case, con_firma=con_firma))
    case.validate_response(respuesta)
