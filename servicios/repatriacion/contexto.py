"""Repatriación, enchufable. Sigue a detección y coordinación por quién participa en la ruta y si es NNA o extranjera.

No tiene políticas: ningún hecho ajeno decide un retorno. Solo lo mueven la persona y quien tiene mandato, pidiéndolo.
"""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun import vencimientos
from servicios.comun.aplazar import aplazar
from servicios.comun.contexto import Contexto
from servicios.repatriacion.aplicacion import CASOS
from servicios.repatriacion.fechas import VIGIA
from servicios.repatriacion.lecturas import TABLAS, aplicar

CONTEXTO = Contexto(
    nombre="repatriacion",
    sigue=("deteccion", "coordinacion"),
    casos=CASOS,
    tablas=Lecturas(tablas=(TABLAS, vencimientos.TABLAS), aplicadores=(aplicar, VIGIA.aplicar)),
    vencidos=VIGIA.vencidos,
    proximo=VIGIA.proximo,
    al_medir=VIGIA.medir,
    aplazar=aplazar,
)
