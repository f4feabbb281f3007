"""El directorio de instituciones como lo ve coordinación, con lo que cada una tiene pendiente y fuera de plazo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Row

from senda.consulta import consultar
from senda.despliegue import leer
from servicios.comun.directorio import instituciones
from servicios.coordinacion.dominio.derivacion import PENDIENTES
from servicios.coordinacion.tablas import derivaciones, senales


class Ficha(Struct, frozen=True, kw_only=True):
    """Una institución. ``pendientes``: encargos de los que responde; ``vencidas``: de ellos, con algún plazo pasado.

    ``ultima_senal``: la última vez que contó algo, en cualquier servicio (UTC); None si nunca.
    """

    codigo: str
    pais: str
    activa: bool
    mandatos: tuple[str, ...]
    servicios: tuple[str, ...]
    cobertura: tuple[str, ...]
    clave_firma: str
    pendientes: int
    vencidas: int
    ultima_senal: datetime | None

    def cubre(self, territorio: str) -> bool:
        """Si presta algo en ese territorio: porque lo tiene entero, lo contiene o tiene una parte de él."""
        return any(
            c == territorio or territorio.startswith(f"{c}-") or c.startswith(f"{territorio}-") for c in self.cobertura
        )


class InstitucionAusente(Exception):
    """No está en el directorio."""

    def __str__(self) -> str:
        return "esa institución no está en el directorio; «senda directorio» dice cuáles hay"


def fichas(
    carpeta: Path, *, servicio: str | None = None, territorio: str | None = None, mandato: str | None = None
) -> list[Ficha]:
    """Las instituciones que cumplen todo lo que se pide, por código; también las suspendidas.

    Errores: `DespliegueAusente`; los de la base.
    """
    return [
        ficha
        for ficha in map(_ficha, _filas(carpeta))
        if (servicio is None or servicio in ficha.servicios)
        and (territorio is None or ficha.cubre(territorio))
        and (mandato is None or mandato in ficha.mandatos)
    ]


def ficha(carpeta: Path, codigo: str) -> Ficha:
    """Una institución. Errores: `InstitucionAusente`, `DespliegueAusente`; los de la base."""
    for hallada in fichas(carpeta):
        if hallada.codigo == codigo:
            return hallada
    raise InstitucionAusente


def _filas(carpeta: Path) -> Sequence[Row[Any]]:
    d, i = derivaciones.c, instituciones.c
    vencida = sa.or_(d.vencida_acuse.is_not(None), d.vencida_atencion.is_not(None))
    encargos = (
        sa.select(
            d.a, sa.func.count().label("pendientes"), sa.func.sum(sa.case((vencida, 1), else_=0)).label("vencidas")
        )
        .where(d.estado.in_([estado.value for estado in PENDIENTES]))
        .group_by(d.a)
        .subquery()
    )
    consulta = (
        sa.select(instituciones, encargos.c.pendientes, encargos.c.vencidas, senales.c.ultima)
        .outerjoin(encargos, encargos.c.a == i.codigo)
        .outerjoin(senales, senales.c.institucion == i.codigo)
        .order_by(i.codigo)
    )
    return consultar(leer(carpeta), "coordinacion", consulta)


def _ficha(fila: Row[Any]) -> Ficha:
    return Ficha(
        codigo=fila.codigo,
        pais=fila.pais,
        activa=fila.activa,
        mandatos=tuple(fila.mandatos.split()),
        servicios=tuple(fila.servicios.split()),
        cobertura=tuple(fila.cobertura.split()),
        clave_firma=fila.clave_firma,
        pendientes=fila.pendientes or 0,
        vencidas=int(fila.vencidas or 0),
        ultima_senal=fila.ultima,
    )


__all__ = ["Ficha", "InstitucionAusente", "ficha", "fichas"]
