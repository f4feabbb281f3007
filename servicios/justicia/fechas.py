"""Qué vence en justicia: las medidas de protección que rigen, también con la ruta cerrada (S004 §33)."""

from __future__ import annotations

from collections.abc import Iterator

from contratos.protocolos.paquete import Asunto
from eventos.justicia import MedidaPorVencer, MedidaProteccionOtorgada, MedidaVencida
from servicios.comun.rutas import FichaRuta
from servicios.comun.vencimientos import Fecha, Vigia
from servicios.justicia.estado import Justicia


def fechas(just: Justicia, _ficha: FichaRuta) -> Iterator[Fecha]:
    """Una por medida otorgada con fecha y sin levantar.

    Que haya otra de la misma clase no la da por renovada: pueden proteger de personas distintas. Se renueva otorgando
    otra y levantando esta por «sustituida-por-otra».
    """
    for _, m in just.de(MedidaProteccionOtorgada):
        if m.vence is not None and not just.levantada(m.medida):
            yield Fecha(
                vence=m.vence,
                vencido=MedidaVencida(ruta=m.ruta, medida=m.medida, clase=m.clase, vence=m.vence),
                por_vencer=MedidaPorVencer(ruta=m.ruta, medida=m.medida, clase=m.clase, vence=m.vence),
                asunto=Asunto.MEDIDA,
            )


VIGIA = Vigia(estado=Justicia, fechas=fechas, fijan=(MedidaProteccionOtorgada,))

__all__ = ["VIGIA", "fechas"]
