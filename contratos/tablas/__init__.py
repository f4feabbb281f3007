"""Tablas con la forma de un estándar: qué columna es qué, qué se pierde al leerla y qué al escribirla. Son datos."""

from __future__ import annotations

from contratos.tablas.escribir import Contada, Escrita, escribir
from contratos.tablas.lector import FormatoDesconocido, FormatoInvalido, formato, formatos
from contratos.tablas.leer import Leida, leer
from contratos.tablas.paquete import Columna, Formato, Lleva
from contratos.tablas.perdida import Perdida

__all__ = [
    "Columna",
    "Contada",
    "Escrita",
    "Formato",
    "FormatoDesconocido",
    "FormatoInvalido",
    "Leida",
    "Lleva",
    "Perdida",
    "escribir",
    "formato",
    "formatos",
    "leer",
]
