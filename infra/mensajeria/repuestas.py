"""Los hechos que un origen recuperó tras restaurarse de una copia, y qué solicitud causó cada uno.

Con la base se perdieron sus acuses: sin esto, la institución que repite lo que pidió causaría el efecto dos veces.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from eventos.sobre import Anotado, decodificar
from infra.almacen.esquema import eventos, repuestas
from infra.almacen.tanda import Tanda

_HAY = sa.select(sa.exists().select_from(repuestas))
_CAUSADOS = (
    sa.select(eventos.c.posicion, eventos.c.cuerpo)
    .join(repuestas, repuestas.c.posicion == eventos.c.posicion)
    .where(repuestas.c.huella == sa.bindparam("huella"))
    .order_by(eventos.c.posicion)
)


def apuntar(conexion: Connection, recuperados: Iterable[tuple[int, Anotado]]) -> None:
    """Deja dicho, de unos hechos recuperados y su posición, qué solicitud los causó. Los demás no dejan nada."""
    filas = [{"posicion": posicion, "huella": a.solicitud} for posicion, a in recuperados if a.solicitud]
    if filas:
        conexion.execute(sa.insert(repuestas), filas)


def hay(tanda: Tanda) -> bool:
    """Si este origen recuperó alguna vez hechos."""
    ((alguna,),) = tanda.leer_lo_escrito(_HAY)
    return bool(alguna)


def causados_por(tanda: Tanda, huella: str) -> list[tuple[int, Anotado]]:
    """Los hechos recuperados que causó una solicitud, con su posición y en orden."""
    return [(f.posicion, decodificar(f.cuerpo)) for f in tanda.leer_lo_escrito(_CAUSADOS, {"huella": huella})]


__all__ = ["apuntar", "causados_por", "hay"]
