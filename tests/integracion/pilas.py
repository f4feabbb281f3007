"""Las dos pilas de Senda: SQLite con bus en memoria, y PostgreSQL con RabbitMQ de verdad. La misma prueba en ambas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import methodcaller
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.almacen import Almacen
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.mensajeria.topologia import Topologia
from infra.mensajeria.transportes import Transporte
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero

INICIO = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SIN_LECTURAS = Lecturas((), ())


@dataclass
class Pila:
    """Bases y bus de una prueba. ``url``: la de PostgreSQL, o vacía para SQLite en ``carpeta``. ``amqp``, lo mismo."""

    carpeta: Path
    url: str = ""
    amqp: str = ""
    prefijo: str = ""
    reloj: RelojSimulado = field(default_factory=lambda: RelojSimulado(INICIO))
    broker: BrokerMemoria = field(default_factory=BrokerMemoria)
    _esquemas: dict[str, str] = field(default_factory=dict)
    _al_cerrar: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.azar = AzarReal()
        self.llavero = Llavero(self._motor_de("llavero"), bytes(32), self.azar, self.reloj)
        self.llavero.crear_esquema()
        self._claves: dict[str, ClavesServicio] = {}

    @property
    def real(self) -> bool:
        """Si es la de PostgreSQL y RabbitMQ."""
        return bool(self.url)

    def direccion(self, nombre: str) -> tuple[str, str | None]:
        """URL y esquema de la base de un servicio."""
        if not self.url:
            return f"sqlite:///{self.carpeta / f'{nombre}.db'}", None
        if nombre not in self._esquemas:
            esquema = self._esquemas[nombre] = f"p_{uuid4().hex[:12]}_{nombre}"
            self._ejecutar(f"CREATE SCHEMA {esquema}")
            self._al_cerrar.append(lambda: self._ejecutar(f"DROP SCHEMA {esquema} CASCADE"))
        return self.url, self._esquemas[nombre]

    def motor(self, nombre: str, lecturas: Lecturas = SIN_LECTURAS) -> Engine:
        """La base de un servicio, instalada. Cada llamada abre conexiones propias, como otro proceso."""
        nueva = nombre not in self._esquemas and not (self.carpeta / f"{nombre}.db").exists()
        motor = self._motor_de(nombre)
        if nueva:
            instalar(motor, Instalacion(lecturas))
        return motor

    def almacen(self, nombre: str, lecturas: Lecturas = SIN_LECTURAS, motor: Engine | None = None) -> Almacen:
        """El almacén de un servicio. Pedirlo otra vez es abrir una réplica."""
        return Almacen(
            motor=motor or self.motor(nombre, lecturas),
            origen=f"/gt/{nombre}",
            llavero=self.llavero,
            claves=self.claves(nombre),
            reloj=self.reloj,
            azar=self.azar,
            lecturas=lecturas,
        )

    def claves(self, nombre: str) -> ClavesServicio:
        """Las claves de un servicio, siempre las mismas en una prueba."""
        if nombre not in self._claves:
            self._claves[nombre] = ClavesServicio.generar(self.azar)
        return self._claves[nombre]

    def transporte(self, usuario: str | None = None) -> Transporte:
        """Una conexión nueva al bus."""
        abierto = TransporteAmqp(self.amqp) if self.amqp else TransporteMemoria(self.broker, usuario)
        self._al_cerrar.append(abierto.cerrar)
        return abierto

    def borrar_cola(self, cola: str) -> None:
        """Como haría quien opera el broker."""
        if not self.amqp:
            self.broker.borrar_cola(cola)
            return
        gestion = TransporteAmqp(self.amqp)
        gestion._en_canal(methodcaller("queue_delete", cola))
        gestion.cerrar()

    def borrar_topologia(self, topologia: Topologia) -> None:
        """Deja el broker sin nada de un despliegue."""
        for cola in topologia.colas:
            self.borrar_cola(cola.nombre)
        if self.amqp:
            gestion = TransporteAmqp(self.amqp)
            for intercambio in topologia.intercambios:
                gestion._en_canal(methodcaller("exchange_delete", intercambio.nombre))
            gestion.cerrar()

    def al_cerrar(self, que: Callable[[], None]) -> None:
        """Lo último que se registra es lo primero que se hace."""
        self._al_cerrar.append(que)

    def cerrar(self) -> None:
        for que in reversed(self._al_cerrar):
            que()

    def _motor_de(self, nombre: str) -> Engine:
        motor = abrir_motor(*self.direccion(nombre))
        self._al_cerrar.append(motor.dispose)
        return motor

    def _ejecutar(self, orden: str) -> None:
        dueno = sa.create_engine(self.url, poolclass=sa.NullPool)
        with dueno.begin() as conexion:
            conexion.execute(sa.text(orden))
