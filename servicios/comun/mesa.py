"""La mesa de trabajo de un caso de uso: quién pide, qué se sabe de la ruta y el estado de los agregados."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, Select

from contratos.base import Peticion
from contratos.protocolos import cargar
from eventos.base import Hecho
from eventos.sobre import Anotado
from infra.almacen.flujos import Agregado
from infra.almacen.tanda import Autoria, Tanda
from servicios.comun import directorio, rutas
from servicios.comun.directorio import FichaInstitucion
from servicios.comun.rutas import FichaRuta


class Interna(Struct, frozen=True, kw_only=True):
    """Lo que una política pide a su propio servicio. No es contrato: no sale del proceso."""

    servicio: ClassVar[str] = ""


A = TypeVar("A", bound=Agregado)
Encargo = Peticion | Interna
E = TypeVar("E", bound=Encargo)
Caso = Callable[[Any, "Mesa"], Sequence[Hecho]]


@dataclass(frozen=True, slots=True)
class Mesa:
    """Lo que un caso de uso puede consultar. No guarda ni publica: devuelve hechos y otro los anota."""

    tanda: Tanda
    autoria: Autoria

    @property
    def ahora(self) -> datetime:
        """Instante de la tanda (UTC): el mismo para todo lo que se decide en ella."""
        return self.tanda.ahora

    @property
    def ocurrido(self) -> datetime:
        """Cuándo ocurrió lo que se cuenta (UTC), según quien pide."""
        return self.autoria.ocurrido

    def ocurrido_en(self, ruta: UUID) -> datetime:
        """Cuándo ocurrió, en la hora oficial del país de la ruta: su fecha es el día que era allí.

        Para compararlo con fechas sin hora. Errores: `RutaDesconocida`.
        """
        ficha = self.ruta(ruta)
        return cargar(ficha.protocolo, ficha.version_protocolo).calendario.local(self.ocurrido)

    @property
    def institucion(self) -> str:
        """Código de quien pide."""
        return self.autoria.institucion

    @property
    def agente(self) -> str:
        """Seudónimo de la persona que actúa por la institución."""
        return self.autoria.agente

    def nuevo_id(self) -> UUID:
        """Un UUIDv4: no revela cuándo se creó."""
        return self.tanda.nuevo_id()

    def estado(self, clase: type[A], id_agregado: UUID) -> A:
        """El estado de un agregado de este servicio."""
        return self.tanda.estado(clase, id_agregado)

    def abiertos(self, clase: type[Hecho], rutas: Collection[UUID]) -> Sequence[Anotado]:
        """Los hechos de una clase de esas rutas, de este servicio, con lo sellado abierto si aún hay con qué."""
        return self.tanda.abiertos(clase, rutas)

    def se_puede_sellar(self, ruta: UUID) -> bool:
        """Si de esa persona aún se puede contar algo sellado."""
        return self.tanda.se_puede_sellar(ruta)

    def ruta(self, ruta: UUID) -> FichaRuta:
        """Lo que este servicio sabe de una ruta. Errores: `RutaDesconocida` si coordinación aún no la abrió."""
        return rutas.ficha(self.tanda, ruta)

    def institucion_de(self, codigo: str) -> FichaInstitucion | None:
        """Ficha del directorio, o None."""
        return directorio.ficha(self.tanda, codigo)

    def leer(self, consulta: Select[Any]) -> Sequence[Row[Any]]:
        """Consulta las lecturas de este servicio."""
        return self.tanda.leer(consulta)


class Casos:
    """Qué función atiende cada petición, externa o interna."""

    def __init__(self) -> None:
        self._por_clase: dict[type[Any], Caso] = {}

    def atiende(self, clase: type[E]) -> Callable[[Callable[[E, Mesa], Sequence[Hecho]]], Caso]:
        """Registra el caso de uso de una clase de petición."""

        def registrar(caso: Callable[[E, Mesa], Sequence[Hecho]]) -> Caso:
            if clase in self._por_clase:
                raise TypeError(f"{clase.__name__} ya tiene quien la atienda")
            self._por_clase[clase] = caso
            return caso

        return registrar

    def clases(self) -> frozenset[type[Encargo]]:
        """Las peticiones que este servicio atiende."""
        return frozenset(self._por_clase)

    def decidir(self, encargo: Encargo, mesa: Mesa) -> Sequence[Hecho]:
        """Llama al caso de uso. Errores: `Rechazo` del dominio; `KeyError` si nadie atiende esa clase (un defecto)."""
        return self._por_clase[type(encargo)](encargo, mesa)
