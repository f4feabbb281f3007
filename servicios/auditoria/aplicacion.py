"""Los casos de uso de auditoría. Ninguna institución le pide nada: solo actúa por lo que descubre."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from eventos.auditoria import DivergenciaHallada
from eventos.base import Hecho
from servicios.auditoria import dominio
from servicios.auditoria.politicas import RegistrarDivergencia
from servicios.comun.mesa import Casos, Mesa

CASOS = Casos()


@CASOS.atiende(RegistrarDivergencia)
def registrar_divergencia(peticion: RegistrarDivergencia, mesa: Mesa) -> Sequence[Hecho]:
    """Un hecho por (origen, posición, hash hallado), aunque el origen insista."""
    divergencias = mesa.estado(dominio.Divergencias, dominio.flujo_de(peticion.origen))
    return dominio.denunciar(divergencias, DivergenciaHallada(**asdict(peticion)))
