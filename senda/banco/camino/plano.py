"""Lo que comparten los procesos de un sistema del banco: dónde están su bus y sus tablas, de a cuántos y quién pide."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from infra.mensajeria.topologia import Topologia, topologia
from senda.composicion import CONTEXTOS

#: Los que bastan: la solicitud la atiende detección y el hecho acaba en el libro de auditoría.
DOS: Final = ("deteccion", "auditoria")
ORIGEN: Final = "/gt/deteccion"
ARCHIVO: Final = "plano.json"
_PUERTA: Final = "abierta"


class Lotes(Struct, frozen=True):
    """De a cuántos como mucho: solicitudes por transacción, mensajes por publicación y hechos por lote del libro.

    ``turnos``: si lo que hace cola va por turnos entre instituciones, como en un despliegue (decisión 040).
    """

    solicitudes: int
    relevo: int
    libro: int
    turnos: bool = False


class Plano(Struct, frozen=True, kw_only=True):
    """``prefijo``: el de sus colas y sus esquemas. ``base``: URL de SQLAlchemy. ``publica``: la clave de quien pide."""

    prefijo: str
    bus: str
    base: str
    carpeta: str
    lotes: Lotes
    institucion: str
    publica: str
    servicios: tuple[str, ...] = DOS

    @property
    def sigue(self) -> dict[str, tuple[str, ...]]:
        """A quién sigue cada servicio, de los que hay."""
        return {n: tuple(s for s in CONTEXTOS[n].sigue if s in self.servicios) for n in self.servicios}

    @property
    def topologia(self) -> Topologia:
        """Lo que hay en el bus."""
        return topologia(self.sigue, f"{self.prefijo}.")

    def esquema(self, servicio: str) -> str:
        """El esquema de PostgreSQL con las tablas de un servicio."""
        return f"{self.prefijo}_{servicio}"

    def listo(self, proceso: str) -> Path:
        """El archivo que un proceso crea cuando puede trabajar."""
        return Path(self.carpeta) / f"listo-{proceso}"

    @property
    def puerta(self) -> Path:
        """El archivo que, mientras está, deja tomar solicitudes de la cola."""
        return Path(self.carpeta) / _PUERTA

    def guardar(self) -> None:
        """Lo deja en su carpeta."""
        Path(self.carpeta).mkdir(parents=True, exist_ok=True)
        (Path(self.carpeta) / ARCHIVO).write_bytes(msgspec.json.encode(self))


def leer(carpeta: str) -> Plano:
    """El plano de una carpeta."""
    return msgspec.json.decode((Path(carpeta) / ARCHIVO).read_bytes(), type=Plano)


__all__ = ["DOS", "ORIGEN", "Lotes", "Plano", "leer"]
