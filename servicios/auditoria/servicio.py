"""Auditoría en producción: lo único de este contexto que conoce a nameko."""

from __future__ import annotations

from infra.anfitrion.produccion import ServicioSenda


class Auditoria(ServicioSenda):
    """Auditoría: su estación en hilos verdes, y su salud y métricas por HTTP."""

    name = "auditoria"


SERVICIO = Auditoria
