"""El formato es de C2SP: se comprueba con su vector publicado y escribiendo a mano cada línea."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from senda_verificar import nota
from servicios.auditoria import punto_de_control as pc

NOMBRE = "senda.example/libro"
CLAVE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTRA = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
VKEY = nota.escribir_vkey(NOMBRE, CLAVE.public_key())
RAIZ = sha256(b"raiz").digest()


def test_el_texto_linea_a_linea() -> None:
    texto = pc.firmar(NOMBRE, CLAVE, 42, RAIZ)
    lineas = texto.split("\n")
    assert lineas[:4] == [NOMBRE, "42", b64encode(RAIZ).decode(), ""]
    assert lineas[5:] == [""]
    raya, nombre, codificada = lineas[4].split(" ")
    crudo = b64decode(codificada)
    publica = CLAVE.public_key().public_bytes_raw()
    assert (raya, nombre) == ("—", NOMBRE)
    assert crudo[:4] == sha256(NOMBRE.encode() + b"\n\x01" + publica).digest()[:4]
    CLAVE.public_key().verify(crudo[4:], "\n".join([*lineas[:3], ""]).encode())
    clave = b64encode(b"\x01" + publica).decode()
    assert f"{NOMBRE}+{crudo[:4].hex()}+{clave}" == VKEY


def test_ejemplo_publicado_de_signed_note() -> None:
    """Clave y firma del ejemplo del paquete ``golang.org/x/mod/sumdb/note``: la misma forma de nota y de vkey."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    firmado = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    linea = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    clave = nota.leer_vkey(vkey)
    firma = nota.leer_firma(linea)
    assert (firma.nombre, firma.huella) == (clave.nombre, clave.huella)
    clave.publica.verify(firma.firma, firmado.encode())


@pytest.mark.parametrize("tamano", [0, 1, 10**12])
def test_ida_y_vuelta(tamano: int) -> None:
    punto = nota.verificar(pc.firmar(NOMBRE, CLAVE, tamano, RAIZ), VKEY)
    assert (punto.origen, punto.tamano, punto.raiz) == (NOMBRE, tamano, RAIZ)


def test_admite_firmas_de_testigos_y_lineas_de_extension() -> None:
    texto = pc.firmar(NOMBRE, CLAVE, 3, RAIZ)
    testigo = pc.firmar("testigo", OTRA, 3, RAIZ).splitlines()[-1]
    assert nota.verificar(f"{texto}{testigo}\n", VKEY).tamano == 3
    extendido = f"{NOMBRE}\n3\n{b64encode(RAIZ).decode()}\nextra\n"
    huella = bytes.fromhex(VKEY.split("+")[1])
    firma = b64encode(huella + CLAVE.sign(extendido.encode())).decode()
    assert nota.verificar(f"{extendido}\n— {NOMBRE} {firma}\n", VKEY).tamano == 3


def test_refrendo_de_un_testigo_sobre_el_mismo_texto() -> None:
    texto = pc.firmar(NOMBRE, CLAVE, 3, RAIZ)
    vkey = nota.escribir_vkey("testigo", OTRA.public_key())
    huella = bytes.fromhex(vkey.split("+")[1])
    firma = b64encode(huella + OTRA.sign(nota.leer(texto).firmado)).decode()
    refrendado = f"{texto}— testigo {firma}\n"
    assert nota.verificar(refrendado, vkey, origen=NOMBRE).raiz == RAIZ
    with pytest.raises(nota.OrigenInesperado):
        nota.verificar(refrendado, vkey)


def test_otro_texto_con_la_misma_firma() -> None:
    texto = pc.firmar(NOMBRE, CLAVE, 41, RAIZ)
    with pytest.raises(nota.FirmaInvalida):
        nota.verificar(texto.replace("\n41\n", "\n42\n"), VKEY)


def test_firmado_por_otro() -> None:
    with pytest.raises(nota.SinFirma):
        nota.verificar(pc.firmar(NOMBRE, OTRA, 1, RAIZ), VKEY)
    with pytest.raises(nota.SinFirma):
        nota.verificar(pc.firmar("otro", CLAVE, 1, RAIZ), VKEY)


@pytest.mark.parametrize(
    "estropear",
    [
        lambda _: "",
        lambda t: t.rstrip("\n"),
        lambda t: t.replace("\n\n", "\n"),
        lambda t: t.replace("\n5\n", "\n05\n"),
        lambda t: t.replace("\n5\n", "\n-5\n"),
        lambda t: t.replace("\n5\n", "\n٥\n"),
        lambda t: t.replace("\n5\n", "\n5\r\n"),
        lambda t: t.replace("\n5\n", "\n"),
        lambda t: t.replace("— ", "- "),
        lambda t: t[:-3] + "\n",
        lambda t: t + "\n",
        lambda t: "\ud800" + t,
        lambda t: t + t.splitlines()[-1].replace(NOMBRE, "a") + "\n" + "basura\n",
        lambda t: t + (t.splitlines()[-1] + "\n") * 100,
        lambda t: t.replace(b64encode(RAIZ).decode(), b64encode(RAIZ[:31]).decode()),
    ],
)
def test_lo_que_no_es_un_punto_de_control(estropear: Callable[[str], str]) -> None:
    with pytest.raises(nota.TextoInvalido):
        nota.verificar(estropear(pc.firmar(NOMBRE, CLAVE, 5, RAIZ)), VKEY)


@pytest.mark.parametrize(
    "vkey",
    ["", NOMBRE, "+00000000+AQ==", VKEY[:-4], VKEY.replace("+", "+0", 1), f"a b+{VKEY.split('+', 1)[1]}", VKEY + "x"],
)
def test_vkey_fuera_de_forma(vkey: str) -> None:
    with pytest.raises(nota.ClaveInvalida):
        nota.verificar(pc.firmar(NOMBRE, CLAVE, 5, RAIZ), vkey)


@pytest.mark.parametrize("nombre", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_nombre_fuera_de_forma(nombre: str) -> None:
    with pytest.raises(pc.PuntoImposible):
        pc.firmar(nombre, CLAVE, 5, RAIZ)


@pytest.mark.parametrize(("tamano", "raiz"), [(-1, RAIZ), (1, RAIZ[:31])])
def test_no_se_firma_lo_que_no_se_podria_leer(tamano: int, raiz: bytes) -> None:
    with pytest.raises(pc.PuntoImposible):
        pc.firmar(NOMBRE, CLAVE, tamano, raiz)
