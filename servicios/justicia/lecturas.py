"""Ingresos de urgencia que esperan la resolución de un juez: la obligación que dejan pendiente, y si ya se cumplió.

Atención y justicia son orígenes distintos: la orden puede constar antes que el ingreso. Por eso cada cosa se guarda por
su lado y lo pendiente se deduce al preguntar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, MetaData, Select, Table, Text, Uuid

from eventos.atencion import AlojamientoAsignado, AlojamientoFinalizado
from eventos.comun import HechoRectificado
from eventos.justicia import Autorizacion, AutorizacionDeProteccion, Resolucion
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas

TABLAS = MetaData()

#: ``hecho``: el id del evento, para quitarlo si se rectifica. ``dia``: el del ingreso, en UTC.
ingresos_urgentes = Table(
    "ingresos_urgentes",
    TABLAS,
    Column("hecho", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("alojamiento", Uuid, nullable=False),
    Column("albergue", Text, nullable=False),
    Column("ocurrido", DateTime(timezone=True), nullable=False),
    Column("dia", Date, nullable=False),
)

estancias_terminadas = Table(
    "estancias_terminadas",
    TABLAS,
    Column("hecho", Uuid, primary_key=True),
    Column("alojamiento", Uuid, nullable=False, index=True),
)

#: ``vence``: último día en que rige; nula si no se fijó.
autorizaciones = Table(
    "autorizaciones",
    TABLAS,
    Column("hecho", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("autorizacion", Text, nullable=False),
    Column("resolucion", Text, nullable=False),
    Column("vence", Date),
    Column("ocurrido", DateTime(timezone=True), nullable=False),
)


def ingresos_sin_resolver() -> Select[Any]:
    """Ingresos de urgencia en curso sin resolución posterior ni autorización que ya rigiera, del más viejo al último.

    Si la ley la pide lo dice el protocolo del país; en Guatemala, todo ingreso a albergue lo ordena un juez (TIP 2019).
    """
    ingreso, orden = ingresos_urgentes.c, autorizaciones.c
    resuelto = sa.exists().where(
        orden.ruta == ingreso.ruta,
        orden.autorizacion != Autorizacion.EGRESO.value,
        sa.or_(
            orden.ocurrido >= ingreso.ocurrido,
            sa.and_(
                orden.resolucion == Resolucion.CONCEDIDA.value,
                sa.or_(orden.vence.is_(None), orden.vence >= ingreso.dia),
            ),
        ),
    )
    terminado = sa.exists().where(estancias_terminadas.c.alojamiento == ingreso.alojamiento)
    return (
        sa.select(ingreso.ruta, ingreso.alojamiento, ingreso.albergue, ingreso.ocurrido)
        .where(~resuelto, ~terminado)
        .order_by(ingreso.ocurrido, ingreso.hecho)
    )


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    """Pone al día ingresos y autorizaciones, propios y ajenos."""
    for anotado in anotados:
        match anotado.hecho:
            case AlojamientoAsignado(urgente=True) as hecho:
                fila = {
                    "hecho": anotado.id,
                    "ruta": hecho.ruta,
                    "alojamiento": hecho.alojamiento,
                    "albergue": hecho.albergue,
                    "ocurrido": anotado.ocurrido,
                    "dia": anotado.ocurrido.date(),
                }
                altas.agregar(ingresos_urgentes, **fila)
            case AlojamientoFinalizado() as hecho:
                fin = {"hecho": anotado.id, "alojamiento": hecho.alojamiento}
                altas.agregar(estancias_terminadas, **fin)
            case AutorizacionDeProteccion() as hecho:
                fila = {
                    "hecho": anotado.id,
                    "ruta": hecho.ruta,
                    "autorizacion": hecho.autorizacion.value,
                    "resolucion": hecho.resolucion.value,
                    "vence": hecho.vence,
                    "ocurrido": anotado.ocurrido,
                }
                altas.agregar(autorizaciones, **fila)
            case HechoRectificado() as hecho:
                for tabla in TABLAS.sorted_tables:
                    altas.conexion.execute(sa.delete(tabla).where(tabla.c.hecho == hecho.corrige))
            case _:
                pass
