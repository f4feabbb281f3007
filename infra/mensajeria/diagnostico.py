"""Decir dónde falló algo sin repetir lo recibido: el mensaje de una excepción puede llevar un valor que identifica."""

from __future__ import annotations

import traceback
from pathlib import Path

_MARCOS = 6


def lugar(error: BaseException) -> str:
    """Archivo y línea de los últimos marcos, del más hondo al más externo: ``dominio.py:40 < aplicacion.py:22``."""
    marcos = traceback.extract_tb(error.__traceback__)[-_MARCOS:]
    return " < ".join(f"{Path(m.filename).name}:{m.lineno}" for m in reversed(marcos))
