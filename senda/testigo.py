"""Un testigo en disco: su clave, su memoria y cómo se monta. Nada de aquí necesita el despliegue al que vigila.

La carpeta es de quien refrenda, en su máquina: si la clave la guarda quien opera el libro, el refrendo no prueba nada.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.azar import Azar
from infra.reloj import Reloj
from senda.despliegue import escribir_secreto
from senda_verificar.nota import ED25519, REFRENDO, ClaveInvalida, Vkey, escribir_vkey, leer_vkey
from servicios.testigo.memoria import Memoria, MemoriaAusente
from servicios.testigo.testigo import Testigo

#: La clave privada (32 bytes), el nombre público y la memoria.
CLAVE, VKEY, MEMORIA = "clave", "vkey", "testigo.db"
_LARGO_CLAVE: Final = 32


class TestigoAusente(Exception):
    """La carpeta no tiene un testigo legible, o su clave la puede leer alguien más."""

    def __str__(self) -> str:
        return (
            "no hay un testigo en esa carpeta, o su clave la puede leer alguien más que su dueño (chmod 600); "
            "créalo con «senda testigo instalar»"
        )


def instalar(carpeta: Path, nombre: str, vkey_del_libro: str, reloj: Reloj, azar: Azar) -> str:
    """Crea un testigo que conoce ese libro; devuelve su vkey, la que se reparte a quien verifica.

    ``nombre``: sin espacios ni «+», como ``defensoria.example/testigo``. Errores: `ClaveInvalida` si el nombre o la
    vkey del libro no valen; `FileExistsError` si en la carpeta ya hay uno.
    """
    de_libro(vkey_del_libro)
    secreto = azar.bytes(_LARGO_CLAVE)
    vkey = escribir_vkey(nombre, Ed25519PrivateKey.from_private_bytes(secreto).public_key(), REFRENDO)
    carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((carpeta / archivo).exists() for archivo in (CLAVE, VKEY, MEMORIA)):
        raise FileExistsError(CLAVE)
    escribir_secreto(carpeta / CLAVE, secreto)
    (carpeta / VKEY).write_text(f"{vkey}\n")
    memoria = Memoria.crear(carpeta / MEMORIA, vkey)
    memoria.conocer(vkey_del_libro, reloj.ahora())
    memoria.cerrar()
    return vkey


@contextmanager
def abierto(carpeta: Path, reloj: Reloj) -> Iterator[Testigo]:
    """El testigo de una carpeta. Errores: `TestigoAusente`, `MemoriaAusente`."""
    vkey, clave = _leer(carpeta)
    memoria = Memoria.abrir(carpeta / MEMORIA, vkey)
    try:
        yield Testigo(leer_vkey(vkey), clave, memoria, reloj)
    finally:
        memoria.cerrar()


def vkey_de(archivo: Path) -> str:
    """La vkey escrita en un archivo, o la del libro en uno de claves (línea ``log``). Errores: `ClaveInvalida`."""
    try:
        lineas = archivo.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ClaveInvalida("no se puede leer el archivo de la vkey") from None
    del_libro = [linea.split()[1] for linea in lineas if linea.startswith("log ") and linea.split()[1:]]
    escritas = del_libro or [linea.strip() for linea in lineas if linea.strip()]
    if len(escritas) != 1:
        raise ClaveInvalida("ese archivo no lleva una vkey, ni es un archivo de claves con un solo libro")
    return escritas[0]


def de_libro(vkey: str) -> Vkey:
    """La clave de un libro: la de otro testigo no sirve. Errores: `ClaveInvalida`."""
    clave = leer_vkey(vkey)
    if clave.tipo != ED25519:
        raise ClaveInvalida("esa vkey es de un testigo, no de un libro")
    return clave


def de_testigo(vkey: str) -> Vkey:
    """La clave de un testigo: la de un libro no sirve. Errores: `ClaveInvalida`."""
    clave = leer_vkey(vkey)
    if clave.tipo != REFRENDO:
        raise ClaveInvalida("esa vkey es de un libro, no de un testigo")
    return clave


def _leer(carpeta: Path) -> tuple[str, Ed25519PrivateKey]:
    archivo = carpeta / CLAVE
    try:
        if archivo.stat().st_mode & 0o077:
            raise TestigoAusente
        clave = Ed25519PrivateKey.from_private_bytes(archivo.read_bytes())
        vkey = vkey_de(carpeta / VKEY)
        publica = de_testigo(vkey)
    except (OSError, ValueError):
        raise TestigoAusente from None
    if publica.cruda != clave.public_key().public_bytes_raw():
        raise TestigoAusente
    return vkey, clave


__all__ = ["MemoriaAusente", "TestigoAusente", "abierto", "de_libro", "de_testigo", "instalar", "vkey_de"]
