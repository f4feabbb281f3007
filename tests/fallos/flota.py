"""Los procesos de los servicios de una semilla: nacen, mueren, se congelan y vuelven."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from senda.composicion import CONTEXTOS
from tests.fallos.cuna import Nacer, escribir_desfase

RAIZ = Path(__file__).parents[2]
#: Segundos que se da a un proceso matado para desaparecer.
_PLAZO = 10.0


class Cuna:
    """El proceso del que nacen los servicios."""

    def __init__(self) -> None:
        self._proceso = subprocess.Popen(
            [sys.executable, "-m", "tests.fallos.cuna"],
            cwd=RAIZ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._leer("lista")

    def nacer(self, pedido: Nacer) -> int:
        """Pare un servicio y da su pid."""
        assert self._proceso.stdin is not None
        self._proceso.stdin.write(msgspec.json.encode(pedido).decode() + "\n")
        self._proceso.stdin.flush()
        return int(self._leer())

    def cerrar(self) -> None:
        self._proceso.kill()
        self._proceso.wait()

    def _leer(self, esperado: str = "") -> str:
        assert self._proceso.stdout is not None
        linea = self._proceso.stdout.readline().strip()
        if not linea or (esperado and linea != esperado):
            raise RuntimeError("la cuna de los servicios no arranca")
        return linea


@dataclass(eq=False)
class Vivo:
    """Un proceso de un servicio. Rearrancar en el mismo ``puerto`` es ser el mismo titular."""

    nombre: str
    pid: int
    puerto: int
    congelado: bool = False


@dataclass
class Flota:
    """Los procesos de una semilla. ``muertos``: los que acabaron sin que nadie los matara."""

    cuna: Cuna
    carpeta: Path
    vivos: list[Vivo] = field(default_factory=list)
    muertos: list[str] = field(default_factory=list)
    #: Los puertos ya dados: quien acaba de nacer aún no escucha en el suyo, y parecería libre.
    _dados: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for nombre in CONTEXTOS:
            escribir_desfase(self._reloj(nombre), 0.0)

    def nacer(self, nombre: str, puerto: int = 0) -> Vivo:
        """Arranca un proceso del servicio, en un puerto suyo."""
        puerto = puerto or _puerto_suyo(self._dados)
        self._dados.add(puerto)
        pedido = Nacer(nombre, str(self.carpeta), puerto, str(self.registro(nombre)), str(self._reloj(nombre)))
        vivo = Vivo(nombre, self.cuna.nacer(pedido), puerto)
        self.vivos.append(vivo)
        return vivo

    def registro(self, nombre: str) -> Path:
        """Donde cuentan los procesos de un servicio."""
        return self.carpeta / f"{nombre}.log"

    def matar(self, vivo: Vivo) -> None:
        """kill -9. Si ya no estaba, consta que murió solo."""
        self.vivos.remove(vivo)
        try:
            os.kill(vivo.pid, signal.SIGKILL)
        except ProcessLookupError:
            self.muertos.append(vivo.nombre)
            return
        limite = time.monotonic() + _PLAZO
        while _existe(vivo.pid):
            if time.monotonic() > limite:
                raise RuntimeError(f"{vivo.nombre} no muere")
            time.sleep(0.002)  # no es hijo de este proceso: no se le puede esperar

    def congelar(self, vivo: Vivo) -> None:
        """SIGSTOP: sigue teniendo conexiones, candados y lo que estuviera haciendo."""
        os.kill(vivo.pid, signal.SIGSTOP)
        vivo.congelado = True

    def despertar(self, vivo: Vivo) -> None:
        """SIGCONT, si sigue vivo."""
        if vivo in self.vivos:
            os.kill(vivo.pid, signal.SIGCONT)
            vivo.congelado = False

    def mover_reloj(self, nombres: list[str], segundos: float) -> None:
        """La hora de esos servicios pasa a ser la de verdad más ``segundos``."""
        for nombre in nombres:
            escribir_desfase(self._reloj(nombre), segundos)

    def de(self, nombre: str) -> list[Vivo]:
        """Los procesos en pie de un servicio, los más viejos primero."""
        return [v for v in self.vivos if v.nombre == nombre and not v.congelado]

    def vigilar(self) -> None:
        """Anota a quien acabó por su cuenta; ningún fallo debería matar a un servicio."""
        for vivo in list(self.vivos):
            if not _existe(vivo.pid):
                self.vivos.remove(vivo)
                self.muertos.append(vivo.nombre)

    def calmar(self) -> None:
        """Todos despiertos, en hora, y al menos uno por servicio."""
        for vivo in list(self.vivos):
            if vivo.congelado:
                self.despertar(vivo)
        self.mover_reloj(list(CONTEXTOS), 0.0)
        for nombre in CONTEXTOS:
            if not self.de(nombre):
                self.nacer(nombre)

    def acabar(self) -> None:
        """Mata a todos."""
        for vivo in list(self.vivos):
            self.matar(vivo)

    def _reloj(self, nombre: str) -> Path:
        return self.carpeta / f"{nombre}.reloj"


def _puerto_suyo(dados: Collection[int]) -> int:
    """Uno libre y no dado, por debajo de los que el sistema da a las conexiones de salida: esos se los quita otro."""
    while True:
        puerto = random.randrange(20_000, 32_000)
        if puerto in dados:
            continue
        with socket.socket() as zocalo, suppress(OSError):
            zocalo.bind(("127.0.0.1", puerto))
            return puerto


def _existe(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


__all__ = ["Cuna", "Flota", "Vivo"]
