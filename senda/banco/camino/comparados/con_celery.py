"""Con Celery: una tarea atiende la solicitud y manda otra que pone el hecho en el libro. Un obrero por cola.

``python -m senda.banco.camino.comparados.con_celery CARPETA deteccion|auditoria``
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu.entity import Exchange, Queue

from senda.banco.camino.plano import Plano, leer
from senda.banco.camino.prototipo.procesos import anotar, crudo_de, examen_de, guardado_de, libro_de


def cola_de(plano: Plano, nombre: str) -> str:
    """La cola de un obrero."""
    return f"{plano.prefijo}.celery.{nombre}"


def aplicacion(plano: Plano) -> Any:
    """La aplicación: confirma tarde, para que morir no pierda nada, y sin guardar resultados."""
    app = Celery("banco", broker=plano.bus)
    app.conf.update(
        task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=100, broker_heartbeat=0,
        broker_transport_options={"confirm_publish": True}, worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True, task_queues=[
            Queue(cola_de(plano, nombre), Exchange(cola_de(plano, nombre)), cola_de(plano, nombre), durable=True)
            for nombre in ("deteccion", "auditoria")
        ],
    )  # fmt: skip
    return app


def deteccion(plano: Plano, app: Any) -> None:
    """Atiende y manda el hecho y el acuse."""
    examen, guardado = examen_de(plano), guardado_de(plano, con_salida=False)
    acuses = plano.topologia.nombres.acuses

    @app.task(name="solicitud")
    def solicitud(cuerpo: str, firma: str) -> None:
        buena = examen.pasar(b64decode(cuerpo), firma, datetime.now(UTC))
        for causado in guardado.guardar([buena]):
            carga = b64encode(causado.cuerpo).decode()
            app.send_task("hecho", (causado.cabeceras, carga), queue=cola_de(plano, "auditoria"))
            with app.producer_pool.acquire(block=True) as emisor:
                emisor.publish(
                    causado.acuse, exchange=acuses, routing_key=plano.institucion, headers={"firma": causado.firma},
                    content_type="application/octet-stream", content_encoding="binary", delivery_mode=2,
                )  # fmt: skip


def auditoria(plano: Plano, app: Any) -> None:
    """Lleva el libro."""
    libro = libro_de(plano)

    @app.task(name="hecho")
    def hecho(cabeceras: dict[str, Any], cuerpo: str) -> None:
        anotar(libro, [crudo_de(cabeceras, b64decode(cuerpo))])


def principal(carpeta: str, nombre: str) -> None:
    """Trabaja hasta que lo paren."""
    plano = leer(carpeta)
    app = aplicacion(plano)
    {"deteccion": deteccion, "auditoria": auditoria}[nombre](plano, app)
    worker_ready.connect(lambda **_: plano.listo(nombre).touch(), weak=False)
    # Un solo hilo: con obreros aparte, cada uno llevaría su libro.
    app.worker_main(
        ["worker", "-P", "solo", "-Q", cola_de(plano, nombre), "-n", f"{plano.prefijo}-{nombre}@banco",
         "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
    )  # fmt: skip


if __name__ == "__main__":
    principal(*sys.argv[1:])
