"""Atención, enchufable. Sigue a detección y coordinación; a justicia, nunca: no depende de ella (regla 6)."""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.atencion.aplicacion import CASOS
from servicios.atencion.fechas import VIGIA
from servicios.atencion.lecturas import TABLAS, aplicar
from servicios.comun import vencimientos
from servicios.comun.aplazar import aplazar
from servicios.comun.contexto import Contexto

CONTEXTO = Contexto(
    nombre="atencion",
    sigue=("deteccion", "coordinacion"),
    casos=CASOS,
    tablas=Lecturas(tablas=(TABLAS, vencimientos.TABLAS), aplicadores=(aplicar, VIGIA.aplicar)),
    vencidos=VIGIA.vencidos,
    proximo=VIGIA.proximo,
    al_medir=VIGIA.medir,
    aplazar=aplazar,
)
