"""Qué vence en repatriación: la permanencia, el seguimiento previsto y la evaluación del riesgo de volver."""

from __future__ import annotations

from collections.abc import Iterator

from contratos.protocolos.paquete import Asunto
from eventos.repatriacion import (
    PermanenciaConcedida,
    PermanenciaPorVencer,
    PermanenciaVencida,
    RepatriacionSolicitada,
    RiesgoRetornoEvaluado,
    RiesgoRetornoVencido,
    SeguimientoPorVencer,
    SeguimientoRealizado,
    SeguimientoVencido,
    TrasladoRealizado,
)
from servicios.comun.rutas import FichaRuta
from servicios.comun.vencimientos import Fecha, Vigia
from servicios.repatriacion.estado import Repatriacion


def fechas(rep: Repatriacion, ficha: FichaRuta) -> Iterator[Fecha]:
    """La permanencia y el seguimiento, también con la ruta cerrada; el riesgo, mientras haya retorno que decidir."""
    yield from _permanencia(rep)
    yield from _seguimiento(rep)
    if ficha.abierta and rep.sentido is not None and rep.realizado is None and rep.riesgo is not None:
        hasta = rep.riesgo.vigente_hasta
        vencido = RiesgoRetornoVencido(ruta=rep.id, nivel=rep.riesgo.nivel, vence=hasta)
        yield Fecha(vence=hasta, vencido=vencido)


def _permanencia(rep: Repatriacion) -> Iterator[Fecha]:
    """La de la última concedida, salvo que después viajara."""
    concedidas = [(a.ocurrido, a.version, h) for a, h in rep.de(PermanenciaConcedida)]
    if not concedidas:
        return
    cuando, _, p = max(concedidas, key=lambda c: c[:2])
    if p.vence is None or any(viaje.ocurrido >= cuando for viaje, _ in rep.de(TrasladoRealizado)):
        return
    yield Fecha(
        vence=p.vence,
        vencido=PermanenciaVencida(ruta=rep.id, permanencia=p.permanencia, vence=p.vence),
        por_vencer=PermanenciaPorVencer(ruta=rep.id, permanencia=p.permanencia, vence=p.vence),
        asunto=Asunto.PERMANENCIA,
    )


def _seguimiento(rep: Repatriacion) -> Iterator[Fecha]:
    """El que el último dejó previsto. Otro viaje empieza la cuenta otra vez, y lo previsto antes ya no toca."""
    hechos = [h for _, h in rep.de(SeguimientoRealizado)]
    if not (rep.seguimientos and hechos):
        return
    numero, dia = hechos[-1].numero + 1, hechos[-1].proximo
    if dia is not None:
        yield Fecha(
            vence=dia,
            vencido=SeguimientoVencido(ruta=rep.id, seguimiento=numero, vence=dia),
            por_vencer=SeguimientoPorVencer(ruta=rep.id, seguimiento=numero, vence=dia),
            asunto=Asunto.SEGUIMIENTO,
        )


VIGIA = Vigia(
    estado=Repatriacion,
    fechas=fechas,
    fijan=(PermanenciaConcedida, SeguimientoRealizado, RiesgoRetornoEvaluado, RepatriacionSolicitada),
)

__all__ = ["VIGIA", "fechas"]
