"""Qué hace coordinación cuando otro servicio cuenta algo. No supone orden entre servicios: decide con lo recibido."""

from __future__ import annotations

from collections.abc import Sequence

from eventos.base import HechoDeRuta
from eventos.comun import HechoRectificado
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.sobre import Anotado
from servicios.comun.mesa import Interna
from servicios.coordinacion.internas import AbrirRuta, Reaccionar, RevisarDerechos


def al_conocer(anotado: Anotado) -> Sequence[Interna]:
    """Las peticiones internas que causa un hecho ajeno."""
    match anotado.hecho:
        case PresuntaVictimaDetectada() as hecho:
            # Abrir ya repasa todo lo que se sabía de la ruta, este hecho incluido.
            return [AbrirRuta(deteccion=hecho)]
        case HechoRectificado() as hecho:
            return [RevisarDerechos(ruta=hecho.ruta)]
        case HechoDeRuta() as hecho:
            return [Reaccionar(anotado=anotado), RevisarDerechos(ruta=hecho.ruta, tipo=hecho.tipo)]
        case _:
            return []
