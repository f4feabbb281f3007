"""Con eventos de nameko: un manejador atiende la solicitud y despacha el hecho; otro lo pone en el libro.

``python -m senda.banco.camino.comparados.con_nameko CARPETA deteccion|auditoria``. nameko codifica en JSON: los bytes
van en base64.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
from base64 import b64decode, b64encode  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

from nameko.events import EventDispatcher, event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402

from senda.banco.camino.plano import Plano, leer  # noqa: E402
from senda.banco.camino.prototipo.procesos import anotar, crudo_de, examen_de, guardado_de, libro_de  # noqa: E402


def deteccion(plano: Plano) -> type:
    """El servicio que atiende. psycopg, sin adaptar, detiene el bucle mientras espera: nadie más usa la conexión."""
    examen, guardado = examen_de(plano), guardado_de(plano, con_salida=False)

    class Deteccion:
        name = f"{plano.prefijo}-deteccion"
        despachar = EventDispatcher()

        @event_handler(f"{plano.prefijo}-institucion", "solicitud")
        def solicitud(self, carga: dict[str, str]) -> None:
            buena = examen.pasar(b64decode(carga["cuerpo"]), carga["firma"], datetime.now(UTC))
            for causado in guardado.guardar([buena]):
                self.despachar("hecho", causado.cabeceras | {"cuerpo": b64encode(causado.cuerpo).decode()})
                self.despachar("acuse", {"cuerpo": b64encode(causado.acuse).decode(), "firma": causado.firma})

    return Deteccion


def auditoria(plano: Plano) -> type:
    """El servicio que lleva el libro."""
    libro = libro_de(plano)

    class Auditoria:
        name = f"{plano.prefijo}-auditoria"

        @event_handler(f"{plano.prefijo}-deteccion", "hecho")
        def hecho(self, carga: dict[str, Any]) -> None:
            anotar(libro, [crudo_de(carga, b64decode(carga["cuerpo"]))])

    return Auditoria


def principal(carpeta: str, nombre: str) -> None:
    """Sirve hasta que lo paren."""
    plano = leer(carpeta)
    corredor = ServiceRunner({"AMQP_URI": plano.bus, "HEARTBEAT": 0})
    corredor.add_service({"deteccion": deteccion, "auditoria": auditoria}[nombre](plano))
    corredor.start()
    plano.listo(nombre).touch()
    corredor.wait()


if __name__ == "__main__":
    principal(*sys.argv[1:])
