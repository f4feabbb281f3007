"""Anotar y sellar el libro de una vez, sin el servicio delante: lo que en él va con las altas de una tanda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from infra.almacen.insertar import Altas
from servicios.auditoria.libro import EntradaDeLibro, crecer, firmar_punto
from servicios.auditoria.punto_de_control import Accesos


def anotar(conexion: Connection, entradas: Sequence[EntradaDeLibro]) -> int:
    """Añade un lote en el orden dado y devuelve el tamaño del libro."""
    altas = Altas(conexion)
    arbol = crecer(altas, entradas)
    altas.escribir()
    return arbol.tamano


def sellar(
    conexion: Connection, nombre: str, clave: Ed25519PrivateKey, ahora: datetime, accesos: Accesos | None = None
) -> str | None:
    """Firma un punto de control del libro como está."""
    altas = Altas(conexion)
    texto = firmar_punto(altas, crecer(altas, ()), nombre, clave, ahora, accesos)
    altas.escribir()
    return texto
