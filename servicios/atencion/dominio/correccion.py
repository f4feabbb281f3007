"""Qué hechos de atención no se corrigen, o no mientras otro se apoye en ellos."""

from __future__ import annotations

from uuid import UUID

from eventos.atencion import (
    AlojamientoFinalizado,
    ConsentimientoRevocado,
    MetaCumplida,
    PlanAcordado,
    PlanConcluido,
    PlanRevisado,
)
from eventos.rechazo import Rechazo
from eventos.sobre import Anotado
from servicios.atencion.dominio.ruta import Atencion


class HechoFirme(Rechazo):
    """Anularlo reviviría lo que terminó."""

    codigo = "hecho-firme"
    campo = "datos.corrige"
    que_hacer = "No se anula una revocación ni un fin de estancia: pide otro consentimiento o asigna otra vez la plaza."


class HechoConApoyos(Rechazo):
    """Otro hecho en pie se apoya en el que se quiere corregir."""

    codigo = "hecho-con-apoyos"
    campo = "datos.corrige"
    que_hacer = "Rectifica antes lo que se apoya en él: la meta que prueba, o lo que siguió en ese plan."


def exigir_rectificable(atencion: Atencion, corregido: UUID) -> None:
    """Errores: `HechoFirme` (una revocación la decide la persona, no quien la registró), `HechoConApoyos`."""
    anotado = atencion.buscar(corregido)
    if anotado is None:
        return
    hecho = anotado.hecho
    if isinstance(hecho, ConsentimientoRevocado | AlojamientoFinalizado):
        raise HechoFirme
    if any(corregido in cumplida.evidencias for _, cumplida in atencion.de(MetaCumplida)):
        raise HechoConApoyos
    if isinstance(hecho, PlanAcordado | MetaCumplida | PlanConcluido) and _hay_apoyo(atencion, anotado, hecho):
        raise HechoConApoyos


def _hay_apoyo(atencion: Atencion, corregido: Anotado, hecho: PlanAcordado | MetaCumplida | PlanConcluido) -> bool:
    for posterior in atencion.hechos[atencion.hechos.index(corregido) + 1 :]:
        match posterior.hecho:
            case PlanAcordado() if isinstance(hecho, PlanConcluido):
                return True  # anular el fin dejaría dos planes en marcha
            case PlanConcluido(plan=plan) if plan == hecho.plan:
                return True
            case PlanRevisado(plan=plan) | MetaCumplida(plan=plan) if plan == hecho.plan:
                if isinstance(hecho, PlanAcordado):
                    return True
            case _:
                pass
    return False
