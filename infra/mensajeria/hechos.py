"""Un tramo de hechos propios como mensajes del bus: los mismos bytes guardados, con su posición y su eslabón."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from infra.almacen.esquema import eventos, marcas
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje

DESTINO_HECHOS = "eventos"
_COLUMNAS = [eventos.c[n] for n in ("posicion", "tipo", "cuerpo", "anterior", "hoja")]
_TRAMO = (
    sa.select(*_COLUMNAS)
    .where(eventos.c.posicion >= sa.bindparam("desde"))
    .order_by(eventos.c.posicion)
    .limit(sa.bindparam("lote"))
)
_PUBLICADA = sa.func.coalesce(
    sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS).scalar_subquery(), 0
)
#: Las posiciones son contiguas: así no hay que cortar nada más que lo que sale.
_TRAS_LA_MARCA = (
    sa.select(_PUBLICADA.label("publicada"), *_COLUMNAS)
    .where(eventos.c.posicion.between(_PUBLICADA + 1, _PUBLICADA + sa.bindparam("lote", type_=sa.BigInteger)))
    .order_by(eventos.c.posicion)
)


def por_publicar(
    conexion: Connection, origen: str, servicio: str, nombres: Nombres, maximo: int
) -> tuple[int, list[Mensaje]]:
    """Mensajes con los hechos que aún no confirmó el bus y, si los hay, hasta dónde confirmó (0: nunca)."""
    filas = conexion.execute(_TRAS_LA_MARCA, {"lote": maximo}).all()
    return filas[0].publicada if filas else 0, [_mensaje(f, origen, servicio, nombres, None) for f in filas]


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
    filas = conexion.execute(_TRAMO, {"desde": desde, "lote": maximo})
    return [_mensaje(fila, origen, servicio, nombres, a_quien) for fila in filas]


def _mensaje(fila: Row[Any], origen: str, servicio: str, nombres: Nombres, a_quien: str | None) -> Mensaje:
    if a_quien:
        intercambio, clave = nombres.reenvios, nombres.clave_de_reenvio(a_quien, servicio)
    else:
        intercambio, clave = nombres.eventos, nombres.clave_de_evento(servicio, fila.tipo)
    return Mensaje(
        intercambio=intercambio,
        clave=clave,
        tipo=fila.tipo,
        cuerpo=fila.cuerpo,
        id=fila.hoja.hex(),
        cabeceras={"origen": origen, "posicion": fila.posicion, "anterior": fila.anterior.hex()},
    )
