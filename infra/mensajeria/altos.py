"""Levantar un alto: que un servicio vuelva a aplicar lo de un origen que contó dos historias, cuando ya cuenta una.

Lo decide una persona (`senda operar levantar`); aquí se comprueba que no hay nada que perder.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import Engine

from eventos.rechazo import Rechazo
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada, eventos
from infra.almacen.motor import leyendo

_LOTE: Final = 2_000
_LEVANTAR = (
    sa.update(avances).where(avances.c.origen == sa.bindparam("de"), avances.c.alto.is_not(None)).values(alto=None)
)
#: Por lotes: un origen puede llevar millones.
_RECIBIDAS = (
    sa.select(entrada.c.posicion, entrada.c.hoja)
    .where(entrada.c.origen == sa.bindparam("de"))
    .order_by(entrada.c.posicion)
    .execution_options(yield_per=_LOTE)
)
_SUYAS = sa.select(eventos.c.posicion, eventos.c.hoja).order_by(eventos.c.posicion).execution_options(yield_per=_LOTE)


class HistoriaDistinta(Rechazo):
    """Lo que este servicio tiene de ese origen no es lo que el origen cuenta hoy: levantar el alto lo perdería."""

    codigo = "historia-distinta"
    campo = "origen"
    que_hacer = "El alto sigue: restaura antes el origen desde el libro (docs/respaldo.md) y vuelve a pedirlo."

    def __init__(self, posicion: int) -> None:
        super().__init__(posicion)
        self.posicion = posicion


def levantar(almacen: Almacen, origen: str, motor_del_origen: Engine) -> bool:
    """Quita el alto de ``origen`` (``/gt/deteccion``) si todo lo recibido de él es lo que guarda su almacén.

    No escribe en el origen ni da por buena ninguna otra historia: solo comprueba, hoja por hoja, que la recibida es la
    suya. ``motor_del_origen``: su base. Dice si había alto. Errores: `HistoriaDistinta`, y entonces el alto sigue.
    """
    with almacen.motor.begin() as conexion:
        # Lo primero: tomada su fila, un alto nuevo espera a que esto acabe y no se pierde.
        if not conexion.execute(_LEVANTAR, {"de": origen}).rowcount:
            return False
        recibidas = conexion.execute(_RECIBIDAS, {"de": origen})
        # Y el origen después: si anda, lo que de él se recibió ya lo tiene.
        with leyendo(motor_del_origen, en_flujo=True) as la_suya:
            suyas = iter(la_suya.execute(_SUYAS))
            for fila in recibidas:
                suya = next((s for s in suyas if s.posicion >= fila.posicion), None)
                if suya is None or tuple(suya) != tuple(fila):
                    raise HistoriaDistinta(fila.posicion)
    return True


__all__ = ["HistoriaDistinta", "levantar"]
