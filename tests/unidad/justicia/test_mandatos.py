"""Qué impide destruir la clave de una persona."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from eventos.justicia import (
    AcusacionFormulada,
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
from servicios.justicia.apoyos import exigir_rectificable
from servicios.justicia.estado import Justicia
from servicios.justicia.mandatos import en_pie
from servicios.justicia.rechazos import HechoConApoyos
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


def test_una_reapertura_no_se_anula_si_el_proceso_siguio():
    """Sin ella constaría archivado un proceso que anda, y dejaría destruir la clave."""
    acusacion = AcusacionFormulada(ruta=RUTA, proceso=UNO, sindicados=1)
    hasta_reabrir = historia(Justicia, DENUNCIA, ARCHIVO, REABIERTO)
    exigir_rectificable(hasta_reabrir, hasta_reabrir.hechos[-1].id)
    siguio = historia(Justicia, DENUNCIA, ARCHIVO, REABIERTO, acusacion)
    with pytest.raises(HechoConApoyos):
        exigir_rectificable(siguio, siguio.hechos[2].id)
