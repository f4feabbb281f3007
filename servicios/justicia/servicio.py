"""Justicia en producción: lo único de este contexto que conoce a nameko."""

from __future__ import annotations

from infra.anfitrion.produccion import ServicioSenda


class Justicia(ServicioSenda):
    """Justicia: su estación en hilos verdes, y su salud y métricas por HTTP."""

    name = "justicia"


SERVICIO = Justicia
