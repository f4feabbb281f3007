"""Los turnos de la bandeja: cada institución espera detrás de lo suyo, y se atiende por rondas, una de cada turno.

Al llegar, una solicitud recibe la ronda en que le toca: la siguiente a la última de su turno o, si su turno estaba
vacío, la que se está atendiendo. Atender es recorrer por ronda: quien tiene miles delante no adelanta a quien tiene
una, y nadie reordena nada después (Golestani, «A self-clocked fair queueing scheme», INFOCOM 1994, con peso 1).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import bandeja, salida


class Turno(NamedTuple):
    """``institucion``: a quién se le cuenta, vacía si no se sabe. Lo urgente de cada una espera aparte de lo demás."""

    institucion: str
    urgente: bool = False


#: El de lo que no se sabe de quién es.
DE_NADIE: Final = Turno("")

_TURNO, _SIN_LEER, _EN_CURSO = range(3)
_AHORA = sa.select(bandeja.c.ronda).where(bandeja.c.proximo <= sa.bindparam("ahora")).order_by(bandeja.c.ronda).limit(1)
#: De cada turno, cuántas esperan y su última ronda; de cada institución, los acuses que no salen; y la ronda en curso.
_COMO_VAN = sa.union_all(
    sa.select(
        sa.literal(_TURNO).label("que"), bandeja.c.institucion, bandeja.c.urgente, sa.func.count().label("cuantas"),
        sa.func.max(bandeja.c.ronda).label("ronda"),
    )
    .where(bandeja.c.institucion.in_(sa.bindparam("quienes", expanding=True)))
    .group_by(bandeja.c.institucion, bandeja.c.urgente),
    sa.select(sa.literal(_SIN_LEER), salida.c.clave, sa.false(), sa.func.count(), sa.literal(0))
    .where(salida.c.intercambio == "acuses", salida.c.clave.in_(sa.bindparam("quienes", expanding=True)))
    .group_by(salida.c.clave),
    sa.select(
        sa.literal(_EN_CURSO), sa.literal(""), sa.false(), sa.literal(0),
        # Lo que espera su momento no retiene la ronda, salvo que no haya otra cosa.
        sa.func.coalesce(_AHORA.scalar_subquery(), sa.select(sa.func.min(bandeja.c.ronda)).scalar_subquery(), 0),
    ),
)  # fmt: skip
_SIN_SALIR = (
    sa.select(salida.c.clave)
    .where(salida.c.intercambio == "acuses", salida.c.clave.in_(sa.bindparam("quienes", expanding=True)))
    .group_by(salida.c.clave)
    .having(sa.func.count() >= sa.bindparam("cuantos"))
)
_PRIMERA_RONDA = sa.select(sa.func.min(bandeja.c.ronda)).scalar_subquery()
_ULTIMA_RONDA = sa.select(sa.func.max(bandeja.c.ronda)).scalar_subquery()
_RONDAS_POR_DELANTE = sa.select(_ULTIMA_RONDA - _PRIMERA_RONDA + 1)


@dataclass
class Rondas:
    """Cómo van unos turnos al mirarlos, y las rondas que se van dando.

    ``esperan``: solicitudes de cada turno; ``sin_leer``: acuses de cada institución que no salen; ``ultimas``: rondas.
    """

    en_curso: int = 0
    esperan: dict[Turno, int] = field(default_factory=dict)
    sin_leer: dict[str, int] = field(default_factory=dict)
    ultimas: dict[Turno, int] = field(default_factory=dict)

    def pendientes(self, turno: Turno) -> int:
        """Lo que ya espera en el turno, más los acuses de su institución que no caben en su cola porque no los lee."""
        return self.esperan.get(turno, 0) + self.sin_leer.get(turno.institucion, 0)

    def dar(self, turno: Turno) -> int:
        """La ronda de una más de ese turno. Lo urgente que llega a un turno vacío va delante de la ronda en curso."""
        primera = self.en_curso - 1 if turno.urgente else self.en_curso
        ultima = self.ultimas.get(turno)
        ronda = primera if ultima is None else max(primera, ultima + 1)
        self.ultimas[turno] = ronda
        self.esperan[turno] = self.esperan.get(turno, 0) + 1
        return ronda


def mirar(conexion: Connection, turnos: Collection[Turno], ahora: datetime) -> Rondas:
    """Cómo van esos turnos."""
    rondas = Rondas()
    quienes = sorted({turno.institucion for turno in turnos})
    for que, institucion, urgente, cuantas, ronda in conexion.execute(_COMO_VAN, {"quienes": quienes, "ahora": ahora}):
        if que == _TURNO:
            turno = Turno(institucion, bool(urgente))
            rondas.esperan[turno], rondas.ultimas[turno] = cuantas, ronda
        elif que == _SIN_LEER:
            rondas.sin_leer[institucion] = cuantas
        else:
            rondas.en_curso = ronda
    return rondas


def sin_leer(conexion: Connection, quienes: Collection[str], cuantos: int) -> set[str]:
    """De esas instituciones, las que tienen ``cuantos`` acuses o más que no salen."""
    return set(conexion.scalars(_SIN_SALIR, {"quienes": sorted(quienes), "cuantos": cuantos}))


def hay_llenos(conexion: Connection, cupo: int) -> bool:
    """Si algún turno tiene ya ``cupo`` solicitudes, una arriba o abajo.

    Cada una de un turno tiene su ronda, seguidas: el más largo es las que hay entre la primera y la última. Contarlas
    sería recorrer la bandeja.
    """
    return (conexion.scalar(_RONDAS_POR_DELANTE) or 0) >= cupo


__all__ = ["DE_NADIE", "Rondas", "Turno", "hay_llenos", "mirar", "sin_leer"]
