"""Detección en producción: lo único de este contexto que conoce a nameko."""

from __future__ import annotations

from infra.anfitrion.produccion import ServicioSenda


class Deteccion(ServicioSenda):
    """Detección: su estación en hilos verdes, y su salud y métricas por HTTP."""

    name = "deteccion"


SERVICIO = Deteccion
