"""`python -m tests.asedio`: el banco hostil sobre un RabbitMQ propio, con gestión: así puede llenar una cola.

Lo que se ponga detrás va a `senda bench hostil`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import nodo_rabbit
from tests.servidores_propios import NoArranca, apagar


def principal(argumentos: list[str]) -> int:
    """Arranca el nodo, corre el banco y lo apaga. Devuelve con qué salió el banco."""
    with TemporaryDirectory(prefix="senda-asedio-") as temporal:
        try:
            nodo = nodo_rabbit.arrancar(Path(temporal) / "bus")
        except NoArranca as error:
            print(error, file=sys.stderr)
            return 2
        try:
            orden = [sys.executable, "-c", "from senda.orden import app; app()", "bench", "hostil"]
            orden += ["--amqp", nodo.servidor.url, "--api", nodo.api]
            return subprocess.run([*orden, *argumentos], check=False).returncode
        finally:
            apagar(nodo.servidor)


if __name__ == "__main__":
    raise SystemExit(principal(sys.argv[1:]))
