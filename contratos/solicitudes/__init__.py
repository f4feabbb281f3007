"""Todo lo que una institución puede pedir: importar el paquete inscribe todas las peticiones, cada una una vez."""

from __future__ import annotations

from contratos.base import PETICIONES
from contratos.solicitudes import atencion, coordinacion, deteccion, justicia, repatriacion

__all__ = ["PETICIONES", "atencion", "coordinacion", "deteccion", "justicia", "repatriacion"]
