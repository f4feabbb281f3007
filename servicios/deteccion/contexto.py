"""Detección, enchufable: sigue a coordinación por el directorio y por quién participa en cada ruta."""

from __future__ import annotations

from infra.almacen.lecturas import Lecturas
from servicios.comun.contexto import Contexto
from servicios.deteccion.aplicacion import CASOS

CONTEXTO = Contexto(
    nombre="deteccion",
    sigue=("coordinacion",),
    casos=CASOS,
    # No reacciona a lo que otros cuentan ni consulta más lecturas que las comunes a todo servicio.
    tablas=Lecturas(tablas=(), aplicadores=()),
)
