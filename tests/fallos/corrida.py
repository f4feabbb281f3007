"""Correr una semilla: carga y averías a la vez, calma, y el veredicto del lector."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Self

import psycopg
import sqlalchemy as sa

from infra.mensajeria.topologia import colas_de_institucion
from senda.auditoria.verificacion import verificar_despliegue
from senda.composicion import CONTEXTOS
from tests.fallos.averias import CATALOGO, POR_LA_RED, programa
from tests.fallos.clientes import Clientes, MundoReal
from tests.fallos.escenario import Escenario
from tests.fallos.flota import Cuna, Flota
from tests.fallos.lector import LecturaReal, en_reposo, filas_de
from tests.fallos.plantilla import Estreno, Plantilla
from tests.fallos.red import Red
from tests.fallos.servidores import Bus, Cluster
from tests.simulacion.peticiones import SECRETOS
from tests.simulacion.plantilla import PROTOCOLO

#: Turnos de las instituciones y segundos entre dos: lo justo para que la carga rodee a las averías.
_TURNOS = (8, 12, 16)
_RITMO = 0.12
#: Segundos sin fallos en que todo ha de acabar: bastantes más que cualquier retroceso.
_TOPE_DE_CALMA = 60.0


@dataclass(frozen=True)
class Veredicto:
    """Cómo acabó una semilla. ``calma``: segundos que tardó el sistema en pararse desde la última avería."""

    semilla: int
    averias: tuple[str, ...]
    faltas: tuple[str, ...]
    perdidos: int
    doblados: int
    hechos: int
    enviadas: int
    aceptadas: int
    segundos: float
    calma: float

    def __str__(self) -> str:
        cabeza = (
            f"semilla {self.semilla} [{', '.join(self.averias)}]: {self.hechos} hechos, {self.enviadas} solicitudes "
            f"({self.aceptadas} aceptadas), {self.segundos:.1f} s ({self.calma:.1f} de calma)"
        )
        if not self.faltas:
            return f"{cabeza}; nada falta ni sobra"
        faltas = "\n  ".join(self.faltas[:20])
        return f"{cabeza}\n  {faltas}\nrepetir: python -m tests.fallos --semilla {self.semilla} -v"


class Banco:
    """Los servidores, la plantilla y la cuna: lo que muchas semillas comparten."""

    def __init__(self, carpeta: Path) -> None:
        self.carpeta = carpeta
        self._pila = ExitStack()
        try:
            self.bus = Bus.arrancar(carpeta / "bus")
            self._pila.callback(self.bus.apagar)
            self.cluster = Cluster.arrancar(carpeta / "base")
            self._pila.callback(self.cluster.apagar)
            self.plantilla = Plantilla.preparar(carpeta / "plantilla", self.cluster)
            self.cuna = Cuna()
            self._pila.callback(self.cuna.cerrar)
        except BaseException:
            self._pila.close()
            raise

    @property
    def posibles(self) -> list[str]:
        """Las averías que aquí se pueden provocar."""
        return [nombre for nombre in CATALOGO if nombre != "disco-lleno" or self.cluster.disco is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pila.close()


@dataclass
class Semilla:
    """Una semilla en marcha. ``averias``: las que se quieran, o ninguna para las que diga la semilla."""

    banco: Banco
    numero: int
    averias: Sequence[str] = ()
    contar: Callable[[str], None] = lambda _texto: None
    _roto: list[BaseException] = field(default_factory=list)
    _calma: float = 0.0
    #: Hasta que se sepa que fue bien, los registros de sus servicios no se borran.
    _fallo: bool = True

    def correr(self) -> Veredicto:
        """De principio a fin."""
        self.averias = tuple(self.averias or programa(self.numero, self.banco.posibles))
        with ExitStack() as pila:
            self._montar(pila)
            faltas = self._vivir()
            veredicto = self._juzgar(faltas)
            self._fallo = bool(veredicto.faltas)
            return veredicto

    def _montar(self, pila: ExitStack) -> None:
        banco = self.banco
        red_base, red_bus = (self._red(pila, u) if POR_LA_RED & set(self.averias) else None
                             for u in (banco.cluster.servidor.url, banco.bus.url))  # fmt: skip
        carpeta = banco.carpeta / f"semilla-{self.numero}"
        puerto = red_base.puerto if red_base else sa.make_url(banco.cluster.servidor.url).port
        bus = sa.make_url(banco.bus.url)
        de_servicios = bus.set(port=red_bus.puerto) if red_bus else bus
        self.estreno = banco.plantilla.estrenar(
            carpeta, f"semilla_{self.numero}", de_servicios.render_as_string(hide_password=False) + "/",
            f"s{self.numero}.", puerto or 5432,
        )  # fmt: skip
        pila.callback(self._guardar_o_borrar, carpeta)
        pila.callback(self.estreno.soltar)
        self.mundo = MundoReal(self.estreno, self.numero)
        self.mundo.bus_directo = banco.bus.url
        pila.callback(self._limpiar_bus)
        pila.callback(self.mundo.cerrar)
        self.flota = Flota(banco.cuna, carpeta)
        pila.callback(self.flota.acabar)
        self.clientes = Clientes(self.mundo, self._hechos)
        self.escenario = Escenario(
            banco.bus, banco.cluster, self.estreno.base, self.flota, self.clientes, self.mundo.topologia,
            Random(f"averias-{self.numero}"), self._decir, red_base, red_bus,
        )  # fmt: skip

    def _vivir(self) -> list[str]:
        self._inicio = time.monotonic()
        self.clientes.preparar()
        for nombre in CONTEXTOS:
            self.flota.nacer(nombre)
        azar = Random(f"carga-{self.numero}")
        averiando = threading.Thread(target=self._averiar, daemon=True)
        averiando.start()
        turnos, descanso = azar.choice(_TURNOS), threading.Event()
        turno = 0
        while turno < turnos or averiando.is_alive():
            self.clientes.turno(turno)
            turno += 1
            descanso.wait(_RITMO)
        averiando.join()
        if self._roto:
            raise self._roto[0]
        self.flota.vigilar()
        self.flota.calmar()
        return [*self._esperar_la_calma(), *(f"{nombre}: su proceso murió solo" for nombre in self.flota.muertos)]

    def _averiar(self) -> None:
        azar, descanso = Random(f"cuando-{self.numero}"), threading.Event()
        try:
            for nombre in self.averias:
                descanso.wait(azar.choice((0.3, 0.6, 1.0)))
                CATALOGO[nombre](self.escenario)
        except BaseException as error:  # noqa: BLE001  es del banco, no de Senda: se cuenta en el hilo principal
            self._roto.append(error)

    def _esperar_la_calma(self) -> list[str]:
        """Nada más falla: en un rato todo ha de acabar. Devuelve por qué no, si no acabó."""
        self._decir("calma")
        inicio, descanso, porque = time.monotonic(), threading.Event(), ""
        while time.monotonic() - inicio < _TOPE_DE_CALMA:
            self.clientes.leer()
            self.clientes.reenviar()
            try:
                with self._base() as conexion:
                    porque, _ = en_reposo(conexion)
            except psycopg.Error as error:
                porque = type(error).__name__
            if not porque and not self.clientes.pendientes:
                self._calma = time.monotonic() - inicio
                self.clientes.leer_todo()
                return []
            descanso.wait(_RITMO)
        self._calma = time.monotonic() - inicio
        return [
            f"no llega a pararse: {porque or 'hay solicitudes sin acuse'} ({len(self.clientes.pendientes)} sin acuse)"
        ]

    def _juzgar(self, faltas: list[str]) -> Veredicto:
        with self._base() as conexion:
            lectura = LecturaReal(
                enviados=self.clientes.enviados, acuses=self.clientes.acuses,
                avisos=self.clientes.avisos, protocolo=PROTOCOLO, secretos=SECRETOS, ahora=datetime.now(UTC),
                filas=partial(filas_de, conexion), dudosas=frozenset(self.clientes.dudosas),
            )  # fmt: skip
            faltas += lectura.faltas()
            perdidos, doblados = lectura.perdidos(), lectura.doblados()
        faltas += [f"senda auditar verificar: {falta}" for falta in verificar_despliegue(self.estreno.carpeta).faltas]
        return Veredicto(
            self.numero, tuple(self.averias), tuple(faltas), perdidos, doblados,
            sum(map(len, lectura.hechos.values())), len(lectura.solicitudes),
            sum(1 for s in lectura.solicitudes.values() if s.aceptada), time.monotonic() - self._inicio, self._calma,
        )  # fmt: skip

    def _hechos(self, servicio: str, tras: int) -> list[tuple[int, bytes]]:
        consulta = f"SELECT posicion, cuerpo FROM senda_{servicio}.eventos WHERE posicion > {tras} ORDER BY posicion"
        with self._base() as conexion:
            return list(conexion.execute(consulta))

    def _base(self) -> psycopg.Connection[Any]:
        return self.banco.cluster.conectar(self.estreno.base)

    def _red(self, pila: ExitStack, url: str) -> Red:
        destino = sa.make_url(url)
        red = Red((destino.host or "127.0.0.1", destino.port or 0))
        pila.callback(red.cerrar)
        return red

    def _guardar_o_borrar(self, carpeta: Path) -> None:
        if self._fallo:
            destino = Path(tempfile.mkdtemp(prefix=f"senda-fallos-semilla-{self.numero}-"))
            for registro in carpeta.glob("*.log"):
                shutil.copy(registro, destino)
            print(f"semilla {self.numero}: los registros de sus servicios, en {destino}", flush=True)
        shutil.rmtree(carpeta, ignore_errors=True)

    def _limpiar_bus(self) -> None:
        prefijo, topologia = self.estreno.despliegue.prefijo, self.mundo.topologia
        colas = [c.nombre for codigo in self.clientes.directorio for c in colas_de_institucion(codigo, prefijo)]
        with self.banco.bus.canal() as canal, suppress(OSError):
            for cola in (*(c.nombre for c in topologia.colas), *colas, self.clientes.respuestas):
                canal.queue_delete(cola)
            for intercambio in topologia.intercambios:
                canal.exchange_delete(intercambio.nombre)

    def _decir(self, texto: str) -> None:
        self.contar(f"{time.monotonic() - self._inicio:6.2f} {texto}")


__all__ = ["Banco", "Estreno", "Semilla", "Veredicto"]
