"""Un sistema del banco en marcha: sus tablas, sus colas y sus procesos, y cómo se le da trabajo y se mira si acabó."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import sqlalchemy as sa

from infra.almacen.esquema import marcas
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.migrar import instalar
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.reloj import RelojReal
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from senda.banco.camino.plano import Plano
from senda.banco.camino.prototipo.bus import conectar
from senda.banco.camino.testigo import cpu_de
from senda.cliente import Compuesta, Enlace
from senda.composicion import CONTEXTOS
from servicios.auditoria.libro import frontera
from servicios.comun.directorio import instituciones

#: Segundos.
_PACIENCIA: Final = 120.0
_MIRADA: Final = 0.005
_LINEAS: Final = 15


class SistemaParado(RuntimeError):
    """Un proceso del banco terminó, o lo pedido no llega al libro. El mensaje trae el final de su registro."""


class Ajeno(NamedTuple):
    """Lo que cambia en quien no usa las colas de Senda ni sabe de puertas: se para y se sigue con señales."""

    preparar: Callable[[Plano], None]
    encolar: Callable[[Plano, Sequence[Compuesta]], None]
    limpiar: Callable[[Plano], None]


class Sistema:
    """``modulo``: el que corre cada proceso, con la carpeta del plano y el nombre de su servicio."""

    def __init__(self, plano: Plano, modulo: str, ajeno: Ajeno | None = None) -> None:
        self.plano = plano
        self._modulo, self._ajeno = modulo, ajeno
        #: Lo que hay que hacer con sus tablas recién creadas.
        self.antes_de_arrancar: Callable[[Plano], None] = _nada
        self._vivos: dict[str, subprocess.Popen[bytes]] = {}
        self._pila = ExitStack()
        self.motor = abrir_motor(plano.base, plano.esquema("auditoria"))

    def __enter__(self) -> Self:
        try:
            self._preparar()
        except BaseException:
            self._pila.close()
            raise
        return self

    def _preparar(self) -> None:
        plano = self.plano
        plano.guardar()
        self._pila.callback(self.motor.dispose)
        _instalar(plano)
        self.antes_de_arrancar(plano)
        transporte = TransporteAmqp(plano.bus, latido=300)  # entre turnos calla más que el latido de fábrica
        self._pila.callback(self._borrar_colas)
        transporte.preparar(plano.topologia)
        for cola in colas_de_institucion(plano.institucion, f"{plano.prefijo}."):
            transporte.asegurar_cola(cola)
        self.enlace = Enlace(transporte, plano.topologia.nombres)
        self._pila.callback(transporte.cerrar)
        self._pila.callback(self.parar)
        self.arrancar()

    def __exit__(self, *_: object) -> None:
        self._pila.close()

    def arrancar(self) -> None:
        """Lanza los procesos y espera a que todos puedan trabajar. Errores: `SistemaParado`."""
        for nombre in self.plano.servicios:
            self.plano.listo(nombre).unlink(missing_ok=True)
            with self._registro(nombre).open("wb") as registro:
                self._vivos[nombre] = subprocess.Popen(  # noqa: S603 - argumentos propios, sin intérprete
                    [sys.executable, "-m", self._modulo, self.plano.carpeta, nombre],
                    stdout=registro, stderr=subprocess.STDOUT,
                )  # fmt: skip
        self._hasta(lambda: all(self.plano.listo(n).exists() for n in self._vivos), "no llega a estar listo")
        if self._ajeno is not None:
            self._ajeno.preparar(self.plano)
            self._senal(signal.SIGSTOP)

    def parar(self) -> None:
        """Para los procesos."""
        if self._ajeno is not None:
            self._senal(signal.SIGCONT)
        for proceso in self._vivos.values():
            proceso.terminate()
        for proceso in self._vivos.values():
            try:
                proceso.wait(10)
            except subprocess.TimeoutExpired:
                proceso.kill()
                proceso.wait()
        self._vivos.clear()

    @property
    def pids(self) -> dict[str, int]:
        """El de cada proceso, por su servicio."""
        return {nombre: proceso.pid for nombre, proceso in self._vivos.items()}

    def encolar(self, compuestas: Sequence[Compuesta]) -> None:
        """Deja solicitudes en su cola."""
        if self._ajeno is not None:
            self._ajeno.encolar(self.plano, compuestas)
        elif not all(self.enlace.enviar(compuestas)):
            raise SistemaParado("el bus no admitió las solicitudes")

    def abrir(self) -> None:
        """Deja que tome de su cola."""
        if self._ajeno is not None:
            self._senal(signal.SIGCONT)
        self.plano.puerta.touch()

    def cerrar(self) -> None:
        """Deja de tomar, y olvida los acuses del turno."""
        if self._ajeno is not None:
            self._senal(signal.SIGSTOP)
        self.plano.puerta.unlink(missing_ok=True)
        with self._canal() as canal:
            canal.queue_purge(self.plano.topologia.nombres.acuses_de(self.plano.institucion))

    def anotados(self) -> int:
        """Cuántos hechos hay en su libro."""
        with leyendo(self.motor) as conexion:
            return conexion.scalar(sa.select(frontera.c.tamano)) or 0

    def esperar(self, cuantos: int) -> None:
        """Hasta que su libro tenga tantos. Errores: `SistemaParado`."""
        self._hasta(lambda: self.anotados() >= cuantos, f"no llega a {cuantos} hechos en el libro")

    def esperar_acuses(self, cuantos: int) -> None:
        """Hasta que haya tantos acuses en la cola de quien pide. Errores: `SistemaParado`."""
        cola = self.plano.topologia.nombres.acuses_de(self.plano.institucion)
        with self._canal() as canal:
            self._hasta(
                lambda: canal.queue_declare(cola, passive=True).message_count >= cuantos, "faltan acuses"
            )  # fmt: skip

    def cpu(self) -> float:
        """Segundos de CPU que llevan gastados sus procesos."""
        return sum(cpu_de(pid) for pid in self.pids.values())

    def _senal(self, cual: signal.Signals) -> None:
        for proceso in self._vivos.values():
            if proceso.poll() is None:
                proceso.send_signal(cual)

    def _hasta(self, condicion: Any, que: str) -> None:
        limite = time.monotonic() + _PACIENCIA
        while not condicion():
            for nombre, proceso in self._vivos.items():
                if proceso.poll() is not None:
                    raise SistemaParado(self._cuenta(nombre, f"terminó con {proceso.returncode}"))
            if time.monotonic() > limite:
                raise SistemaParado("\n".join(self._cuenta(nombre, que) for nombre in self._vivos))
            time.sleep(_MIRADA)

    def _registro(self, nombre: str) -> Path:
        return Path(self.plano.carpeta) / f"{nombre}.log"

    def _cuenta(self, nombre: str, que: str) -> str:
        lineas = self._registro(nombre).read_text(errors="replace").splitlines()[-_LINEAS:]
        return "\n".join([f"{self.plano.prefijo}, «{nombre}»: {que}; el final de su registro:", *lineas])

    @contextmanager
    def _canal(self) -> Iterator[Any]:
        conexion = conectar(self.plano.bus)
        try:
            yield conexion.channel()
        finally:
            conexion.close()

    def _borrar_colas(self) -> None:
        if self._ajeno is not None:
            self._ajeno.limpiar(self.plano)
        mapa = self.plano.topologia
        colas = [*mapa.colas, *colas_de_institucion(self.plano.institucion, f"{self.plano.prefijo}.")]
        with self._canal() as canal:
            for cola in colas:
                canal.queue_delete(cola.nombre)
            for intercambio in mapa.intercambios:
                canal.exchange_delete(intercambio.nombre)


def _nada(_plano: Plano) -> None:
    return None


def _instalar(plano: Plano) -> None:
    """Las tablas, como en un despliegue, con la institución ya en el directorio; y las claves."""
    azar = AzarReal()
    admin = abrir_motor(plano.base)
    with admin.begin() as conexion:
        for parte in (*plano.servicios, "llavero"):
            conexion.execute(sa.schema.CreateSchema(plano.esquema(parte)))
    admin.dispose()
    llavero = Llavero(plano.base, bytes(32), azar, RelojReal(), esquema=plano.esquema("llavero"))
    llavero.crear_esquema()
    llavero.cerrar()
    for nombre in plano.servicios:
        ClavesServicio.generar(azar).guardar(Path(plano.carpeta) / "claves" / nombre)
        motor = abrir_motor(plano.base, plano.esquema(nombre))
        instalar(motor, CONTEXTOS[nombre].instalacion)
        with motor.begin() as conexion:
            insertar_si_falta(conexion, marcas, [{"destino": "eventos", "posicion": 0}])
            conexion.execute(
                sa.insert(instituciones).values(
                    codigo=plano.institucion, pais="gt", mandatos="rectoria", servicios="", cobertura="",
                    clave_firma=plano.publica, activa=True,
                )
            )  # fmt: skip
        motor.dispose()


__all__ = ["Ajeno", "Sistema", "SistemaParado"]
