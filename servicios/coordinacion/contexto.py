"""Coordinación, enchufable. Sigue a quien cuenta hechos de una ruta: de ellos salen encargos, derechos y cierre.

Puesta en marcha: ``CONTEXTO.encargar(tanda, InscribirRectora(codigo=…, clave_firma=…))``.
"""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun.contexto import Contexto
from servicios.coordinacion import buzon, plazos
from servicios.coordinacion.aplicacion import CASOS
from servicios.coordinacion.lecturas import aplicar
from servicios.coordinacion.politicas import al_conocer
from servicios.coordinacion.tablas import TABLAS

CONTEXTO = Contexto(
    nombre="coordinacion",
    sigue=("deteccion", "atencion", "justicia", "repatriacion"),
    casos=CASOS,
    tablas=Lecturas(tablas=(TABLAS,), aplicadores=(aplicar,), cortes=buzon.SEGUN_QUIEN_ESTE),
    al_conocer=al_conocer,
    avisar=buzon.avisar,
    avisar_de_lo_ajeno=buzon.avisar_de_lo_ajeno,
    vencidos=plazos.vencidos,
    proximo=plazos.proximo,
    al_medir=plazos.medir,
)
