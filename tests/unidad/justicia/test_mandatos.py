"""Qué impide destruir la clave de una persona."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from eventos.justicia import (
    Autorizacion,
    AutorizacionDeProteccion,
    DenunciaPresentada,
    MedidaProteccionDenegada,
    MedidaProteccionLevantada,
    MedidaProteccionOtorgada,
    MedidaProteccionSolicitada,
    ProcesoArchivado,
    ProcesoReabierto,
    QuienDenuncia,
    Resolucion,
)
from eventos.listas import Medida
from eventos.motivos import MotivoArchivo, MotivoDenegacion, MotivoLevantamiento, MotivoReaperturaProceso
from eventos.tipos import Urgencia
from servicios.justicia.estado import Justicia
from servicios.justicia.mandatos import en_pie
from tests.unidad.historia import INICIO, RUTA, historia

DIA = INICIO.date()
UNO = UUID(int=7)
DENUNCIA = DenunciaPresentada(ruta=RUTA, proceso=UNO, denunciante=next(iter(QuienDenuncia)))
REABIERTO = ProcesoReabierto(ruta=RUTA, proceso=UNO, motivo=next(iter(MotivoReaperturaProceso)))
ARCHIVO = ProcesoArchivado(ruta=RUTA, proceso=UNO, motivo=next(iter(MotivoArchivo)))
SOLICITADA = MedidaProteccionSolicitada(ruta=RUTA, medida=UNO, clase=next(iter(Medida)), urgencia=Urgencia.INMEDIATA)


def otorgada(vence: date | None) -> MedidaProteccionOtorgada:
    return MedidaProteccionOtorgada(ruta=RUTA, medida=UNO, clase=next(iter(Medida)), vence=vence)


DENEGADA = MedidaProteccionDenegada(ruta=RUTA, medida=UNO, motivo=next(iter(MotivoDenegacion)))
LEVANTADA = MedidaProteccionLevantada(ruta=RUTA, medida=UNO, motivo=next(iter(MotivoLevantamiento)))


@pytest.mark.parametrize(
    ("hechos", "codigos"),
    [
        ([], []),
        ([DENUNCIA], ["proceso-penal"]),
        ([DENUNCIA, ARCHIVO], []),
        ([DENUNCIA, ARCHIVO, REABIERTO], ["proceso-penal"]),
        ([SOLICITADA], ["medida-de-proteccion-sin-resolver"]),
        ([SOLICITADA, DENEGADA], []),
        ([SOLICITADA, otorgada(None)], ["medida-de-proteccion"]),
        ([otorgada(DIA)], ["medida-de-proteccion"]),
        ([otorgada(DIA - timedelta(days=1))], []),
        ([otorgada(None), LEVANTADA], []),
        (
            [
                AutorizacionDeProteccion(
                    ruta=RUTA, autorizacion=Autorizacion.ABRIGO, resolucion=Resolucion.CONCEDIDA, vence=DIA
                )
            ],
            ["autorizacion-de-proteccion"],
        ),
    ],
)
def test_lo_que_sigue_en_pie(hechos, codigos):
    assert en_pie(historia(Justicia, *hechos), DIA) == codigos
