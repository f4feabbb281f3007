"""Justicia, enchufable. Sigue a atención para saber qué ingresos de urgencia esperan la orden de un juez.

No tiene políticas: ningún hecho ajeno denuncia, acusa ni protege por su cuenta; lo pide quien tiene mandato.
"""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun.contexto import Contexto
from servicios.justicia.aplicacion import CASOS
from servicios.justicia.lecturas import TABLAS, aplicar

CONTEXTO = Contexto(
    nombre="justicia",
    sigue=("deteccion", "coordinacion", "atencion"),
    casos=CASOS,
    tablas=Lecturas(tablas=(TABLAS,), aplicadores=(aplicar,)),
)
