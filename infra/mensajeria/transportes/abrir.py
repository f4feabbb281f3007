"""De una dirección, un transporte."""

from __future__ import annotations

from infra.mensajeria.transportes.base import Transporte
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria


def abrir(url: str, broker: BrokerMemoria | None = None, usuario: str | None = None) -> Transporte:
    """Transporte para `amqp://…`, `amqps://…` o `memory://`.

    En memoria, `broker` es el compartido por el sistema (sin él, uno nuevo) y `usuario` quien publica; en AMQP ambos
    los da la dirección. Lanza ValueError si la dirección es de otra cosa.
    """
    if url.startswith("memory:"):
        return TransporteMemoria(broker or BrokerMemoria(), usuario)
    if url.startswith(("amqp:", "amqps:")):
        # Aquí y no arriba: el modo embebido no necesita py-amqp.
        from infra.mensajeria.transportes.amqp import TransporteAmqp  # noqa: PLC0415

        return TransporteAmqp(url)
    raise ValueError("la dirección del bus empieza por amqp://, amqps:// o memory://")
