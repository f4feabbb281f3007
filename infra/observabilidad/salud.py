"""Cómo está un servicio: lo que falta por publicar, lo que falta por llegar, lo apartado y lo que alguien debe mirar.

Solo lee la base del servicio. Si el bus responde lo dice quien llama, que es quien tiene conexión.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from contratos.codigos import CUPO
from eventos.sobre import SobreInvalido, abrir_sobre
from infra.almacen.almacen import Almacen
from infra.almacen.devueltas import contar_devueltas
from infra.almacen.esquema import apartados, avances, bandeja, eventos, marcas, salida, solicitudes
from infra.almacen.motor import base_caida, leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.panorama import Vista, panorama
from infra.mensajeria.relevo import DESTINO_HECHOS, urgentes_sin_entregar
from infra.mensajeria.turnos import hay_llenos


class EstadoRelevo(Struct, frozen=True, kw_only=True):
    """Lo confirmado por la base y aún no por el bus. ``edad``: segundos del más viejo, o None si no hay."""

    hechos: int = 0
    mensajes: int = 0
    edad: float | None = None

    @property
    def pendientes(self) -> int:
        """Hechos y mensajes por publicar."""
        return self.hechos + self.mensajes


class EstadoOrigen(Struct, frozen=True, kw_only=True):
    """Lo recibido de un origen. Posiciones; ``hueco``: la que falta, y desde hace cuántos segundos."""

    aplicada: int
    recibida: int
    anunciada: int
    hueco: int | None = None
    edad_hueco: float | None = None
    alto: str | None = None


class Vida(Struct, frozen=True):
    """Si el proceso está vivo. ``bucles``: segundos desde la última vuelta de cada uno."""

    vivo: bool
    bucles: dict[str, float]


class Salud(Struct, frozen=True, kw_only=True):
    """El estado de un servicio. ``listo``: puede trabajar; ``alarmas``: códigos de lo que alguien debe mirar."""

    servicio: str
    instante: datetime
    listo: bool
    bus: bool
    base: bool
    relevo: EstadoRelevo = EstadoRelevo()
    entrada: dict[str, EstadoOrigen] = {}
    apartados: int = 0
    bandeja: int = 0
    urgentes_sin_entregar: int = 0
    alarmas: tuple[str, ...] = ()


class Recuento(Struct, frozen=True, kw_only=True):
    """Totales desde que existe el servicio.

    ``solicitudes``: por resultado; ``devueltas``: no atribuibles a nadie; ``rehusadas``: pasaban del cupo de su
    institución, y ni se miraron.
    """

    solicitudes: dict[str, int]
    devueltas: int
    rehusadas: int = 0


SIN_BASE: Final = "sin-base"
SIN_BUS: Final = "sin-bus"
DIVERGENCIA: Final = "divergencia"
HUECO_VIEJO: Final = "hueco-viejo"
APARTADOS: Final = "apartados"
URGENTES: Final = "urgentes-sin-entregar"
RELEVO_ATRASADO: Final = "relevo-atrasado"
CUPO_AGOTADO: Final = "cupo-agotado"


def medir(almacen: Almacen, servicio: str, ajustes: Ajustes, *, bus: bool) -> Salud:
    """Lee el estado de un servicio. ``bus``: si el broker responde. Sin base no lanza: lo dice."""
    ahora = almacen.reloj.ahora()
    try:
        with leyendo(almacen.motor) as conexion:
            relevo = _relevo(conexion, ahora)
            origenes = _entrada(conexion, ahora)
            retenidos = _cuantos(conexion, apartados)
            por_atender = _cuantos(conexion, bandeja)
            lleno = hay_llenos(conexion, ajustes.cupo)
        urgentes = urgentes_sin_entregar(almacen, ajustes)
    except SQLAlchemyError as error:
        if not base_caida(error):
            raise
        return sin_base(servicio, ahora, bus=bus)
    tope = ajustes.alarma_urgente.total_seconds()
    alto = any(o.alto is not None for o in origenes.values())
    alarmas = {
        SIN_BUS: not bus,
        DIVERGENCIA: alto,
        URGENTES: urgentes > 0,
        HUECO_VIEJO: any((o.edad_hueco or 0.0) > tope for o in origenes.values()),
        APARTADOS: retenidos > 0,
        RELEVO_ATRASADO: (relevo.edad or 0.0) > tope,
        CUPO_AGOTADO: lleno,
    }
    return Salud(
        servicio=servicio,
        instante=ahora,
        listo=bus and not alto,
        bus=bus,
        base=True,
        relevo=relevo,
        entrada=origenes,
        apartados=retenidos,
        bandeja=por_atender,
        urgentes_sin_entregar=urgentes,
        alarmas=tuple(codigo for codigo, suena in alarmas.items() if suena),
    )


def sin_base(servicio: str, ahora: datetime, *, bus: bool) -> Salud:
    """Lo que se puede decir cuando la base no responde."""
    alarmas = (SIN_BASE,) if bus else (SIN_BASE, SIN_BUS)
    return Salud(servicio=servicio, instante=ahora, listo=False, bus=bus, base=False, alarmas=alarmas)


def contar(almacen: Almacen) -> Recuento:
    """Totales de solicitudes. Recorre la tabla: no es para cada segundo. Errores: los de la base."""
    consulta = sa.select(solicitudes.c.resultado, sa.func.count()).group_by(solicitudes.c.resultado)
    with leyendo(almacen.motor) as conexion:
        por_resultado: dict[str, int] = dict(conexion.execute(consulta).tuples().all())
        sin_atender = contar_devueltas(conexion)
    rehusadas = sin_atender.pop(CUPO, 0)
    return Recuento(solicitudes=por_resultado, devueltas=sum(sin_atender.values()), rehusadas=rehusadas)


def _relevo(conexion: Connection, ahora: datetime) -> EstadoRelevo:
    marca = conexion.scalar(sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS)) or 0
    ultima = conexion.scalar(sa.select(sa.func.max(eventos.c.posicion))) or 0
    mensajes, mas_viejo = conexion.execute(sa.select(sa.func.count(), sa.func.min(salida.c.creado))).one()
    viejos = [mas_viejo] if mas_viejo is not None else []
    if ultima > marca:
        cuerpo = conexion.scalar(sa.select(eventos.c.cuerpo).where(eventos.c.posicion == marca + 1))
        try:
            viejos += [abrir_sobre(cuerpo).registrado] if cuerpo is not None else []
        except SobreInvalido:
            # Un hecho propio que no se lee lo nombra la verificación; aquí solo se queda sin edad.
            viejos += []
    edad = max(0.0, (ahora - min(viejos)).total_seconds()) if viejos else None
    return EstadoRelevo(hechos=max(0, ultima - marca), mensajes=mensajes, edad=edad)


def _entrada(conexion: Connection, ahora: datetime) -> dict[str, EstadoOrigen]:
    origenes = list(conexion.scalars(sa.select(avances.c.origen).order_by(avances.c.origen)))
    return {vista.origen: _origen(vista, ahora) for vista in panorama(conexion, origenes)}


def _origen(vista: Vista, ahora: datetime) -> EstadoOrigen:
    falta = vista.falta_desde if vista.hueco is not None else None
    return EstadoOrigen(
        aplicada=vista.aplicada,
        recibida=vista.ultima,
        anunciada=max(vista.anunciada, vista.ultima),
        hueco=vista.hueco,
        edad_hueco=None if falta is None else max(0.0, (ahora - falta).total_seconds()),
        alto=vista.alto,
    )


def _cuantos(conexion: Connection, tabla: sa.Table) -> int:
    return conexion.scalar(sa.select(sa.func.count()).select_from(tabla)) or 0


__all__ = ["CUPO_AGOTADO", "EstadoOrigen", "EstadoRelevo", "Recuento", "Salud", "Vida", "contar", "medir", "sin_base"]
