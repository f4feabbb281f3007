"""Acto, medio y fin, y cómo se dice cada cosa en HTCDS, en CTDC y en la ley de cada país. Los cruces son datos."""

from __future__ import annotations

from contratos.clasificacion.clasificar import Clasificacion, Elemento, Lectura, clasificar, leer_en
from contratos.clasificacion.ficha import Ficha, ficha
from contratos.clasificacion.lector import CruceDesconocido, CruceInvalido, cruce, cruces, delito
from contratos.clasificacion.paquete import Condicion, Cruce, Lista
from contratos.clasificacion.traducir import Perdida, Traduccion, a_ctdc, a_htcds, columnas_ctdc, traducir

__all__ = [
    "Clasificacion",
    "Condicion",
    "Cruce",
    "CruceDesconocido",
    "CruceInvalido",
    "Elemento",
    "Ficha",
    "Lectura",
    "Lista",
    "Perdida",
    "Traduccion",
    "a_ctdc",
    "a_htcds",
    "clasificar",
    "columnas_ctdc",
    "cruce",
    "cruces",
    "delito",
    "ficha",
    "leer_en",
    "traducir",
]
