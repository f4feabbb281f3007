"""Todo Senda en un proceso: SQLite, `memory://` y un planificador sin hilos. El mismo código que en producción."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from infra.anfitrion.estacion import Estacion
from infra.anfitrion.planificador import Planificador
from infra.azar import Azar
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Transporte
from infra.mensajeria.transportes.memoria import BrokerMemoria
from infra.reloj import Reloj
from infra.seguridad.llavero import Llavero
from senda.cliente import Credencial, Enlace
from senda.composicion import CONTEXTOS, Montaje, inscribir_rectora, instalaciones
from senda.despliegue import Despliegue, DespliegueAusente, crear, leer, migrar

BUS = "memory://"
_CERROJO = "en-marcha.cerrojo"


class EnMarcha(Exception):
    """Otro proceso tiene puesto en marcha este despliegue embebido."""

    def __str__(self) -> str:
        return "ese despliegue está en marcha en otro proceso (¿«senda todo»?): páralo, o instálalo sobre RabbitMQ"


@dataclass
class Embebido:
    """Los seis servicios montados en este proceso."""

    montaje: Montaje
    broker: BrokerMemoria
    llavero: Llavero = field(init=False)
    estaciones: dict[str, Estacion] = field(init=False)
    planificador: Planificador[Estacion] = field(init=False)

    def __post_init__(self) -> None:
        self.llavero = self.montaje.llavero()
        self.estaciones = {nombre: self._montar(nombre) for nombre in CONTEXTOS}
        inscribir_rectora(self.estaciones["coordinacion"], self.montaje.despliegue)
        self.planificador = Planificador(list(self.estaciones.values()), self.montaje.reloj)

    @property
    def despliegue(self) -> Despliegue:
        """Dónde está cada cosa."""
        return self.montaje.despliegue

    def enlace(self) -> Enlace:
        """Una conexión de institución con el bus de este sistema."""
        return Enlace(abrir(self.despliegue.bus, self.broker), self.estaciones["coordinacion"].topologia.nombres)

    def proximo(self) -> datetime | None:
        """Cuándo tendrá trabajo el sistema por el paso del tiempo (UTC)."""
        return self.planificador.proximo()

    def andar(self, pausa: timedelta) -> None:
        """Con reloj real: da rondas para siempre y descansa una pausa cuando nadie tiene nada que hacer."""
        descanso = Event()
        while True:
            if self.planificador.ronda():
                continue
            descanso.wait(pausa.total_seconds())
            self.planificador.sondear()

    def despedir(self) -> None:
        """Cada servicio firma hasta dónde contó y auditoría lo guarda: lo último queda también prometido."""
        for estacion in self.estaciones.values():
            estacion.pulso.latir()
        self.planificador.hasta_reposo()

    def cerrar(self) -> None:
        """Suelta bases y transportes."""
        for estacion in self.estaciones.values():
            estacion.cerrar()
        self.llavero.cerrar()

    def _montar(self, nombre: str) -> Estacion:
        estacion = self.montaje.estacion(nombre, self.llavero, titular=f"{nombre}-1")
        estacion.preparar()
        return estacion


def estrenar(
    carpeta: Path, rectora: Credencial, reloj: Reloj, azar: Azar, pais: str = "gt", ajustes: Ajustes | None = None,
    bus: str = BUS, envolver: Callable[[Transporte], Transporte] = lambda transporte: transporte,
    base: str | None = None, prefijo: str = "", llavero: str | None = None,
) -> Embebido:  # fmt: skip
    """Crea un despliegue nuevo en la carpeta y lo monta.

    ``bus``: el de este proceso o, para que otros programas lleguen a él, un RabbitMQ. ``envolver``: lo que se hace con
    cada transporte de un servicio. ``base``, ``prefijo`` y ``llavero``: los de `crear`. Errores: `FileExistsError` si
    ya había uno.
    """
    despliegue = crear(
        carpeta,
        instalaciones(),
        pais=pais,
        bus=bus,
        base=base,
        prefijo=prefijo,
        reloj="real",
        rectora=rectora.codigo,
        clave_rectora=rectora.publica,
        azar=azar,
        llavero=llavero,
    )
    broker = BrokerMemoria()
    return Embebido(Montaje(carpeta, despliegue, reloj, azar, broker, ajustes or Ajustes(), envolver), broker)


def reabrir(carpeta: Path, reloj: Reloj, azar: Azar) -> Embebido:
    """Monta el despliegue de la carpeta; lo que volaba se repone desde las bases. Errores: `DespliegueAusente`.

    Si es de una versión anterior, lleva antes sus bases de SQLite a esta.
    """
    broker, despliegue = BrokerMemoria(), leer(carpeta)
    migrar(despliegue, instalaciones())
    return Embebido(Montaje(carpeta, despliegue, reloj, azar, broker), broker)


@contextmanager
def en_exclusiva(carpeta: Path) -> Iterator[None]:
    """Mientras dura, nadie más pone en marcha esta carpeta: dos procesos no comparten un bus en memoria.

    Errores: `EnMarcha` si ya lo está; `DespliegueAusente` si la carpeta no existe.
    """
    try:
        descriptor = os.open(carpeta / _CERROJO, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise DespliegueAusente from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EnMarcha from None
        yield
    finally:
        os.close(descriptor)
