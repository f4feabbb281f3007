"""El directorio de instituciones que cada servicio mantiene con lo que coordinación cuenta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, MetaData, Row, Table, Text

from contratos.base import Mandato
from eventos.coordinacion import InstitucionActualizada, InstitucionInscrita, InstitucionSuspendida
from eventos.rechazo import Rechazo, TodaviaNo
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas
from infra.almacen.tanda import Tanda

TABLAS = MetaData()

instituciones = Table(
    "instituciones",
    TABLAS,
    Column("codigo", Text, primary_key=True),
    Column("pais", Text, nullable=False),
    Column("mandatos", Text, nullable=False),
    Column("servicios", Text, nullable=False),
    Column("cobertura", Text, nullable=False),
    Column("clave_firma", Text, nullable=False),
    Column("activa", Boolean, nullable=False),
)


class InstitucionDesconocida(TodaviaNo):
    """No está en el directorio, o su inscripción aún no llegó a este servicio."""

    codigo = "institucion-desconocida"
    campo = "institucion"
    que_hacer = "Pide a la institución rectora que te inscriba; si ya lo hizo, vuelve a intentarlo en unos segundos."


class InstitucionSuspendidaError(Rechazo):
    """Está en el directorio, pero suspendida."""

    codigo = "institucion-suspendida"
    campo = "institucion"
    que_hacer = "Tu institución está suspendida en el directorio; habla con la institución rectora."


@dataclass(frozen=True, slots=True)
class FichaInstitucion:
    """Lo que el directorio dice de una institución."""

    codigo: str
    pais: str
    mandatos: frozenset[Mandato]
    servicios: frozenset[str]
    cobertura: frozenset[str]
    clave_firma: str
    activa: bool


def ficha(tanda: Tanda, codigo: str) -> FichaInstitucion | None:
    """La ficha de una institución, o None si no consta."""
    return todas(tanda).get(codigo)


def todas(tanda: Tanda) -> Mapping[str, FichaInstitucion]:
    """El directorio entero, por código; también las suspendidas."""

    def leer() -> dict[str, FichaInstitucion]:
        return {fila.codigo: _ficha(fila) for fila in tanda.leer(sa.select(instituciones))}

    return tanda.recordar("directorio", leer)


def _ficha(fila: Row[Any]) -> FichaInstitucion:
    return FichaInstitucion(
        codigo=fila.codigo,
        pais=fila.pais,
        mandatos=frozenset(Mandato(m) for m in fila.mandatos.split()),
        servicios=frozenset(fila.servicios.split()),
        cobertura=frozenset(fila.cobertura.split()),
        clave_firma=fila.clave_firma,
        activa=fila.activa,
    )


def exigir(tanda: Tanda, codigo: str) -> FichaInstitucion:
    """La ficha de una institución activa. Errores: `InstitucionDesconocida`, `InstitucionSuspendidaError`."""
    encontrada = ficha(tanda, codigo)
    if encontrada is None:
        raise InstitucionDesconocida
    if not encontrada.activa:
        raise InstitucionSuspendidaError
    return encontrada


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    """Pone al día el directorio."""
    for anotado in anotados:
        match anotado.hecho:
            case InstitucionInscrita() | InstitucionActualizada() as hecho:
                altas.conexion.execute(sa.delete(instituciones).where(instituciones.c.codigo == hecho.codigo))
                altas.conexion.execute(
                    sa.insert(instituciones).values(
                        codigo=hecho.codigo,
                        pais=hecho.pais,
                        mandatos=" ".join(hecho.mandatos),
                        servicios=" ".join(hecho.servicios),
                        cobertura=" ".join(hecho.cobertura),
                        clave_firma=hecho.clave_firma,
                        activa=True,
                    )
                )
            case InstitucionSuspendida() as hecho:
                altas.conexion.execute(
                    sa.update(instituciones).where(instituciones.c.codigo == hecho.codigo).values(activa=False)
                )
            case _:
                pass
