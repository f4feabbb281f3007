"""Un tramo de hechos propios como mensajes del bus: los mismos bytes guardados, con su posición y su eslabón."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import eventos
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje

_TRAMO = (
    sa.select(eventos.c.posicion, eventos.c.tipo, eventos.c.cuerpo, eventos.c.anterior, eventos.c.hoja)
    .where(eventos.c.posicion >= sa.bindparam("desde"))
    .order_by(eventos.c.posicion)
    .limit(sa.bindparam("lote"))
)


def mensajes_de(
    conexion: Connection,
    origen: str,
    servicio: str,
    nombres: Nombres,
    desde: int,
    maximo: int,
    a_quien: str | None = None,
) -> list[Mensaje]:
    """Mensajes con los hechos desde una posición (incluida). ``a_quien``: reenvío solo a ese servicio."""
    return [
        Mensaje(
            intercambio=nombres.reenvios if a_quien else nombres.eventos,
            clave=nombres.clave_de_reenvio(a_quien, servicio)
            if a_quien
            else nombres.clave_de_evento(servicio, fila.tipo),
            tipo=fila.tipo,
            cuerpo=fila.cuerpo,
            id=fila.hoja.hex(),
            cabeceras={"origen": origen, "posicion": fila.posicion, "anterior": fila.anterior.hex()},
        )
        for fila in conexion.execute(_TRAMO, {"desde": desde, "lote": maximo})
    ]
