"""Las piezas de un libro, escritas a mano: claves, firmas, árbol, teselas y puntos. Nada de quien lo exporta."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LIBRO = "senda.example/gt/libro"
COORDINACION, DETECCION, JUSTICIA = ORIGENES = ("/gt/coordinacion", "/gt/deteccion", "/gt/justicia")
RECTORA, PNC, MP = INSTITUCIONES = ("GT-SVET", "GT-PNC", "GT-MP")
TESTIGOS = ("defensoria", "corte", "universidad")
SISTEMA = "GT-SISTEMA"
COMIENZO = datetime(2026, 5, 3, 12, tzinfo=UTC)
CERO = bytes(32)


@cache
def clave(de: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(de.encode()).digest())


def b64(datos: bytes) -> str:
    return b64encode(datos).decode()


def b64url(datos: bytes) -> str:
    return urlsafe_b64encode(datos).rstrip(b"=").decode()


def publica(de: str) -> bytes:
    return clave(de).public_key().public_bytes_raw()


def vkey(nombre: str, de: str, tipo: int = 1) -> str:
    return f"{nombre}+{huella(nombre, de, tipo).hex()}+{b64(bytes([tipo]) + publica(de))}"


def huella(nombre: str, de: str, tipo: int = 1) -> bytes:
    return sha256(nombre.encode() + b"\n" + bytes([tipo]) + publica(de)).digest()[:4]


def compacto(valor: object) -> bytes:
    return json.dumps(valor, ensure_ascii=False, separators=(",", ":")).encode()


def nodo(izquierda: bytes, derecha: bytes) -> bytes:
    return sha256(b"\x01" + izquierda + derecha).digest()


def hoja(entrada: bytes) -> bytes:
    return sha256(b"\x00" + entrada).digest()


def raiz(hojas: Sequence[bytes]) -> bytes:
    """La definición recursiva de RFC 9162, sin optimizar."""
    if not hojas:
        return sha256(b"").digest()
    if len(hojas) == 1:
        return hojas[0]
    corte = 1 << (len(hojas) - 1).bit_length() - 1
    return nodo(raiz(hojas[:corte]), raiz(hojas[corte:]))


def inclusion(indice: int, hojas: Sequence[bytes]) -> list[bytes]:
    if len(hojas) == 1:
        return []
    corte = 1 << (len(hojas) - 1).bit_length() - 1
    if indice < corte:
        return [*inclusion(indice, hojas[:corte]), raiz(hojas[corte:])]
    return [*inclusion(indice - corte, hojas[corte:]), raiz(hojas[:corte])]


def consistencia(menor: int, hojas: Sequence[bytes], *, entero: bool = True) -> list[bytes]:
    if menor == len(hojas):
        return [] if entero else [raiz(hojas)]
    corte = 1 << (len(hojas) - 1).bit_length() - 1
    if menor <= corte:
        return [*consistencia(menor, hojas[:corte], entero=entero), raiz(hojas[corte:])]
    return [*consistencia(menor - corte, hojas[corte:], entero=False), raiz(hojas[:corte])]


def jws(cuerpo: bytes, de: str, kid: str, servicio: str, id: str) -> str:
    protegida = b64url(compacto({"alg": "EdDSA", "kid": kid, "servicio": servicio, "id": id, "exp": 1_900_000_000}))
    return f"{protegida}..{b64url(clave(de).sign(f'{protegida}.{b64url(cuerpo)}'.encode()))}"


def punto(tamano: int, raiz_: bytes, extensiones: Iterable[str] = (), *, nombre: str = LIBRO, de: str = LIBRO) -> str:
    texto = "\n".join([nombre, str(tamano), b64(raiz_), *extensiones, ""])
    return f"{texto}\n— {nombre} {b64(huella(nombre, de) + clave(de).sign(texto.encode()))}\n"


def refrendar(texto: str, testigo: str, de: str | None = None, *, de_otro: str | None = None) -> str:
    """El punto con la línea de un testigo. ``de``: con qué clave firma; ``de_otro``: firma otro texto."""
    instante = 1_777_000_000
    cuerpo = (de_otro or texto).rpartition("\n\n")[0] + "\n"
    firma = clave(de or testigo).sign(f"cosignature/v1\ntime {instante}\n{cuerpo}".encode())
    linea = b64(huella(testigo, testigo, 4) + instante.to_bytes(8, "big") + firma)
    return f"{texto}— {testigo} {linea}\n"


def claves(*, testigos: Sequence[str] = TESTIGOS, umbral: int = 3, instituciones: Sequence[str] = (RECTORA,)) -> str:
    lineas = [
        "# de quién me fío",
        f"log {vkey(LIBRO, LIBRO)}",
        *(f"origen {vkey(o, o)}" for o in ORIGENES),
        *(f"institucion {vkey(i, i)}" for i in instituciones),
        *(f"witness {t} {vkey(t, t, 4)}" for t in testigos),
    ]
    if testigos:
        lineas += [f"group varios {umbral} {' '.join(testigos)}", "quorum varios"]
    return "\n".join([*lineas, ""])


def teselas(hojas: Sequence[bytes]) -> dict[str, bytes]:
    """Por ruta, las teselas de hashes de un árbol."""
    rutas, nivel, nodos = {}, 0, list(hojas)
    while nodos:
        for desde in range(0, len(nodos), 256):
            suyos = nodos[desde : desde + 256]
            rutas[ruta_de(str(nivel), desde // 256, len(suyos))] = b"".join(suyos)
        nodos = [raiz(nodos[i : i + 256]) for i in range(0, len(nodos) // 256 * 256, 256)]
        nivel += 1
    return rutas


def empaquetar(entradas: Iterable[bytes]) -> bytes:
    return b"".join(len(e).to_bytes(2, "big") + e for e in entradas)


def ruta_de(que: str, indice: int, ancho: int) -> str:
    assert indice < 1000  # lo de más arriba lo prueba test_teselas con ejemplos de la especificación
    return f"tile/{que}/{indice:03d}" + (f".p/{ancho}" if ancho < 256 else "")


def poner(carpeta: Path, ruta: str, datos: bytes) -> None:
    archivo = carpeta / ruta
    archivo.parent.mkdir(parents=True, exist_ok=True)
    archivo.write_bytes(datos)
