"""Levantar un alto: que un servicio vuelva a aplicar lo de un origen que contó dos historias, cuando ya cuenta una.

Lo decide una persona (`senda operar levantar`); aquí se comprueba que no hay nada que perder.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada, eventos
from infra.almacen.motor import leyendo


class HistoriaDistinta(Exception):
    """Lo que este servicio tiene de ese origen no es lo que el origen cuenta hoy: levantar el alto lo perdería."""

    codigo = "historia-distinta"

    def __init__(self, posicion: int) -> None:
        super().__init__(posicion)
        self.posicion = posicion

    def __str__(self) -> str:
        return f"difieren en la posición {self.posicion}: restaura el origen desde el libro antes de levantar el alto"


def levantar(almacen: Almacen, origen: str, motor_del_origen: Engine) -> bool:
    """Quita el alto de ``origen`` (``/gt/deteccion``) si todo lo recibido de él es lo que guarda su almacén.

    No escribe en el origen ni da por buena ninguna otra historia: solo comprueba, hoja por hoja, que la recibida es la
    suya. ``motor_del_origen``: su base. Dice si había alto. Errores: `HistoriaDistinta`, y entonces el alto sigue.
    """
    with leyendo(motor_del_origen) as conexion:
        suyas = {f.posicion: f.hoja for f in conexion.execute(sa.select(eventos.c.posicion, eventos.c.hoja))}
    # En la misma transacción que quita el alto: mientras dura nadie guarda nada más.
    with almacen.motor.begin() as conexion:
        consulta = sa.select(entrada.c.posicion, entrada.c.hoja).where(entrada.c.origen == origen)
        for fila in conexion.execute(consulta.order_by(entrada.c.posicion)):
            if suyas.get(fila.posicion) != fila.hoja:
                raise HistoriaDistinta(fila.posicion)
        orden = sa.update(avances).where(avances.c.origen == origen, avances.c.alto.is_not(None)).values(alto=None)
        return conexion.execute(orden).rowcount > 0


__all__ = ["HistoriaDistinta", "levantar"]
