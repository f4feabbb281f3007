"""Qué se pide por una fila: detectar y, si la fila lo dice, identificar. Puro: no envía nada."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, Struct

from contratos.clasificacion import Condicion
from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR
from contratos.solicitudes.deteccion import DetectarPresuntaVictima, IdentificarVictima
from contratos.tablas import Leida
from eventos.listas import DuracionExplotacion
from eventos.paises import ALFA3
from eventos.perfil import PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo


class Circunstancias(Struct, frozen=True, kw_only=True):
    """Lo que se dice de la tabla entera, porque ninguna fila lo trae.

    ``pais``: de detección, alfa-2 en minúsculas. ``identificadas``: quien importa afirma que todas lo son formalmente.
    """

    pais: str
    riesgo: NivelRiesgo = NivelRiesgo.MEDIO
    identificadas: bool = False
    pais_explotacion: str = PAIS_SIN_CONSTAR

    def identifica(self, leida: Leida) -> bool:
        """Si tras detectar se identifica."""
        return self.identificadas or leida.ficha.condicion is Condicion.IDENTIFICADA


def detectar(leida: Leida, circunstancias: Circunstancias) -> DetectarPresuntaVictima:
    """La detección de una fila."""
    ficha = leida.ficha
    return DetectarPresuntaVictima(
        nna=ficha.nna,
        extranjera=_extranjera(leida, circunstancias.pais),
        idioma=leida.idioma,
        riesgo=circunstancias.riesgo,
        pais_deteccion=circunstancias.pais,
        perfil=_perfil(leida),
        modalidades=ficha.modalidades or UNSET,
        medios=ficha.medios or UNSET,
        captacion=ficha.captacion or UNSET,
        duracion=UNSET if ficha.duracion is DuracionExplotacion.NO_CONSTA else ficha.duracion,
        pais_explotacion=UNSET if ficha.pais_explotacion == PAIS_SIN_CONSTAR else ficha.pais_explotacion,
    )


def identificar(leida: Leida, circunstancias: Circunstancias, ruta: UUID) -> IdentificarVictima:
    """La identificación de quien ya tiene ruta, con lo mismo que se dijo al detectar."""
    dicho = detectar(leida, circunstancias)
    return IdentificarVictima(
        ruta=ruta,
        nna=dicho.nna,
        extranjera=dicho.extranjera,
        perfil=dicho.perfil,
        modalidades=dicho.modalidades,
        medios=dicho.medios,
        captacion=dicho.captacion,
        duracion=dicho.duracion,
        pais_explotacion=dicho.pais_explotacion,
    )


def _perfil(leida: Leida) -> PerfilDesagregado:
    return PerfilDesagregado(
        genero=leida.ficha.genero,
        grupo_etario=leida.ficha.grupo_etario,
        idioma=leida.idioma,
        nacionalidades=leida.ficha.nacionalidades,
    )


def _extranjera(leida: Leida, pais: str) -> SiNo:
    suyas = leida.ficha.nacionalidades
    if not suyas:
        return SiNo.NO_CONSTA
    return SiNo.NO if ALFA3[pais.upper()] in suyas else SiNo.SI


__all__ = ["Circunstancias", "detectar", "identificar"]
