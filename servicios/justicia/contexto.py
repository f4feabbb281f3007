"""Justicia, enchufable. Sigue a atención para saber qué ingresos de urgencia esperan la orden de un juez.

No tiene políticas: ningún hecho ajeno denuncia, acusa ni protege por su cuenta; lo pide quien tiene mandato.
"""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun import vencimientos
from servicios.comun.aplazar import aplazar
from servicios.comun.contexto import Contexto
from servicios.justicia.aplicacion import CASOS
from servicios.justicia.fechas import VIGIA
from servicios.justicia.lecturas import TABLAS, aplicar

CONTEXTO = Contexto(
    nombre="justicia",
    sigue=("deteccion", "coordinacion", "atencion"),
    casos=CASOS,
    tablas=Lecturas(tablas=(TABLAS, vencimientos.TABLAS), aplicadores=(aplicar, VIGIA.aplicar)),
    vencidos=VIGIA.vencidos,
    proximo=VIGIA.proximo,
    al_medir=VIGIA.medir,
    aplazar=aplazar,
)
