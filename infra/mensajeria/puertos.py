"""Lo que la mensajería necesita de un servicio. Lo cumple `servicios.comun.contexto.Contexto`; infra no lo conoce."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from contratos.base import Peticion
from eventos.sobre import Anotado
from infra.almacen.tanda import Tanda


@dataclass(frozen=True, slots=True, kw_only=True)
class Remitente:
    """Quién pide, ya comprobado por su firma."""

    institucion: str
    agente: str
    ocurrido: datetime
    huella: str


@dataclass(frozen=True, slots=True)
class HechoCrudo:
    """Un hecho tal como llegó, encadenado y aún sin interpretar."""

    origen: str
    posicion: int
    anterior: bytes
    hoja: bytes
    cuerpo: bytes


@dataclass(frozen=True, slots=True)
class Latido:
    """La cabecera que un origen firma: hasta dónde llega, su hoja y cuándo lo dijo (UTC); ``cuerpo``, lo firmado."""

    origen: str
    posicion: int
    hoja: bytes
    instante: datetime
    cuerpo: bytes


#: Un hecho que contradice a lo conocido, y la hoja que se conocía de su posición.
Contradiccion = tuple[HechoCrudo, bytes]
#: De un plazo vencido (opaco, comparable), hasta cuándo (UTC) se deja sin atender; None: se atiende ya.
Dejar = Callable[[Hashable], datetime | None]


class Medida(NamedTuple):
    """Una cifra propia de un contexto. ``nombre``: sin prefijo y con su unidad (``refrendo_edad_segundos``)."""

    nombre: str
    ayuda: str
    valor: float


class Servicio(Protocol):
    """Un contexto visto desde el bus."""

    @property
    def nombre(self) -> str: ...

    @property
    def sigue(self) -> Sequence[str]:
        """Nombres de los servicios cuyos hechos recibe."""

    @property
    def interpreta(self) -> bool:
        """Falso en quien guarda los hechos sin leerlos (auditoría)."""

    def clave_de(self, tanda: Tanda, institucion: str) -> str:
        """Clave pública de firma (base64url). Errores: `Rechazo` si no está en el directorio o está suspendida."""

    def atender(self, tanda: Tanda, peticion: Peticion, remitente: Remitente) -> Sequence[Anotado]:
        """Comprueba el permiso, decide y anota. Errores: `Rechazo`."""

    def conocer(self, tanda: Tanda, anotado: Anotado) -> None:
        """Reacciona a un hecho de otro servicio."""

    def guardar_crudo(self, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
        """Guarda los bytes recibidos, en orden y ya comprobada su cadena. Solo lo usa quien lleva el libro."""

    def guardar_cabecera(self, conexion: Connection, latido: Latido) -> Contradiccion | None:
        """Conserva la cabecera que un origen firmó; devuelve en qué se contradice. Solo lo usa quien lleva el libro."""

    def divergencia(self, tanda: Tanda, crudo: HechoCrudo, conocida: bytes) -> None:
        """Un origen dio otra hoja para una posición conocida (sin cuerpo si lo dijo un latido). Puede repetirse."""

    def vencer(self, tanda: Tanda, maximo: int, dejar: Dejar = ..., /) -> int:
        """Mira hasta ``maximo`` plazos vencidos y atiende los que no haya que dejar; devuelve cuántos atendió.

        Pregunta por todos antes de atender ninguno.
        """

    def proximo_vencimiento(self, tanda: Tanda) -> datetime | None:
        """Cuándo vence el siguiente plazo."""

    def medidas(self, conexion: Connection, ahora: datetime) -> Sequence[Medida]:
        """Lo que solo este contexto sabe medir (``ahora`` en UTC). Se pregunta cada pocos segundos: por índices."""
