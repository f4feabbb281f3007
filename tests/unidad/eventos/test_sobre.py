"""Ida y vuelta del sobre, con clave y sin ella, y lo que no puede pasar por bueno."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventos.base import UNSET, Hecho, campos_sellados
from eventos.catalogo import CATALOGO
from eventos.deteccion import AlertaRecibida, PresuntaVictimaDetectada
from eventos.sobre import MAXIMO_BYTES, Anotado, SobreInvalido, TipoDesconocido, codificar, decodificar
from infra.azar import AzarSembrado
from infra.seguridad.sello import SelloRoto, abrir, sellar
from tests.dorados.ejemplo import CLAVE, cifra_fija, descifra_fija, ejemplo
from tests.unidad.eventos.estrategias import hechos

AZAR = AzarSembrado(7)
INSTANTE = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def cifrar(claro: bytes, dato: bytes) -> bytes:
    return sellar(CLAVE, claro, dato, AZAR)


def anotar(hecho: Hecho) -> Anotado:
    return msgspec.structs.replace(
        ejemplo(type(hecho)), hecho=hecho, agregado=hecho.agregado, ocurrido=INSTANTE, registrado=INSTANTE
    )


@pytest.mark.parametrize("clase", CATALOGO.values(), ids=CATALOGO)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(datos=st.data())
def test_ida_y_vuelta(clase: type[Hecho], datos: st.DataObject):
    anotado = anotar(datos.draw(hechos(clase)))
    cuerpo = codificar(anotado, cifrar)
    assert decodificar(cuerpo, partial(abrir, CLAVE)) == anotado
    abierto = msgspec.structs.replace(anotado.hecho, **dict.fromkeys(campos_sellados(clase), UNSET))
    assert decodificar(cuerpo) == msgspec.structs.replace(anotado, hecho=abierto)


CON_SELLO = {t: c for t, c in CATALOGO.items() if campos_sellados(c)}


@pytest.mark.parametrize("clase", CON_SELLO.values(), ids=CON_SELLO)
def test_nada_de_lo_sellado_sale_en_claro(clase: type[Hecho]):
    data = msgspec.json.decode(codificar(ejemplo(clase), cifra_fija(clase.tipo)))["data"]
    assert not campos_sellados(clase) & data.keys()
    assert "Texto que solo" not in str(data)


@pytest.mark.parametrize("clase", CON_SELLO.values(), ids=CON_SELLO)
def test_sin_clave_no_se_sella(clase: type[Hecho]):
    with pytest.raises(SobreInvalido):
        codificar(ejemplo(clase), None)


def con(cuerpo: bytes, **cambios: object) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(cuerpo), **cambios})


@pytest.fixture
def cuerpo() -> bytes:
    return codificar(ejemplo(AlertaRecibida), cifra_fija("alerta"))


def test_lo_sellado_no_se_trasplanta_a_otro_id(cuerpo: bytes):
    ajeno = con(cuerpo, id=str(AZAR.uuid7(INSTANTE)))
    decodificar(ajeno)
    with pytest.raises(SelloRoto):
        decodificar(ajeno, descifra_fija)


def test_lo_sellado_no_se_trasplanta_a_otro_tipo(cuerpo: bytes):
    otro = msgspec.json.decode(codificar(ejemplo(PresuntaVictimaDetectada), cifra_fija("otro")))
    otro["id"] = msgspec.json.decode(cuerpo)["id"]
    otro["data"]["sellado"] = msgspec.json.decode(cuerpo)["data"]["sellado"]
    with pytest.raises(SelloRoto):
        decodificar(msgspec.json.encode(otro), descifra_fija)


def test_lo_sellado_no_desmiente_lo_abierto(cuerpo: bytes):
    sobre = msgspec.json.decode(cuerpo)
    dato = f"{sobre['id']}\n{sobre['type']}".encode()
    sobre["data"]["sellado"] = b64encode(cifrar(b'{"urgencia":"ordinaria"}', dato)).decode()
    hecho = decodificar(msgspec.json.encode(sobre), descifra_fija).hecho
    assert isinstance(hecho, AlertaRecibida)
    assert hecho.urgencia == sobre["data"]["urgencia"] == "inmediata"


@pytest.mark.parametrize("roto", ["no es base64 ñ", 7, None, ["a"]])
def test_un_sellado_mal_formado_es_un_sobre_invalido(cuerpo: bytes, roto: object):
    sobre = msgspec.json.decode(cuerpo)
    sobre["data"]["sellado"] = roto
    with pytest.raises(SobreInvalido):
        decodificar(msgspec.json.encode(sobre), descifra_fija)


@pytest.mark.parametrize(
    "cambio",
    [
        {"subject": "00000000-0000-4000-8000-000000000000"},
        {"time": "2026-01-01T00:00:00"},
        {"data": []},
        {"data": {}},
        {"id": "MARIA"},
    ],
    ids=["sujeto", "hora-sin-zona", "data-lista", "data-vacia", "id"],
)
@pytest.mark.parametrize("descifrar", [None, descifra_fija], ids=["sin-clave", "con-clave"])
def test_un_sobre_torcido_se_rechaza_sin_repetir_lo_recibido(cuerpo, cambio, descifrar):
    with pytest.raises(SobreInvalido) as error:
        decodificar(con(cuerpo, **cambio), descifrar)
    assert "MARIA" not in str(error.value)


def test_un_tipo_de_manana_espera(cuerpo: bytes):
    with pytest.raises(TipoDesconocido):
        decodificar(con(cuerpo, type="senda.deteccion.alerta-recibida.v99"))


def test_lo_que_no_cabe_en_el_libro_no_se_codifica():
    hecho = msgspec.structs.replace(ejemplo(AlertaRecibida).hecho, relato="a" * MAXIMO_BYTES)
    with pytest.raises(SobreInvalido):
        codificar(anotar(hecho), cifrar)
