"""Con qué cambio de base un servicio se niega a arrancar, y con cuál lo comprueba antes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Engine

from infra.almacen.esquema import arriendos
from infra.almacen.migrar import instalar
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from senda.composicion import CONTEXTOS, instalaciones
from senda.despliegue import Despliegue, crear
from senda.restauracion.linea import BaseRestaurada, exigir_linea
from tests.integracion.pilas import INICIO, Pila

pytestmark = pytest.mark.real
_LINEA = arriendos.c.nombre == "linea"


@pytest.fixture
def motor(pila_real: Pila) -> Iterator[Engine]:
    suyo = abrir_motor(*pila_real.direccion("deteccion"))
    instalar(suyo, CONTEXTOS["deteccion"].instalacion)
    yield suyo
    suyo.dispose()


@pytest.fixture
def solo_la_suya(tmp_path: Path) -> Despliegue:
    """Un despliegue desde el que no se alcanzan las demás bases."""
    comun = {"pais": "gt", "base": None, "prefijo": "", "reloj": "real", "rectora": "GT-SVET", "clave_rectora": "x"}
    entero = crear(tmp_path, instalaciones(), bus="memory://", azar=AzarSembrado(1), **comun)  # type: ignore[arg-type]
    return replace(entero, bases={"deteccion": entero.bases["deteccion"]})


def cambiar(motor: Engine, parte: int) -> None:
    """Deja escrito que se trabajaba en otra: clúster (0), línea de tiempo (1) o tabla (2)."""
    with motor.begin() as conexion:
        partes = str(conexion.scalar(sa.select(arriendos.c.titular).where(_LINEA))).split("/")
        partes[parte] = "7"
        conexion.execute(sa.update(arriendos).where(_LINEA).values(titular="/".join(partes)))


@pytest.mark.parametrize(("parte", "porque"), [(0, "copia-cargada"), (1, "no se pudo comprobar"), (2, "copia-cargada")])
def test_una_copia_cargada_no_pasa_sola_y_otra_linea_se_comprueba(
    motor: Engine, solo_la_suya: Despliegue, tmp_path: Path, parte: int, porque: str
):
    """De una copia lo perdido puede estar solo en las colas, que al arrancar no se miran (semilla 107 del banco)."""
    for _ in range(2):
        exigir_linea(tmp_path, solo_la_suya, "deteccion", motor, INICIO)
    cambiar(motor, parte)
    for _ in range(2):
        with pytest.raises(BaseRestaurada, match=porque):
            exigir_linea(tmp_path, solo_la_suya, "deteccion", motor, INICIO)
