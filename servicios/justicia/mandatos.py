"""Qué sigue en pie en justicia sobre una persona: mientras algo lo esté, su clave no se destruye (regla 7). Puro."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from eventos.justicia import (
    AutorizacionDeProteccion,
    CooperacionInternacionalSolicitada,
    DenunciaPresentada,
    InvestigacionIniciada,
    MedidaProteccionOtorgada,
    MedidaProteccionSolicitada,
    ReparacionOrdenada,
    Resolucion,
)
from servicios.justicia.estado import Justicia


def en_pie(just: Justicia, dia: date) -> list[str]:
    """Códigos de lo que sigue en curso en ``dia`` (el que es en el país), sin repetir; vacío si nada.

    Ante la duda, sigue: una medida pedida y sin resolver cuenta, y una reparación se cumple cuando consta de todas sus
    clases.
    """
    return list(dict.fromkeys([*_del_proceso(just), *_de_proteccion(just, dia)]))


def _del_proceso(just: Justicia) -> Iterator[str]:
    procesos: set[UUID] = {h.proceso for _, h in just.de(DenunciaPresentada)}
    procesos |= {h.proceso for _, h in just.de(InvestigacionIniciada)}
    if any(not just.terminado(proceso) for proceso in procesos):
        yield "proceso-penal"
    if any(set(h.clases) - just.cumplidas(h.reparacion) for _, h in just.de(ReparacionOrdenada)):
        yield "reparacion-sin-cumplir"
    if any(not just.respondida(h.cooperacion) for _, h in just.de(CooperacionInternacionalSolicitada)):
        yield "cooperacion-internacional"
    if just.invocacion_pendiente:
        yield "no-criminalizacion-sin-resolver"


def _de_proteccion(just: Justicia, dia: date) -> Iterator[str]:
    pedidas = {h.medida for _, h in just.de(MedidaProteccionSolicitada)}
    if any(not just.resuelta(medida) for medida in pedidas):
        yield "medida-de-proteccion-sin-resolver"
    otorgadas = (h for _, h in just.de(MedidaProteccionOtorgada) if not just.levantada(h.medida))
    if any(_rige(h.vence, dia) for h in otorgadas):
        yield "medida-de-proteccion"
    ordenes = (h for _, h in just.de(AutorizacionDeProteccion) if h.resolucion is Resolucion.CONCEDIDA)
    if any(_rige(h.vence, dia) for h in ordenes):
        yield "autorizacion-de-proteccion"


def _rige(vence: date | None, dia: date) -> bool:
    return vence is None or dia <= vence


__all__ = ["en_pie"]
