"""Un instante sale siempre en UTC: de él cuelgan cadenas de hashes que no han de depender de la zona de una sesión."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData

from infra.almacen.esquema import Instante
from infra.seguridad.constancia import Acto, Constancia

AQUI = timezone(timedelta(hours=-6))
MEDIODIA = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("leido", [MEDIODIA, MEDIODIA.astimezone(AQUI), MEDIODIA.replace(tzinfo=None)])
def test_de_la_base_sale_en_utc(leido):
    dialecto = sa.create_engine("sqlite://").dialect
    assert str(Instante().process_result_value(leido, dialecto)) == "2026-05-03 12:00:00+00:00"


def test_una_constancia_fechada_en_otra_zona_casa_al_releerla():
    metadatos = MetaData()
    constancia = Constancia("actos", metadatos)
    motor = sa.create_engine("sqlite://")
    metadatos.create_all(motor)
    with motor.begin() as conexion:
        constancia.anotar(conexion, Acto(UUID(int=1), "GT-PGN", "ag-1", "leer", "", MEDIODIA.astimezone(AQUI)))
        assert constancia.comprobar(conexion) is None
