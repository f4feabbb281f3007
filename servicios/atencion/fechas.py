"""Qué vence en atención mientras la ruta sigue abierta: la evaluación de riesgo y las metas del plan en marcha."""

from __future__ import annotations

from collections.abc import Iterator

from eventos.atencion import MetaVencida, PlanAcordado, PlanRevisado, RiesgoEvaluado, RiesgoVencido
from servicios.atencion.dominio.plan import en_marcha
from servicios.atencion.dominio.ruta import Atencion
from servicios.comun.rutas import FichaRuta
from servicios.comun.vencimientos import Fecha, Vigia


def fechas(atencion: Atencion, ficha: FichaRuta) -> Iterator[Fecha]:
    """Solo se cuenta que pasaron: revisarlas ya tiene su fecha en el plan."""
    if not ficha.abierta:
        return
    evaluados = [(a.ocurrido, a.version, h) for a, h in atencion.de(RiesgoEvaluado)]
    if evaluados:
        _, _, riesgo = max(evaluados, key=lambda e: e[:2])
        vencido = RiesgoVencido(ruta=atencion.id, nivel=riesgo.nivel, vence=riesgo.vigente_hasta)
        yield Fecha(vence=riesgo.vigente_hasta, vencido=vencido)
    plan = en_marcha(atencion)
    for meta in plan.metas if plan else ():
        if plan and meta.vence is not None and meta.meta in plan.pendientes:
            pasada = MetaVencida(
                ruta=atencion.id, plan=plan.id, meta=meta.meta, servicio=meta.servicio, vence=meta.vence
            )
            yield Fecha(vence=meta.vence, vencido=pasada)


VIGIA = Vigia(estado=Atencion, fechas=fechas, fijan=(RiesgoEvaluado, PlanAcordado, PlanRevisado))

__all__ = ["VIGIA", "fechas"]
