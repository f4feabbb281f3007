"""La firma: formato público (lo lee y lo escribe cualquier JOSE) y un código estable por cada motivo de rechazo."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from infra.seguridad.firma import (
    Cabecera,
    FirmaInvalida,
    firmar,
    leer_cabecera,
    publica_a_texto,
    publica_de_texto,
    verificar,
)

AHORA = datetime(2026, 1, 5, 12, tzinfo=UTC)
CADUCA = AHORA + timedelta(minutes=10)
CUERPO = '{"ruta":"…","peticion":"programar-traslado"}'.encode()
PRIVADA = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLICA = PRIVADA.public_key()
FIRMA = firmar(CUERPO, PRIVADA, "gt-mp", "justicia", "s-1", CADUCA)
CABECERA = {"alg": "EdDSA", "kid": "gt-mp", "servicio": "justicia", "id": "s-1", "exp": int(CADUCA.timestamp())}


def b64(octetos):
    return urlsafe_b64encode(octetos).rstrip(b"=").decode()


def a_mano(cabecera, cuerpo=CUERPO):
    """Un JWS separado hecho sin nuestro código, con la cabecera (dict o bytes) que sea."""
    llano = cabecera if isinstance(cabecera, bytes) else json.dumps(cabecera).encode()
    protegida = b64(llano)
    return f"{protegida}..{b64(PRIVADA.sign(f'{protegida}.{b64(cuerpo)}'.encode()))}"


def codigo(texto, cuerpo=CUERPO, publica=PUBLICA, servicio="justicia", ahora=AHORA):
    with pytest.raises(FirmaInvalida) as error:
        verificar(texto, cuerpo, publica, servicio, ahora)
    assert error.value.que_hacer
    assert error.value.__cause__ is None
    return error.value.codigo


def test_va_y_vuelve():
    esperada = Cabecera(kid="gt-mp", servicio="justicia", id="s-1", exp=int(CADUCA.timestamp()))
    assert verificar(FIRMA, CUERPO, PUBLICA, "justicia", AHORA) == leer_cabecera(FIRMA) == esperada


def test_el_formato_escrito_a_mano_es_el_mismo():
    compacta = json.dumps(CABECERA, separators=(",", ":")).encode()
    assert a_mano(compacta) == FIRMA


def test_otro_codificador_de_json_vale_igual_y_typ_no_estorba():
    assert verificar(a_mano(CABECERA | {"typ": "JOSE"}), CUERPO, PUBLICA, "justicia", AHORA).kid == "gt-mp"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_joserfc_lee_lo_que_firmamos_y_al_reves():
    registro = JWSRegistry(algorithms=["EdDSA"], strict_check_header=False)
    privada = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": publica_a_texto(PUBLICA), "d": b64(PRIVADA.private_bytes_raw())}
    )
    leida = jws.deserialize_compact(FIRMA, privada, registry=registro, payload=CUERPO)
    assert leida.headers() == CABECERA
    suya = jws.detach_content(jws.serialize_compact(dict(CABECERA), CUERPO, privada, registry=registro))
    assert suya == FIRMA
    assert verificar(suya, CUERPO, PUBLICA, "justicia", AHORA).id == "s-1"


def test_cada_motivo_tiene_su_codigo():
    assert codigo(FIRMA, cuerpo=CUERPO + b" ") == "firma-no-coincide"
    assert codigo(FIRMA, publica=Ed25519PrivateKey.generate().public_key()) == "firma-no-coincide"
    assert codigo(FIRMA, servicio="atencion") == "firma-otro-servicio"
    assert codigo(FIRMA, ahora=CADUCA) == "firma-caducada"
    assert verificar(FIRMA, CUERPO, PUBLICA, "justicia", CADUCA - timedelta(seconds=1)).id == "s-1"


def test_la_cabecera_va_protegida():
    protegida, _, firma = FIRMA.split(".")
    otra = b64(json.dumps(CABECERA | {"kid": "gt-pgn"}).encode())
    assert codigo(f"{otra}..{firma}") == "firma-no-coincide"
    assert codigo(f"{protegida}..{b64(bytes(64))}") == "firma-no-coincide"


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "eddsa", ""])
def test_solo_ed25519(alg):
    texto = a_mano(CABECERA | {"alg": alg})
    assert codigo(texto) == "firma-algoritmo"
    with pytest.raises(FirmaInvalida):
        leer_cabecera(texto)


@pytest.mark.parametrize(
    "texto",
    [
        "",
        "..",
        "a.b",
        "ñ..ñ",
        FIRMA + "=",
        FIRMA + "\n",
        FIRMA[:-1],
        FIRMA.replace("..", "." + b64(CUERPO) + "."),
        FIRMA + ".x",
        "x" * 5000,
        a_mano(b"no es json"),
        a_mano(b"[]"),
        a_mano(b"\xff"),
        *(a_mano({k: v for k, v in CABECERA.items() if k != falta}) for falta in CABECERA),
        *(a_mano(CABECERA | {k: ""}) for k in ("kid", "servicio", "id")),
        *(a_mano(CABECERA | {"exp": v}) for v in ("1", -1, 1.5, None, True)),
        a_mano(CABECERA | {"id": "x" * 201}),
        a_mano(CABECERA | {"b64": False, "crit": ["b64"]}),
    ],
)
def test_lo_malformado(texto):
    assert codigo(texto) == "firma-malformada"


def test_una_firma_tiene_una_sola_escritura():
    """Los bits sobrantes de base64 no dan otra firma «igual»: su texto se conserva y se resume."""
    variantes = {FIRMA[:-1] + c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"} - {FIRMA}
    assert {codigo(v) for v in variantes} <= {"firma-malformada", "firma-no-coincide"}


@pytest.mark.parametrize(
    ("institucion", "id_", "caduca"),
    [("", "s", CADUCA), ("mp", "x" * 201, CADUCA), ("mp", "s", CADUCA.replace(tzinfo=None))],
)
def test_no_se_firma_lo_que_nadie_aceptaria(institucion, id_, caduca):
    with pytest.raises(ValueError):
        firmar(CUERPO, PRIVADA, institucion, "justicia", id_, caduca)


def test_claves_publicas_como_texto():
    texto = publica_a_texto(PUBLICA)
    assert len(texto) == 43
    assert publica_de_texto(texto) == PUBLICA
    for malo in ("", texto + "=", texto[:-1], texto + "A", "ñ" * 43, texto[:-1] + "_"):
        with pytest.raises(ValueError):
            publica_de_texto(malo)
