"""Los albergues, las plazas que declaran y quién está en cada uno.

Qué plaza ocupa cada persona no está aquí: sobreviviría a su clave, y en un albergue pequeño diría de quién es cada
cama. Lo abre, al decidir, `servicios.atencion.ocupacion`. El turno de escritura del servicio hace que quien consulta y
asigna lo haga solo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Connection, Index, Integer, MetaData, Row, Select, Table, Text, Uuid

from eventos.atencion import AlbergueInscrito, AlojamientoAsignado, AlojamientoFinalizado, CuposActualizados
from eventos.comun import HechoRectificado
from eventos.plazas import Cupo
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas
from servicios.atencion.dominio.alojamiento import EN_ALBERGUE
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

_EN_ALBERGUE = sorted(EN_ALBERGUE)

Leer = Callable[[Select[Any]], Sequence[Row[Any]]]


def estancias_que_cuentan(leer: Leer, albergue: str) -> Sequence[Row[Any]]:
    """Las de un albergue que siguen vivas, y las que terminaron tras el recuento y eran anteriores a él.

    Cada fila: ``hecho``, ``ruta``, si está ``viva``, si entró ``desde_recuento``, si al abrir la ruta se la tuvo por
    ``nna`` y qué dijo de ello una ``identificacion`` (nula si no la hay; varias, varias filas).
    """
    viva = estancias.c.egreso.is_(None)
    devuelve = (estancias.c.egreso == albergues.c.recuento) & (estancias.c.ingreso < albergues.c.recuento)
    # Se mira al consultar, no al ingresar: así la lectura no depende de en qué orden llegó lo que otros contaron.
    return leer(
        sa.select(
            estancias.c.hecho,
            estancias.c.ruta,
            viva.label("viva"),
            (estancias.c.ingreso == albergues.c.recuento).label("desde_recuento"),
            rutas.c.nna,
            identificaciones.c.nna.label("identificacion"),
        )
        .join(albergues, albergues.c.codigo == estancias.c.albergue)
        .join(rutas, rutas.c.ruta == estancias.c.ruta)
        .outerjoin(identificaciones, identificaciones.c.ruta == estancias.c.ruta)
        .where(estancias.c.albergue == albergue, estancias.c.clase.in_(_EN_ALBERGUE), viva | devuelve)
    )


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
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
                altas.agregar(albergues, **fila)
                _recontar(altas.conexion, hecho.codigo, hecho.cupos, anotado.version)
            case CuposActualizados() as hecho:
                _recontar(altas.conexion, hecho.codigo, hecho.cupos, anotado.version)
            case AlojamientoAsignado() as hecho:
                altas.conexion.execute(
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
                altas.conexion.execute(
                    sa.update(estancias)
                    .where(estancias.c.alojamiento == hecho.alojamiento)
                    .values(egreso=sa.func.coalesce(_vigente(estancias.c.albergue), 0))
                )
            case HechoRectificado() as hecho:
                altas.conexion.execute(sa.delete(estancias).where(estancias.c.hecho == hecho.corrige))
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
