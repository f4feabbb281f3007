"""Con FastStream sobre RabbitMQ, en las mismas colas y con los mismos mensajes que el prototipo.

``python -m senda.banco.camino.comparados.con_faststream CARPETA deteccion|auditoria``
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitMessage, RabbitQueue

from senda.banco.camino.plano import Plano, leer
from senda.banco.camino.prototipo.procesos import anotar, crudo_de, examen_de, guardado_de, libro_de

_TOPE = 100


def deteccion(plano: Plano, broker: RabbitBroker) -> None:
    """Atiende y publica, con confirmación y ``mandatory``."""
    examen, guardado = examen_de(plano), guardado_de(plano, con_salida=False)
    nombres = plano.topologia.nombres
    eventos = RabbitExchange(nombres.eventos, type=ExchangeType.TOPIC, durable=True, declare=False)
    acuses = RabbitExchange(nombres.acuses, type=ExchangeType.DIRECT, durable=True, declare=False)

    @broker.subscriber(RabbitQueue(nombres.solicitudes_de("deteccion"), declare=False))
    async def solicitud(mensaje: RabbitMessage) -> None:
        buena = examen.pasar(mensaje.body, mensaje.headers["firma"], datetime.now(UTC))
        for causado in guardado.guardar([buena]):
            await broker.publish(
                causado.cuerpo, exchange=eventos, routing_key=f"deteccion.{causado.tipo}",
                headers={**causado.cabeceras}, persist=True,
            )  # fmt: skip
            await broker.publish(
                causado.acuse, exchange=acuses, routing_key=plano.institucion, headers={"firma": causado.firma},
                persist=True,
            )  # fmt: skip


def auditoria(plano: Plano, broker: RabbitBroker) -> None:
    """Lleva el libro."""
    libro = libro_de(plano)

    @broker.subscriber(RabbitQueue(plano.topologia.nombres.entrada_de("auditoria"), declare=False))
    async def hecho(mensaje: RabbitMessage) -> None:
        anotar(libro, [crudo_de(mensaje.headers, mensaje.body)])


async def servir(plano: Plano, nombre: str) -> None:
    """Sirve hasta que lo paren."""
    broker = RabbitBroker(f"{plano.bus}?heartbeat=0", default_channel=Channel(prefetch_count=_TOPE), logger=None)
    {"deteccion": deteccion, "auditoria": auditoria}[nombre](plano, broker)
    await broker.start()
    plano.listo(nombre).touch()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(servir(leer(sys.argv[1]), sys.argv[2]))
