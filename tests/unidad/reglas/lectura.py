"""Leer lo que un servicio contó, para juzgarlo desde fuera."""

from __future__ import annotations

from eventos.base import Hecho
from eventos.sobre import decodificar
from infra.almacen.registrador import Registrador


def hechos_de(registrador: Registrador) -> list[Hecho]:
    """Todos los hechos de un almacén, en orden."""
    return [decodificar(n.state).hecho for n in registrador.select_notifications(1, 10_000)]
