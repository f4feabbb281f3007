"""El portal enchufado al bus: sigue a coordinación para saber qué clave firma por cada institución, y nada más.

No escribe hechos ni atiende peticiones: lleva las de las instituciones a su servicio y les guarda las respuestas.
"""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun.contexto import Contexto
from servicios.comun.mesa import Casos
from servicios.portal.tablas import TABLAS

CONTEXTO = Contexto(nombre="portal", sigue=("coordinacion",), casos=Casos(), tablas=Lecturas((TABLAS,), ()))
