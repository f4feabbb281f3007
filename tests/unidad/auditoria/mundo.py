"""Un libro con sus almacenes, cabeceras y puntos de control, en listas que una prueba puede dañar."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from senda_verificar import arbol, nota
from senda_verificar.copias import Cabecera, verificar
from senda_verificar.faltas import Informe
from servicios.auditoria import punto_de_control

ORIGENES = ("/gt/deteccion", "/gt/coordinacion", "/gt/justicia")
POR_ORIGEN = 8
CLAVE = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
NOMBRE = "senda.example/gt/libro"
VKEY = nota.escribir_vkey(NOMBRE, CLAVE.public_key())


def id_evento(origen: str, posicion: int) -> str:
    return str(UUID(bytes=sha256(f"{origen}{posicion}".encode()).digest()[:16], version=4))


def cuerpo_de(origen: str, posicion: int, extra: str = "") -> bytes:
    return json.dumps({"id": id_evento(origen, posicion), "source": origen, "extra": extra}).encode()


def hoja(origen: str, posicion: int, anterior: bytes, cuerpo: bytes) -> bytes:
    return sha256(b"\x00" + f"{origen}\n{posicion}\n{anterior.hex()}\n".encode() + cuerpo).digest()


@dataclass
class FilaMutable:
    origen: object
    posicion: object
    anterior: object
    cuerpo: object
    hoja: object

    def copia(self) -> FilaMutable:
        return FilaMutable(self.origen, self.posicion, self.anterior, self.cuerpo, self.hoja)


@dataclass
class Mundo:
    libro: list[FilaMutable] = field(default_factory=list)
    almacenes: dict[str, list[FilaMutable]] = field(default_factory=dict)
    cabeceras: list[Cabecera] = field(default_factory=list)
    puntos: list[str] = field(default_factory=list)

    def sellar(self, tamano: int | None = None) -> str:
        hojas = [f.hoja for f in self.libro[:tamano]]
        texto = punto_de_control.firmar(NOMBRE, CLAVE, len(hojas), arbol.raiz(hojas))  # type: ignore[arg-type]
        self.puntos.append(texto)
        return texto

    def fila(self, origen: str, posicion: int) -> FilaMutable:
        return next(f for f in self.libro if (f.origen, f.posicion) == (origen, posicion))

    def indice(self, origen: str, posicion: int) -> int:
        return self.libro.index(self.fila(origen, posicion))

    def suya(self, origen: str, posicion: int) -> FilaMutable:
        return next(f for f in self.almacenes[origen] if f.posicion == posicion)

    def verificar(self, *, con_almacenes: bool = True, vkeys: tuple[str, ...] = (VKEY,)) -> Informe:
        almacenes = {
            origen: [(f.posicion, f.anterior, f.cuerpo, f.hoja) for f in filas]
            for origen, filas in self.almacenes.items()
        }
        libro = ((f.origen, f.posicion, f.anterior, f.cuerpo, f.hoja) for f in self.libro)
        return verificar(libro, almacenes if con_almacenes else None, self.cabeceras, self.puntos, vkeys)


def cadena(origen: str, desde: int, anterior: bytes, cuerpos: list[bytes]) -> list[FilaMutable]:
    filas = []
    for posicion, cuerpo in enumerate(cuerpos, desde):
        filas.append(FilaMutable(origen, posicion, anterior, cuerpo, hoja(origen, posicion, anterior, cuerpo)))
        anterior = filas[-1].hoja  # type: ignore[assignment]
    return filas


def sano(por_origen: int = POR_ORIGEN) -> Mundo:
    mundo = Mundo()
    for origen in ORIGENES:
        filas = cadena(origen, 1, bytes(32), [cuerpo_de(origen, p) for p in range(1, por_origen + 1)])
        mundo.almacenes[origen] = filas
        mundo.cabeceras.append(Cabecera(origen, por_origen, filas[-1].hoja))  # type: ignore[arg-type]
    for posicion in range(por_origen):
        mundo.libro += [mundo.almacenes[origen][posicion].copia() for origen in ORIGENES]
    for tamano in (1, por_origen, 3 * por_origen):
        mundo.sellar(tamano)
    return mundo
