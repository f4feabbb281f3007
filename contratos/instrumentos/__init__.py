"""Los instrumentos de detección como datos: qué se pregunta desde cada función, con la fuente de cada indicador."""

from __future__ import annotations

from contratos.instrumentos.lector import (
    InstrumentoDesconocido,
    InstrumentoInvalido,
    VersionDesconocida,
    cargar,
    codigos,
    de_funcion,
    versiones,
    vigente,
)
from contratos.instrumentos.paquete import Indicador, Instrumento, Seccion

__all__ = [
    "Indicador",
    "Instrumento",
    "InstrumentoDesconocido",
    "InstrumentoInvalido",
    "Seccion",
    "VersionDesconocida",
    "cargar",
    "codigos",
    "de_funcion",
    "versiones",
    "vigente",
]
