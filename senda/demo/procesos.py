"""Los seis servicios, cada uno en su proceso, mientras dura la demostración."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from senda.composicion import CONTEXTOS

#: Segundos que se da a un servicio para estar listo y para parar.
PACIENCIA_LISTO = 90.0
PACIENCIA_PARADA = 20.0
_CADA = 0.2
_LINEAS = 15


class ServicioCaido(Exception):
    """Un servicio terminó o no llega a estar listo. El mensaje trae el final de su registro."""


class Procesos:
    """Lanza los servicios de un despliegue y los para al salir (SIGTERM)."""

    def __init__(self, carpeta: Path) -> None:
        self._carpeta = carpeta
        self._registros = carpeta / "registros"
        self._procesos: dict[str, subprocess.Popen[bytes]] = {}
        self._puertos = dict(zip(CONTEXTOS, _puertos_libres(len(CONTEXTOS)), strict=True))

    def __enter__(self) -> Self:
        self._registros.mkdir(exist_ok=True)
        for nombre, puerto in self._puertos.items():
            orden = [sys.executable, "-m", "senda.proceso", nombre]
            orden += ["--carpeta", str(self._carpeta), "--puerto", str(puerto)]
            with (self._registros / f"{nombre}.log").open("wb") as registro:
                self._procesos[nombre] = subprocess.Popen(  # noqa: S603  argumentos propios, sin intérprete
                    orden, stdout=registro, stderr=subprocess.STDOUT
                )
        return self

    def __exit__(
        self, clase: type[BaseException] | None, error: BaseException | None, traza: TracebackType | None
    ) -> None:
        for proceso in self._procesos.values():
            proceso.terminate()
        limite = time.monotonic() + PACIENCIA_PARADA
        for proceso in self._procesos.values():
            try:
                proceso.wait(max(0.1, limite - time.monotonic()))
            except subprocess.TimeoutExpired:
                proceso.kill()
                proceso.wait()

    def esperar_listos(self) -> None:
        """Hasta que todos atiendan. Errores: `ServicioCaido`."""
        limite = time.monotonic() + PACIENCIA_LISTO
        for nombre, puerto in self._puertos.items():
            while not _listo(puerto):
                self.vigilar()
                if time.monotonic() > limite:
                    raise ServicioCaido(self._cuenta(nombre, "no llega a estar listo"))
                Event().wait(_CADA)

    def pids(self) -> dict[str, int]:
        """El número de proceso de cada servicio."""
        return {nombre: proceso.pid for nombre, proceso in self._procesos.items()}

    def vigilar(self) -> None:
        """Comprueba que todos siguen en pie. Errores: `ServicioCaido`."""
        for nombre, proceso in self._procesos.items():
            if proceso.poll() is not None:
                raise ServicioCaido(self._cuenta(nombre, f"terminó con {proceso.returncode}"))

    def _cuenta(self, nombre: str, que: str) -> str:
        registro = self._registros / f"{nombre}.log"
        lineas = registro.read_text(errors="replace").splitlines()[-_LINEAS:]
        return "\n".join([f"el servicio «{nombre}» {que}; el final de {registro}:", *lineas])


def _listo(puerto: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{puerto}/salud/listo", timeout=5) as respuesta:
            return bool(respuesta.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


def _puertos_libres(cuantos: int) -> list[int]:
    """Puertos que nadie usa ahora; se piden a la vez para que no se repitan."""
    with ExitStack() as pila:
        tomas = [pila.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(cuantos)]
        return [toma.getsockname()[1] for toma in tomas]


__all__ = ["Procesos", "ServicioCaido"]
