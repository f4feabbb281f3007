"""Qué sabía una institución a una fecha: lo que el bus le había entregado, no lo que otros ya habían escrito.

Qué dice cada aviso se rehace del libro; cuándo quedó a su alcance lo dice la tabla `entregas` de coordinación, que no
está en el libro: prueba contra la institución que lo niega, no contra quien opera la base.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Raw, Struct
from sqlalchemy import Connection

from infra.almacen.esquema import entregas, solicitudes
from infra.almacen.motor import abrir_motor, leyendo
from senda.despliegue import Despliegue
from senda.directorio import InstitucionAusente
from senda.reproduccion.rehacer import Avance, Rehechas, rehacer
from senda.reproduccion.versiones import Usadas, usadas
from servicios.comun.directorio import instituciones
from servicios.coordinacion.tablas import buzon, derivaciones


class Aviso(Struct, frozen=True, kw_only=True):
    """Un aviso de su buzón. Instantes en UTC.

    ``dejado``: cuándo lo registró su origen; ``entregado``: la primera vez que el bus confirmó que estaba en su cola, o
    None si aún no había salido; ``aviso``: los bytes que se le mandan.
    """

    numero: int
    evento: UUID
    tipo: str
    ruta: UUID | None
    urgente: bool
    dejado: datetime
    entregado: datetime | None
    aviso: Raw


class Acuse(Struct, frozen=True, kw_only=True):
    """Una solicitud suya respondida. ``respondida`` en UTC: cuándo se firmó el acuse; cuándo le llegó no se apunta."""

    servicio: str
    id: str
    resultado: str
    respondida: datetime


class Acusada(Struct, frozen=True, kw_only=True):
    """Una derivación que un agente suyo dijo haber recibido, y cuándo (UTC): esto sí es que alguien la leyó."""

    derivacion: UUID
    recibida: datetime


class Conocimiento(Struct, frozen=True, kw_only=True):
    """Lo que una institución sabía en ``hasta`` (UTC; None, ahora).

    ``entregas_desde``: primera entrega apuntada en el despliegue; de antes no se sabe cuándo salió nada. ``sin_libro``:
    entregas de avisos que del libro no salen, por su id de mensaje: alguien entregó lo que nadie contó.
    """

    institucion: str
    hasta: datetime | None
    entregados: tuple[Aviso, ...]
    por_salir: tuple[Aviso, ...]
    acuses: tuple[Acuse, ...]
    acusadas: tuple[Acusada, ...]
    entregas_desde: datetime | None
    sin_libro: tuple[str, ...]
    supuestos: int
    versiones: Usadas


def de_institucion(despliegue: Despliegue, institucion: str, hasta: datetime | None, avance: Avance) -> Conocimiento:
    """Lo que sabía una institución. Errores: `InstitucionAusente`, `LibroAtrasado`; los de las bases."""
    with rehacer(despliegue, "coordinacion", hasta, avance) as rehechas:
        consta = sa.select(instituciones.c.codigo).where(instituciones.c.codigo == institucion)
        if rehechas.conexion.scalar(consta) is None:
            raise InstitucionAusente
        primeras = _primeras(rehechas.vivas, institucion, hasta)
        avisos = _avisos(rehechas, institucion, primeras)
        return Conocimiento(
            institucion=institucion,
            hasta=hasta,
            entregados=tuple(a for a in avisos if a.entregado is not None),
            por_salir=tuple(a for a in avisos if a.entregado is None),
            acuses=_acuses(despliegue, institucion, hasta),
            acusadas=_acusadas(rehechas.conexion, institucion),
            entregas_desde=rehechas.vivas.scalar(sa.select(sa.func.min(entregas.c.instante))),
            sin_libro=tuple(sorted(primeras.keys() - {_mensaje(a.evento, institucion) for a in avisos})),
            supuestos=rehechas.supuestos,
            versiones=usadas(rehechas.versiones),
        )


def _mensaje(evento: UUID, institucion: str) -> str:
    return f"{evento}.{institucion}"


def _primeras(viva: Connection, institucion: str, hasta: datetime | None) -> dict[str, datetime]:
    """De cada mensaje entregado a una institución, cuándo lo fue por primera vez."""
    consulta = sa.select(entregas.c.mensaje, entregas.c.instante).where(entregas.c.institucion == institucion)
    if hasta is not None:
        consulta = consulta.where(entregas.c.instante <= hasta)
    primeras: dict[str, datetime] = {}
    for fila in viva.execute(consulta.order_by(entregas.c.numero)):
        primeras.setdefault(fila.mensaje, fila.instante)
    return primeras


def _avisos(rehechas: Rehechas, institucion: str, primeras: dict[str, datetime]) -> list[Aviso]:
    suyos = sa.select(buzon).where(buzon.c.institucion == institucion).order_by(buzon.c.numero)
    return [
        Aviso(
            numero=f.numero,
            evento=f.evento,
            tipo=f.tipo,
            ruta=f.ruta,
            urgente=f.urgente,
            dejado=f.disponible,
            entregado=primeras.get(_mensaje(f.evento, institucion)),
            aviso=Raw(f.cuerpo.encode()),
        )
        for f in rehechas.conexion.execute(suyos)
    ]


def _acusadas(rehecha: Connection, institucion: str) -> tuple[Acusada, ...]:
    consulta = (
        sa.select(derivaciones.c.derivacion, derivaciones.c.recibida)
        .where(derivaciones.c.a == institucion, derivaciones.c.recibida.is_not(None))
        .order_by(derivaciones.c.recibida, derivaciones.c.derivacion)
    )
    return tuple(Acusada(derivacion=f.derivacion, recibida=f.recibida) for f in rehecha.execute(consulta))


def _acuses(despliegue: Despliegue, institucion: str, hasta: datetime | None) -> tuple[Acuse, ...]:
    suyas = sa.select(solicitudes.c.id, solicitudes.c.resultado, solicitudes.c.atendida).where(
        solicitudes.c.institucion == institucion
    )
    if hasta is not None:
        suyas = suyas.where(solicitudes.c.atendida <= hasta)
    acuses: list[Acuse] = []
    with ExitStack() as pila:
        for servicio in despliegue.origenes:
            base = despliegue.bases[servicio]
            motor = abrir_motor(base.url, base.esquema)
            pila.callback(motor.dispose)
            conexion = pila.enter_context(leyendo(motor))
            acuses += [
                Acuse(servicio=servicio, id=f.id, resultado=f.resultado, respondida=f.atendida)
                for f in conexion.execute(suyas)
            ]
    return tuple(sorted(acuses, key=lambda a: (a.respondida, a.servicio, a.id)))


__all__ = ["Acusada", "Acuse", "Aviso", "Conocimiento", "de_institucion"]
