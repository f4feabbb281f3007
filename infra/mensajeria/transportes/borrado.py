"""Quitar del broker lo que un despliegue declaró. Para ensayos y pruebas: lo que hubiera en las colas se pierde."""

from __future__ import annotations

from collections.abc import Iterable

from kombu.connection import Connection

from infra.mensajeria.topologia import Topologia


def borrar(url: str, topologia: Topologia, colas: Iterable[str] = ()) -> None:
    """Borra las colas e intercambios de una topología, y otras colas. Errores: los del servidor."""
    with Connection(url) as conexion:  # type: ignore[no-untyped-call]  # kombu se dice tipado y no lo está
        canal = conexion.default_channel
        for cola in (*(cola.nombre for cola in topologia.colas), *colas):
            canal.queue_delete(cola)
        for intercambio in topologia.intercambios:
            canal.exchange_delete(intercambio.nombre)
