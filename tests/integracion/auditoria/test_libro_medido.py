"""Auditoría dice desde cuándo hay puntos que nadie de fuera ha mirado."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.migrar import instalar
from servicios.auditoria.contexto import CONTEXTO
from servicios.auditoria.libro import puntos
from servicios.auditoria.refrendos import anotar_refrendo
from tests.integracion.pilas import INICIO, Pila


def medidas(conexion: Connection, horas: float) -> dict[str, float]:
    return {m.nombre: m.valor for m in CONTEXTO.medidas(conexion, INICIO + timedelta(hours=horas))}


def test_la_edad_del_punto_y_la_de_lo_que_nadie_refrendo(pila: Pila):
    motor = pila._motor_de("auditoria")
    instalar(motor, CONTEXTO.instalacion)
    with motor.begin() as conexion:
        assert medidas(conexion, 0) == {}
        for horas in (0, 1, 2):
            punto = {"tamano": 10 + horas, "texto": "p", "instante": INICIO + timedelta(hours=horas)}
            conexion.execute(sa.insert(puntos), [punto])
        # Sin ningún refrendo cuenta desde el primer punto.
        assert medidas(conexion, 3) == {
            "libro_entradas": 12, "punto_de_control_edad_segundos": 3600, "sin_refrendar_segundos": 3 * 3600,
        }  # fmt: skip
        anotar_refrendo(conexion, 11, "testigo", "l\n", INICIO + timedelta(hours=1.5))
        despues = medidas(conexion, 3)
        assert (despues["sin_refrendar_segundos"], despues["refrendo_edad_segundos"]) == (3600, 5400)
        anotar_refrendo(conexion, 12, "testigo", "l\n", INICIO + timedelta(hours=3))
        assert medidas(conexion, 9)["sin_refrendar_segundos"] == 0
