"""Regla 10: los plazos, en horas corridas o en días hábiles del calendario del protocolo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contratos.protocolos.paquete import Plazo, Unidad
from eventos.calendario import es_habil, fin_del_dia
from servicios.coordinacion.dominio.plazo import vence
from tests.unidad.coordinacion.muestras import GT

CALENDARIO = GT.calendario


def habiles(n: int) -> Plazo:
    return Plazo(cantidad=n, unidad=Unidad.DIAS_HABILES)


def test_las_horas_son_corridas():
    viernes = datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert vence(Plazo(cantidad=24, unidad=Unidad.HORAS), viernes, CALENDARIO) == viernes + timedelta(days=1)


@pytest.mark.parametrize(
    ("desde", "dias", "ultimo"),
    [
        (datetime(2026, 1, 5, 15, tzinfo=UTC), 1, date(2026, 1, 6)),
        (datetime(2026, 1, 9, 15, tzinfo=UTC), 1, date(2026, 1, 12)),  # viernes
        (datetime(2026, 1, 10, 15, tzinfo=UTC), 1, date(2026, 1, 12)),  # sábado
        (datetime(2026, 4, 30, 15, tzinfo=UTC), 1, date(2026, 5, 4)),  # el 1 de mayo es feriado y viernes
        (datetime(2026, 4, 1, 15, tzinfo=UTC), 2, date(2026, 4, 7)),  # Semana Santa
        (datetime(2026, 1, 6, 3, tzinfo=UTC), 1, date(2026, 1, 6)),  # en Guatemala aún es día 5
    ],
)
def test_los_dias_habiles_se_cuentan_desde_el_siguiente_en_hora_oficial(desde, dias, ultimo):
    assert vence(habiles(dias), desde, CALENDARIO) == fin_del_dia(ultimo, CALENDARIO)


def test_el_dia_acaba_a_medianoche_en_hora_oficial():
    assert fin_del_dia(date(2026, 1, 6), CALENDARIO) == datetime(2026, 1, 7, 6, tzinfo=UTC)


def test_fines_de_semana_y_feriados_no_cuentan():
    assert es_habil(date(2026, 1, 5), CALENDARIO)
    assert not es_habil(date(2026, 1, 4), CALENDARIO)
    assert not es_habil(date(2026, 9, 15), CALENDARIO)
    assert not es_habil(date(2026, 4, 2), CALENDARIO)
