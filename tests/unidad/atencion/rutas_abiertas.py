"""Lo que coordinación cuenta de una ruta, para las pruebas de atención."""

from __future__ import annotations

from uuid import UUID

from eventos.coordinacion import RutaAbierta
from eventos.listas import Derecho
from eventos.tipos import NivelRiesgo, SiNo
from tests.unidad.historia import RUTA


def abierta(ruta: UUID = RUTA, *, nna: bool = False) -> RutaAbierta:
    return RutaAbierta(
        ruta=ruta,
        nna=nna,
        edad_supuesta=False,
        extranjera=SiNo.NO,
        pais="gt",
        protocolo="gt",
        version_protocolo="1.0",
        idioma="spa",
        riesgo=NivelRiesgo.MEDIO,
        derechos=(Derecho.ALOJAMIENTO,),
    )
