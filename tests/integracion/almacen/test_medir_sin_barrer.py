"""Medir cuesta lo mismo con mil hechos que con un millón: ninguna consulta de salud recorre una tabla que crece.

Con ``SENDA_FILAS=1000000`` se comprueba con un millón de filas en cada tabla.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from infra.almacen.almacen import Almacen
from infra.almacen.migrar import instalar
from infra.almacen.motor import abrir_motor
from infra.almacen.recuento import TOPE
from infra.mensajeria.ajustes import Ajustes
from infra.observabilidad.salud import Salud, medir
from senda.composicion import CONTEXTOS
from tests.integracion.pilas import INICIO, Pila

pytestmark = pytest.mark.real

FILAS = int(os.environ.get("SENDA_FILAS", "20000"))
#: Lo más que puede leer una consulta: un recuento con tope. Todo lo demás lee filas contadas.
LEIBLES = TOPE + 500
_HOJA = "decode(repeat('00', 32), 'hex')"
_ANTES = f"'{INICIO - timedelta(hours=1):%Y-%m-%d %H:%M:%S+00}'::timestamptz"
_COMUNES = (
    f"INSERT INTO eventos SELECT n, gen_random_uuid(), 1, 't', 'c', {_HOJA}, {_HOJA} FROM n",
    f"INSERT INTO entrada SELECT o, n, {_HOJA}, {_HOJA}, 'c', {_ANTES} FROM n, unnest(%(origenes)s::text[]) o",
    f"""INSERT INTO salida (intercambio, clave, tipo, id, cuerpo, firma, urgente, creado, intentos, proximo)
        SELECT 'buzon', 'X', 't', n::text, 'c', '', n %% 1000 = 0, {_ANTES}, 0, {_ANTES} FROM n""",
    f"INSERT INTO bandeja (cuerpo, firma, recibido, proximo, fallos) SELECT 'c', '', {_ANTES}, {_ANTES}, 0 FROM n",
    f"INSERT INTO apartados SELECT '/gt/x', n, 's', 'm', {_ANTES} FROM n",
)
_DE = {
    "coordinacion": (
        f"INSERT INTO plazos SELECT gen_random_uuid(), 'acuse', gen_random_uuid(), {_ANTES} FROM n",
        f"""INSERT INTO derivaciones
            (derivacion, ruta, de, a, servicio, urgencia, regla, motivo, plazo_legal, estado, emitida)
            SELECT gen_random_uuid(), gen_random_uuid(), 'A', 'B', 's', 'u', 'r', 'm', false, 'emitida', {_ANTES}
            FROM n""",
    ),
    "auditoria": (
        f"INSERT INTO puntos SELECT n, 'p', {_ANTES} FROM n",
        f"INSERT INTO refrendos SELECT n, 'testigo', 'l', {_ANTES} FROM n",
        f"INSERT INTO libro SELECT n, 'o', n, {_HOJA}, 'c', {_HOJA} FROM n",
    ),
}


@pytest.fixture(params=["coordinacion", "auditoria"])
def almacen(request: pytest.FixtureRequest, pila_real: Pila) -> Iterator[Almacen]:
    nombre = request.param
    contexto = CONTEXTOS[nombre]
    motor = abrir_motor(*pila_real.direccion(nombre))
    instalar(motor, contexto.instalacion)
    sembrar(motor, nombre, [f"/gt/{uno}" for uno in contexto.sigue])
    yield pila_real.almacen(nombre, contexto.lecturas, motor)
    motor.dispose()


def sembrar(motor: Engine, nombre: str, origenes: list[str]) -> None:
    with motor.begin() as conexion:
        for origen in origenes:
            fila = {"origen": origen, "hoja": bytes(32), "n": FILAS - 7}
            orden = (
                "INSERT INTO avances (origen, aplicada, hoja, anunciada, pedidos) VALUES (:origen, :n, :hoja, :n, 0)"
            )
            conexion.execute(sa.text(orden), fila)
        conexion.execute(sa.text("INSERT INTO marcas VALUES ('eventos', :n)"), {"n": FILAS - 3})
        conexion.execute(sa.text("UPDATE cabecera SET posicion = :n"), {"n": FILAS})
        for insercion in (*_COMUNES, *_DE[nombre]):
            con_n = f"WITH n AS (SELECT n FROM generate_series(1, {FILAS}) n) {insercion}"
            conexion.exec_driver_sql(con_n, {"origenes": origenes[:1]})
    with motor.connect().execution_options(isolation_level="AUTOCOMMIT") as conexion:
        conexion.execute(sa.text("ANALYZE"))


def lo_que_pregunta(almacen: Almacen) -> tuple[Salud, list[tuple[str, Any]]]:
    """La salud y cada consulta, con sus parámetros, que hizo falta."""
    hechas: list[tuple[str, Any]] = []

    def apuntar(_c: Connection, _cursor: Any, sentencia: str, parametros: Any, *_resto: Any) -> None:
        hechas.append((sentencia, parametros))

    event.listen(almacen.motor, "before_cursor_execute", apuntar)
    try:
        contexto = CONTEXTOS[almacen.origen.rpartition("/")[2]]
        return medir(almacen, "x", Ajustes(), bus=True, contexto=contexto), hechas
    finally:
        event.remove(almacen.motor, "before_cursor_execute", apuntar)


def leidas(plan: dict[str, Any]) -> int:
    """Las filas que un plan ejecutado leyó de tablas e índices, incluidas las que descartó."""
    propias = 0
    if "Scan" in plan["Node Type"]:
        descartadas = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        propias = (plan["Actual Rows"] + descartadas) * plan["Actual Loops"]
    return propias + sum(leidas(hijo) for hijo in plan.get("Plans", []))


def test_ninguna_consulta_recorre_lo_que_crece(almacen: Almacen):
    salud, hechas = lo_que_pregunta(almacen)
    # Midió de verdad: lo sembrado está en lo que dice.
    assert (salud.base, salud.bandeja, salud.apartados, salud.relevo.mensajes) == (True, TOPE, TOPE, TOPE)
    assert (salud.hechos, salud.relevo.hechos, salud.urgentes_sin_entregar) == (FILAS, 3, FILAS // 1000)
    assert salud.propias
    with almacen.motor.connect() as conexion:
        for sentencia, parametros in hechas:
            explicada = f"EXPLAIN (ANALYZE, FORMAT JSON) {sentencia}"
            plan = conexion.exec_driver_sql(explicada, parametros).scalar_one()[0]["Plan"]
            assert leidas(plan) <= LEIBLES, (sentencia, plan)
