"""Cómo se abre una ruta: qué perfil se le supone a la persona y qué derechos se le exigen, según su protocolo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eventos.coordinacion import RutaAbierta
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.tipos import SiNo
from servicios.coordinacion.dominio import derechos
from servicios.coordinacion.dominio.derechos import ReglaDeDerecho
from servicios.coordinacion.dominio.suceso import Perfil


class Paquete(Protocol):
    """Lo que aquí importa del protocolo de un país."""

    @property
    def protocolo(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def pais(self) -> str: ...

    @property
    def derechos(self) -> Sequence[ReglaDeDerecho]: ...

    def es_nna(self, nna: SiNo) -> bool: ...


def abrir(deteccion: PresuntaVictimaDetectada, paquete: Paquete) -> RutaAbierta:
    """La apertura de una ruta. Si la edad no consta, decide la regla del paquete (regla 10)."""
    perfil = Perfil(paquete.es_nna(deteccion.nna), deteccion.extranjera)
    return RutaAbierta(
        ruta=deteccion.ruta,
        nna=perfil.nna,
        edad_supuesta=deteccion.nna is SiNo.NO_CONSTA,
        extranjera=deteccion.extranjera,
        pais=paquete.pais,
        protocolo=paquete.protocolo,
        version_protocolo=paquete.version,
        idioma=deteccion.idioma,
        riesgo=deteccion.riesgo,
        derechos=derechos.aplicables(paquete.derechos, perfil),
    )
