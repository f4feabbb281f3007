"""El almacén de un servicio: su base, sus hechos y la transacción en que trabaja.

Usa las piezas de `eventsourcing` (`Mapper`, `EventStore`, registrador); el estado guardado son los bytes del sobre y
el `topic` es el tipo del contrato, así que nada depende de la ruta de un módulo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from eventsourcing.persistence import EventStore, JSONTranscoder, Mapper, StoredEvent
from sqlalchemy import Engine

import eventos.catalogo  # noqa: F401  (llena CATALOGO: un servicio lee también hechos que él no cuenta)
from eventos.sobre import Anotado, Cifra, codificar, decodificar
from infra.almacen.flujos import Memoria
from infra.almacen.insertar import Altas
from infra.almacen.lecturas import Lecturas
from infra.almacen.motor import leyendo
from infra.almacen.registrador import Cabeza, Registrador, con_turno
from infra.almacen.tanda import Tanda
from infra.azar import Azar
from infra.reloj import Reloj
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from infra.seguridad.sello import sellar


class MapaDeSobres(Mapper[UUID]):
    """Entre `Anotado` y bytes. ``claves`` son las de las personas de esta tanda."""

    def __init__(self, azar: Azar, claves: Mapping[UUID, bytes] | None = None) -> None:
        super().__init__(JSONTranscoder())
        self._azar = azar
        self._claves = claves or {}

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        anotado: Anotado = domain_event
        cuerpo = codificar(anotado, self._cifra(anotado))
        return StoredEvent(anotado.agregado, anotado.version, anotado.hecho.tipo, cuerpo)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return decodificar(stored_event.state)

    def _cifra(self, anotado: Anotado) -> Cifra | None:
        clave = self._claves.get(getattr(anotado.hecho, "ruta", anotado.agregado))
        if clave is None:
            return None
        return lambda claro, dato: sellar(clave, claro, dato, self._azar)


@dataclass
class Almacen:
    """Lo que un servicio necesita para guardar. ``origen`` es el ``source`` de sus sobres."""

    motor: Engine
    origen: str
    llavero: Llavero
    claves: ClavesServicio
    reloj: Reloj
    azar: Azar
    lecturas: Lecturas
    registrador: Registrador = field(init=False)
    _al_confirmar: list[Callable[[], None]] = field(default_factory=list)
    _memoria: Memoria = field(default_factory=Memoria)

    def __post_init__(self) -> None:
        self.registrador = Registrador(self.motor, self.origen)

    def al_confirmar(self, aviso: Callable[[], None]) -> None:
        """Registra a quien despertar cuando una tanda con hechos o mensajes confirma."""
        self._al_confirmar.append(aviso)

    @property
    def posicion_vista(self) -> int | None:
        """La última posición propia que dejó una tanda de este proceso; None si aún ninguna."""
        return self._memoria.posicion

    @contextmanager
    def tanda(self) -> Iterator[Tanda]:
        """Una transacción de trabajo: todo lo anotado, respondido y leído se confirma junto, o nada."""
        with con_turno(self.motor) as (conexion, (cabeza, aplicado)):
            tanda = Tanda(self, conexion, cabeza, self._memoria.llevarse(cabeza.posicion, aplicado))
            yield tanda
            tanda.volcar()
        # Si nadie más aplica nada, la última fila será esa o, si hubo saltos, una mayor: entonces se relee sin falta.
        self._memoria.devolver(tanda.posicion(), aplicado + tanda.aplicaciones, tanda.sabido)
        for hacer in tanda.tras_confirmar:
            hacer()
        if tanda.trajo_algo:
            for aviso in self._al_confirmar:
                aviso()

    @contextmanager
    def consulta(self) -> Iterator[Tanda]:
        """Una tanda que solo lee: no toma el turno, y lo que se anotara en ella se pierde."""
        with leyendo(self.motor) as conexion:
            yield Tanda(self, conexion)

    def eventos_en(self, altas: Altas, claves: Mapping[UUID, bytes], cabeza: Cabeza | None) -> EventStore[UUID]:
        """El `EventStore` de la librería, que deja lo suyo entre unas altas. ``claves``: las de las personas."""
        return EventStore(MapaDeSobres(self.azar, claves), self.registrador.aplazando(altas, cabeza))
