"""Las plazas de cada albergue y quién las ocupa, para no asignar nunca una que no hay.

Un albergue declara cuántas plazas le quedan libres (acoge también a quien no tiene ruta). Desde ese recuento, cada
ingreso resta una y cada salida de quien ya estaba la devuelve. El turno de escritura del servicio hace que quien
consulta y asigna lo haga solo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Connection, Index, Integer, MetaData, Row, Select, Table, Text, Uuid

from eventos.atencion import AlbergueInscrito, AlojamientoAsignado, AlojamientoFinalizado, CuposActualizados
from eventos.comun import HechoRectificado
from eventos.plazas import Cupo, TramoCupo
from eventos.sobre import Anotado
from eventos.tipos import SiNo
from infra.almacen.insertar import insertar_si_falta
from servicios.atencion.dominio.alojamiento import Plazas
from servicios.comun.rutas import identificaciones, rutas

TABLAS = MetaData()

#: ``recuento``: versión del hecho que declaró las plazas vigentes.
albergues = Table(
    "albergues",
    TABLAS,
    Column("codigo", Text, primary_key=True),
    Column("titular", Text, nullable=False),
    Column("titularidad", Text, nullable=False),
    Column("especializado", Boolean, nullable=False),
    Column("territorio", Text, nullable=False),
    Column("recuento", Integer, nullable=False),
)

#: Plazas tal como se declararon en el último recuento.
cupos = Table(
    "cupos",
    TABLAS,
    Column("albergue", Text, primary_key=True),
    Column("sexo", Text, primary_key=True),
    Column("tramo", Text, primary_key=True),
    Column("total", Integer, nullable=False),
    Column("libres", Integer, nullable=False),
)

#: ``ingreso`` y ``egreso``: el recuento vigente al entrar y al salir; ``egreso`` nulo, sigue alojada.
estancias = Table(
    "estancias",
    TABLAS,
    Column("alojamiento", Uuid, primary_key=True),
    Column("hecho", Uuid, nullable=False, unique=True),
    Column("ruta", Uuid, nullable=False),
    Column("albergue", Text, nullable=False),
    Column("clase", Text, nullable=False),
    Column("urgente", Boolean, nullable=False),
    Column("ingreso", Integer, nullable=False),
    Column("egreso", Integer),
    Index("estancias_por_albergue", "albergue"),
)

Leer = Callable[[Select[Any]], Sequence[Row[Any]]]


def plazas(leer: Leer, albergue: str, *, nna: bool) -> Plazas:
    """Las plazas de un albergue para NNA o para adultas, ahora. Todo a cero si no está inscrito."""
    declaradas = leer(
        sa.select(sa.func.coalesce(sa.func.sum(cupos.c.total), 0), sa.func.coalesce(sa.func.sum(cupos.c.libres), 0))
        .where(cupos.c.albergue == albergue)
        .where((cupos.c.tramo != TramoCupo.ADULTA.value) if nna else (cupos.c.tramo == TramoCupo.ADULTA.value))
    )[0]
    vivas = estancias.c.egreso.is_(None)
    ocupadas, ingresos, salidas = leer(
        sa.select(
            _cuantas(vivas),
            _cuantas(vivas & (estancias.c.ingreso == albergues.c.recuento)),
            _cuantas((estancias.c.egreso == albergues.c.recuento) & (estancias.c.ingreso < albergues.c.recuento)),
        )
        .select_from(estancias)
        .join(rutas, rutas.c.ruta == estancias.c.ruta)
        .join(albergues, albergues.c.codigo == estancias.c.albergue)
        .where(estancias.c.albergue == albergue, _es_nna() if nna else sa.not_(_es_nna()))
    )[0]
    total, libres = int(declaradas[0]), int(declaradas[1])
    quedan = min(libres - ingresos + salidas, total - ocupadas)
    return Plazas(total=total, libres=max(0, quedan), ocupadas=ocupadas)


def aplicar(conexion: Connection, anotados: Sequence[Anotado]) -> None:
    """Pone al día albergues, cupos y estancias."""
    for anotado in anotados:
        match anotado.hecho:
            case AlbergueInscrito() as hecho:
                fila = {
                    "codigo": hecho.codigo,
                    "titular": hecho.titular,
                    "titularidad": hecho.titularidad.value,
                    "especializado": hecho.especializado,
                    "territorio": hecho.territorio,
                    "recuento": anotado.version,
                }
                insertar_si_falta(conexion, albergues, [fila])
                _recontar(conexion, hecho.codigo, hecho.cupos, anotado.version)
            case CuposActualizados() as hecho:
                _recontar(conexion, hecho.codigo, hecho.cupos, anotado.version)
            case AlojamientoAsignado() as hecho:
                conexion.execute(
                    sa.insert(estancias).values(
                        alojamiento=hecho.alojamiento,
                        hecho=anotado.id,
                        ruta=hecho.ruta,
                        albergue=hecho.albergue,
                        clase=hecho.clase.value,
                        urgente=hecho.urgente,
                        ingreso=_recuento_de(hecho.albergue),
                    )
                )
            case AlojamientoFinalizado() as hecho:
                conexion.execute(
                    sa.update(estancias)
                    .where(estancias.c.alojamiento == hecho.alojamiento)
                    .values(egreso=sa.func.coalesce(_vigente(estancias.c.albergue), 0))
                )
            case HechoRectificado() as hecho:
                conexion.execute(sa.delete(estancias).where(estancias.c.hecho == hecho.corrige))
            case _:
                pass


def _recontar(conexion: Connection, albergue: str, declarados: tuple[Cupo, ...], recuento: int) -> None:
    conexion.execute(sa.update(albergues).where(albergues.c.codigo == albergue).values(recuento=recuento))
    conexion.execute(sa.delete(cupos).where(cupos.c.albergue == albergue))
    if declarados:
        filas = [
            {
                "albergue": albergue,
                "sexo": cupo.sexo.value,
                "tramo": cupo.tramo.value,
                "total": cupo.total,
                "libres": cupo.libres,
            }
            for cupo in declarados
        ]
        conexion.execute(sa.insert(cupos), filas)


def _vigente(albergue: Any) -> Any:
    return sa.select(albergues.c.recuento).where(albergues.c.codigo == albergue).scalar_subquery()


def _recuento_de(albergue: str) -> Any:
    # Quien aloja sin ser albergue inscrito no tiene recuento: vale 0, anterior a cualquiera que declare después.
    return sa.func.coalesce(_vigente(albergue), 0)


def _es_nna() -> Any:
    """Como en `servicios.comun.rutas`: lo que dijo la última identificación o, si no consta, la apertura de la ruta.

    Se mira al consultar, no al ingresar: así la lectura no depende de en qué orden llegó lo que otros contaron.
    """
    ultima = (
        sa.select(identificaciones.c.nna)
        .where(identificaciones.c.ruta == estancias.c.ruta)
        .order_by(identificaciones.c.evento.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.case((ultima == SiNo.SI.value, True), (ultima == SiNo.NO.value, False), else_=rutas.c.nna)


def _cuantas(condicion: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condicion, 1), else_=0)), 0)
