"""Los protocolos como datos: por país y versión, qué manda cada hecho, a quién, en cuánto tiempo y con qué fuente."""

from __future__ import annotations

from contratos.protocolos.lector import (
    ProtocoloDesconocido,
    ProtocoloEnBorrador,
    ProtocoloInvalido,
    cargar,
    ultimo,
    vigente,
)
from contratos.protocolos.paquete import Protocolo

__all__ = [
    "Protocolo",
    "ProtocoloDesconocido",
    "ProtocoloEnBorrador",
    "ProtocoloInvalido",
    "cargar",
    "ultimo",
    "vigente",
]
