"""Un servicio en su propio proceso: lo que corre `senda servicio NOMBRE --carpeta DIR --puerto N`.

El proceso pasa a hilos verdes antes de importar nada que abra sockets; por eso aquí arriba casi no hay imports.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn

DIRECCION = "127.0.0.1"


def arrancar(carpeta: Path, nombre: str, puerto: int, direccion: str = DIRECCION) -> NoReturn:
    """Cambia este proceso por el del servicio, que sirve hasta SIGTERM. El HTTP (salud y métricas) en ``direccion``.

    Es otro programa y no una función: quien llama ya importó módulos que con hilos verdes no valdrían. Con puerto 0
    toma uno libre y lo dice en el registro. Errores: `DespliegueAusente`, antes de cambiar de programa.
    """
    from senda.despliegue import leer  # noqa: PLC0415

    leer(carpeta)
    orden = [sys.executable, "-m", "senda.proceso", nombre, "--carpeta", str(carpeta), "--puerto", str(puerto)]
    os.execv(sys.executable, [*orden, "--direccion", direccion])  # noqa: S606  argumentos propios, sin intérprete


def principal(argumentos: list[str] | None = None) -> None:
    """Lee la orden y sirve.

    Sale con 2 si la orden no vale o el despliegue no la admite, y con 1 si el puerto está ocupado.
    """
    lector = argparse.ArgumentParser(prog="python -m senda.proceso", description="Sirve un servicio de Senda.")
    lector.add_argument("nombre")
    lector.add_argument("--carpeta", type=Path, required=True, help="la del despliegue")
    lector.add_argument("--puerto", type=int, required=True, help="HTTP de salud y métricas")
    lector.add_argument("--direccion", default=DIRECCION, help="dónde escucha el HTTP")
    opciones = lector.parse_args(argumentos)

    from infra.anfitrion.verde import preparar_proceso  # noqa: PLC0415

    preparar_proceso()
    sys.exit(_servir(opciones.carpeta, opciones.nombre, opciones.puerto, opciones.direccion))


def _servir(carpeta: Path, nombre: str, puerto: int, direccion: str) -> int:
    from infra.anfitrion.produccion import PuertoOcupado, servir  # noqa: PLC0415
    from infra.observabilidad.registro import configurar  # noqa: PLC0415
    from infra.rabbitmq.claves import ClaveIlegible  # noqa: PLC0415
    from senda.acceso_bus import LlaveAusente  # noqa: PLC0415
    from senda.arranque import BusNoCompartido, montar  # noqa: PLC0415
    from senda.composicion import CONTEXTOS  # noqa: PLC0415
    from senda.despliegue import DespliegueAusente  # noqa: PLC0415

    if nombre not in CONTEXTOS:
        print(f"no hay un servicio con ese nombre; los hay: {', '.join(CONTEXTOS)}", file=sys.stderr)
        return 2
    configurar(nombre, desarrollo=sys.stderr.isatty())
    modulo = importlib.import_module(f"servicios.{nombre}.servicio")
    try:
        servir(modulo.SERVICIO, montar(carpeta, nombre, puerto), direccion, puerto)
    except (DespliegueAusente, BusNoCompartido, LlaveAusente, ClaveIlegible) as error:
        print(error, file=sys.stderr)
        return 2
    except PuertoOcupado as error:
        print(f"no se puede escuchar en {direccion}:{puerto} ({error})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    principal()
