"""Repetir el buzón: volver a mandar a una institución un tramo del suyo. El bus pudo perderlo; la tabla, no."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from contratos.acuse import TramoDeBuzon
from contratos.solicitudes.coordinacion import MAXIMO_REPETIDO, RepetirBuzon
from eventos.base import Hecho
from servicios.comun.mesa import Casos, Mesa
from servicios.coordinacion.buzon import INTERCAMBIO, mandar
from servicios.coordinacion.dominio import rechazos, tramo
from servicios.coordinacion.tablas import buzon, buzones


def inscribir_casos(casos: Casos) -> None:
    """Registra el caso de la repetición."""
    casos.atiende(RepetirBuzon)(repetir_buzon)


def repetir_buzon(peticion: RepetirBuzon, mesa: Mesa) -> Sequence[Hecho]:
    """Vuelve a mandar un tramo a quien lo pide, que solo puede ser el suyo. No es un hecho de ninguna ruta."""
    quien, desde = mesa.institucion, peticion.desde
    filas = mesa.leer(sa.select(buzones.c.ultimo).where(buzones.c.institucion == quien))
    ultimo = filas[0].ultimo if filas else 0
    hasta = tramo.acotar(ultimo, desde, peticion.hasta, MAXIMO_REPETIDO)
    if hasta >= desde:
        # Sin esto, quien pide mucho y lee poco llenaría la salida y haría esperar a los avisos de las demás.
        if mesa.tanda.por_salir(INTERCAMBIO, quien):
            raise rechazos.RepeticionEnCurso
        pedidas = sa.select(buzon).where(buzon.c.institucion == quien, buzon.c.numero.between(desde, hasta))
        mandar(mesa.leer(pedidas.order_by(buzon.c.numero)), mesa.tanda)
    mesa.tanda.contestar(mesa.autoria.solicitud, TramoDeBuzon(desde, hasta, ultimo))
    return []
