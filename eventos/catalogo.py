"""El catálogo completo: importarlo inscribe todos los hechos, cada uno una vez."""

from __future__ import annotations

from eventos import atencion, auditoria, comun, coordinacion, deteccion, justicia, repatriacion, seguridad
from eventos.base import CATALOGO

__all__ = [
    "CATALOGO",
    "atencion",
    "auditoria",
    "comun",
    "coordinacion",
    "deteccion",
    "justicia",
    "repatriacion",
    "seguridad",
]
