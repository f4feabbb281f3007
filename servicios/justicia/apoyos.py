"""Qué hecho se apoya en qué otro: mientras lo haga, lo de abajo no se corrige (regla 8). Puro."""

from __future__ import annotations

from itertools import dropwhile
from uuid import UUID

from eventos.base import Hecho
from eventos.justicia import (
    AcusacionFormulada,
    CooperacionInternacionalRespondida,
    CooperacionInternacionalSolicitada,
    DeclaracionAnticipadaTomada,
    InvestigacionIniciada,
    MedidaProteccionDenegada,
    MedidaProteccionLevantada,
    ProcesoArchivado,
    ProcesoReabierto,
    QuerellanteAdhesivoConstituido,
    ReparacionCumplida,
    ReparacionOrdenada,
    SentenciaDictada,
)
from servicios.justicia import rechazos as no
from servicios.justicia.estado import CONDENAN, Justicia

#: Lo que solo pasa en un proceso que no está archivado.
_EN_CURSO = (AcusacionFormulada, QuerellanteAdhesivoConstituido, DeclaracionAnticipadaTomada, SentenciaDictada)


def exigir_rectificable(just: Justicia, corregido: UUID) -> None:
    """Un hecho no se corrige mientras otro en pie se apoye en él. Errores: `HechoConApoyos`."""
    if _sigue_tras_reabrir(just, corregido):
        raise no.HechoConApoyos
    sin_el = Justicia(id=just.id, hechos=tuple(a for a in just.hechos if a.id != corregido))
    if any(_apoyado(just, a.hecho) and not _apoyado(sin_el, a.hecho) for a in sin_el.hechos):
        raise no.HechoConApoyos


def _sigue_tras_reabrir(just: Justicia, corregido: UUID) -> bool:
    """Si es una reapertura y el proceso siguió después: sin ella constaría archivado un proceso que anda."""
    reapertura = next((h for a, h in just.de(ProcesoReabierto) if a.id == corregido), None)
    if reapertura is None:
        return False
    tras_ella = dropwhile(lambda a: a.id != corregido, just.hechos)
    return any(isinstance(a.hecho, _EN_CURSO) and a.hecho.proceso == reapertura.proceso for a in tras_ella)


def _apoyado(just: Justicia, hecho: Hecho) -> bool:
    """Si consta aquello en que ese hecho se apoya."""
    match hecho:
        case SentenciaDictada():
            return just.abierto(hecho.proceso) and just.acusados(hecho.proceso) > 0
        case ReparacionOrdenada():
            return any(s.fallo in CONDENAN for s in just.sentencias(hecho.proceso))
        case ReparacionCumplida():
            return just.reparacion(hecho.reparacion) is not None
        case InvestigacionIniciada(de_oficio=True):
            return True
        case (
            InvestigacionIniciada()
            | AcusacionFormulada()
            | QuerellanteAdhesivoConstituido()
            | DeclaracionAnticipadaTomada()
            | ProcesoArchivado()
        ):
            return just.abierto(hecho.proceso)
        case ProcesoReabierto():
            return just.archivos(hecho.proceso) >= just.reaperturas(hecho.proceso)
        case MedidaProteccionLevantada():
            return just.otorgada(hecho.medida) is not None
        case MedidaProteccionDenegada():
            return just.solicitada(hecho.medida)
        case CooperacionInternacionalRespondida():
            return any(h.cooperacion == hecho.cooperacion for _, h in just.de(CooperacionInternacionalSolicitada))
        case _:
            return True


__all__ = ["exigir_rectificable"]
