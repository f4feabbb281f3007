"""La cuna: un proceso con todo importado y nada abierto, del que nace cada servicio por bifurcación.

Un servicio que nace aquí corre lo mismo que `python -m senda.proceso NOMBRE`, sin pagar cada vez el segundo largo que
cuesta importar. Solo se le cambian los tiempos (`TIEMPOS`), para no esperar en cada semilla arriendos de diez segundos,
y la hora de la máquina, que lleva un desfase que el banco mueve (`Reloj`).

Habla por la entrada y la salida normales: una línea JSON con el pedido (`Nacer`), una línea con el pid.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import signal
import struct
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import msgspec

#: Segundos. Los de `Ajustes`; los demás, de los módulos que los llevan escritos.
TIEMPOS = {"paciencia": 1.5, "retroceso_maximo": 2.0, "paciencia_hueco": 0.6, "arriendo": 2.0, "latido": 1.5}
_ESCRITOS = (
    ("infra.anfitrion.marcha", "RETROCESO_MAXIMO", 2.0),
    ("infra.anfitrion.marcha", "RETROCESO_SIN_BASE", 1.0),
    ("infra.anfitrion.anfitrion", "RETROCESO_SIN_BASE", 1.0),
    ("infra.anfitrion.marcha", "SONDEO", 2.0),
    ("infra.mensajeria.transportes.enlace", "RETROCESO_MAXIMO", 1.0),
)
_DESFASE = struct.Struct("d")


class Nacer(msgspec.Struct):
    """El pedido de un servicio. ``reloj``: el archivo con su desfase, en segundos (un double)."""

    nombre: str
    carpeta: str
    puerto: int
    registro: str
    reloj: str


def escribir_desfase(archivo: Path, segundos: float) -> None:
    """Mueve la hora de quien nació con ese archivo; surte efecto en el acto."""
    modo = "r+b" if archivo.exists() else "wb"
    with archivo.open(modo) as salida:
        salida.write(_DESFASE.pack(segundos))


def _servir(pedido: Nacer) -> NoReturn:
    """En el hijo: la vida entera de un servicio."""
    codigo = 70
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        registro = os.open(pedido.registro, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nada = os.open(os.devnull, os.O_RDONLY)
        for viejo, nuevo in ((0, nada), (1, registro), (2, registro)):
            os.dup2(nuevo, viejo)
        _mover_la_hora(Path(pedido.reloj))
        import eventlet.hubs

        # El de la cuna es suyo: compartirlo mezclaría los sockets de todos.
        eventlet.hubs.use_hub()
        from senda.proceso import principal

        orden = [pedido.nombre, "--carpeta", pedido.carpeta, "--puerto", str(pedido.puerto)]
        principal(orden)
    except SystemExit as salida:
        codigo = salida.code if isinstance(salida.code, int) else 0
    except BaseException:  # noqa: BLE001  es el final del proceso: se cuenta y se sale
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(codigo)


def _mover_la_hora(archivo: Path) -> None:
    import infra.reloj

    with archivo.open("rb") as abierto:
        pagina = mmap.mmap(abierto.fileno(), _DESFASE.size, prot=mmap.PROT_READ)

    def ahora(_reloj: object) -> datetime:
        (segundos,) = _DESFASE.unpack_from(pagina)
        return datetime.now(UTC) + timedelta(seconds=segundos)

    infra.reloj.RelojReal.ahora = ahora  # type: ignore[method-assign,assignment]


def _importar_todo() -> None:
    from infra.anfitrion.verde import preparar_proceso

    preparar_proceso()
    from infra.mensajeria.ajustes import Ajustes
    from senda import arranque, composicion

    for nombre in composicion.CONTEXTOS:
        importlib.import_module(f"servicios.{nombre}.servicio")
    importlib.import_module("infra.mensajeria.transportes.amqp")
    importlib.import_module("psycopg")
    cortos: Any = {nombre: timedelta(seconds=segundos) for nombre, segundos in TIEMPOS.items()}
    arranque.Ajustes = lambda: Ajustes(**cortos)  # type: ignore[attr-defined,misc,assignment]
    for modulo, constante, valor in _ESCRITOS:
        setattr(importlib.import_module(modulo), constante, valor)


def main() -> None:
    """Atiende pedidos hasta que se cierra la entrada."""
    _importar_todo()
    # Lo importado no se recorre en cada hijo: tocarlo es copiarlo, y era dos tercios de lo que costaba un servicio.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # los hijos no dejan restos
    print("lista", flush=True)
    leer = msgspec.json.Decoder(Nacer)
    for linea in sys.stdin:
        pedido = leer.decode(linea)
        pid = os.fork()
        if pid == 0:
            _servir(pedido)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
