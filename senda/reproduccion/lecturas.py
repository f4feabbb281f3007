"""Las lecturas de un servicio frente a lo que el libro dice que deberían ser; o, a una fecha, lo que eran entonces."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from senda.despliegue import Despliegue
from senda.reproduccion.rehacer import SERVICIOS, Avance, Rehechas, rehacer
from senda.reproduccion.versiones import Usadas, usadas
from servicios.auditoria.comparacion import Contraste, Diferencia


class Reproducidas(Struct, frozen=True, kw_only=True):
    """Lo reproducido de un servicio.

    ``hasta``: a qué fecha (UTC), o None hasta donde ha aplicado. ``tablas``: filas rehechas de cada una. ``comparado``:
    si se comparó con lo vivo, que solo tiene sentido sin fecha. ``aparte``: lo que no sale de los hechos, y por qué.
    ``propios``, ``ajenos``, ``supuestos`` y ``apartados``: los de `Rehechas`.
    """

    servicio: str
    hasta: datetime | None
    propios: int
    ajenos: int
    supuestos: int
    apartados: int
    tablas: dict[str, int]
    comparado: bool
    diferencias: tuple[Diferencia, ...]
    omitidas: int
    aparte: dict[str, str]
    versiones: Usadas


def de_servicio(
    despliegue: Despliegue, servicio: str, hasta: datetime | None, avance: Avance, guardar: Path | None = None
) -> Reproducidas:
    """Rehace las lecturas de un servicio y, sin fecha, las compara con las vivas.

    ``guardar``: dónde dejar las rehechas, un SQLite que solo lee su dueño. Errores: `LibroAtrasado`;
    `FileExistsError`; los de las bases.
    """
    with rehacer(despliegue, servicio, hasta, avance) as rehechas:
        tablas = list(rehechas.contexto.lecturas.todas())
        contraste = Contraste()
        if hasta is None:
            contraste.comparar(rehechas.vivas, rehechas.conexion, tablas)
        if guardar is not None:
            _guardar(rehechas, guardar)
        return Reproducidas(
            servicio=servicio,
            hasta=hasta,
            propios=rehechas.propios,
            ajenos=rehechas.ajenos,
            supuestos=rehechas.supuestos,
            apartados=rehechas.apartados,
            tablas={t.name: _cuantas(rehechas, t) for t in tablas if t.name not in contraste.aparte},
            comparado=hasta is None,
            diferencias=tuple(contraste.diferencias),
            omitidas=contraste.omitidas,
            aparte=contraste.aparte,
            versiones=usadas(rehechas.versiones),
        )


def con_lecturas(despliegue: Despliegue) -> list[str]:
    """Los servicios de un despliegue que tienen lecturas."""
    return [servicio for servicio in SERVICIOS if servicio in despliegue.bases]


def _cuantas(rehechas: Rehechas, tabla: sa.Table) -> int:
    return int(rehechas.conexion.scalar(sa.select(sa.func.count()).select_from(tabla)) or 0)


def _guardar(rehechas: Rehechas, destino: Path) -> None:
    os.close(os.open(destino, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    # Dentro de una transacción no se copia: y lo plegado ya no se va a deshacer.
    rehechas.conexion.commit()
    cruda: Any = rehechas.conexion.connection.driver_connection
    with closing(sqlite3.connect(destino)) as archivo:
        cruda.backup(archivo)


__all__ = ["Reproducidas", "con_lecturas", "de_servicio"]
