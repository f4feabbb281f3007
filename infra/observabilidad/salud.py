"""Cómo está un servicio: lo que falta por publicar, lo que falta por llegar, lo apartado y lo que alguien debe mirar.

Solo lee la base del servicio, por índices y con topes: se pregunta cada pocos segundos, tenga mil hechos o millones. Si
el bus responde lo dice quien llama, que es quien tiene conexión.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from eventos.sobre import SobreInvalido, abrir_sobre
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados, avances, bandeja, cabecera, entrada, eventos, marcas, salida
from infra.almacen.motor import base_caida, leyendo
from infra.almacen.recuento import hasta_tope
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.panorama import Vista, panorama
from infra.mensajeria.pausas import Pausa, vigentes
from infra.mensajeria.presencia import en_marcha
from infra.mensajeria.puertos import Medida, Servicio
from infra.mensajeria.relevo import DESTINO_HECHOS
from infra.mensajeria.saliente import urgentes_sin_entregar
from infra.mensajeria.turnos import hay_llenos


class EstadoRelevo(Struct, frozen=True, kw_only=True):
    """Lo confirmado por la base y aún no por el bus.

    ``edad``: segundos del más viejo, o None si no hay; ``edad_hechos``: lo mismo, solo de los hechos.
    """

    hechos: int = 0
    mensajes: int = 0
    edad: float | None = None
    edad_hechos: float | None = None

    @property
    def pendientes(self) -> int:
        """Hechos y mensajes por publicar."""
        return self.hechos + self.mensajes


class EstadoOrigen(Struct, frozen=True, kw_only=True):
    """Lo recibido de un origen. Posiciones, y segundos.

    ``hueco``: la que falta. ``edad``: lo que lleva recibido y sin aplicar lo más viejo. ``edad_latido``: desde que se
    le oyó.
    """

    aplicada: int
    recibida: int
    anunciada: int
    hueco: int | None = None
    edad_hueco: float | None = None
    alto: str | None = None
    edad: float | None = None
    edad_latido: float | None = None

    @property
    def pendientes(self) -> int:
        """Hechos que se sabe que existen y aún no se han aplicado."""
        return max(0, self.anunciada - self.aplicada)


class Vida(Struct, frozen=True):
    """Si el proceso está vivo. ``bucles``: segundos desde la última vuelta de cada uno."""

    vivo: bool
    bucles: dict[str, float]


class Salud(Struct, frozen=True, kw_only=True):
    """El estado de un servicio. ``listo``: puede trabajar; ``alarmas``: códigos de lo que alguien debe mirar.

    ``hechos``: los suyos, desde siempre. ``procesos``: cuántos hay en marcha. ``retraso_plazos``: segundos que hace que
    venció el plazo más viejo sin atender. ``propias``: lo que solo su contexto sabe medir. Los recuentos se quedan en
    `recuento.TOPE`.
    """

    servicio: str
    instante: datetime
    listo: bool
    bus: bool
    base: bool
    relevo: EstadoRelevo = EstadoRelevo()
    entrada: dict[str, EstadoOrigen] = {}
    apartados: int = 0
    bandeja: int = 0
    edad_bandeja: float | None = None
    urgentes_sin_entregar: int = 0
    hechos: int = 0
    procesos: int = 0
    retraso_plazos: float = 0.0
    pausas: tuple[Pausa, ...] = ()
    propias: tuple[Medida, ...] = ()
    alarmas: tuple[str, ...] = ()
    #: Si alguna institución tiene por atender todo lo que cabe.
    cupo_agotado: bool = False


SIN_BASE: Final = "sin-base"
SIN_BUS: Final = "sin-bus"
DIVERGENCIA: Final = "divergencia"
HUECO_VIEJO: Final = "hueco-viejo"
APARTADOS: Final = "apartados"
URGENTES: Final = "urgentes-sin-entregar"
RELEVO_ATRASADO: Final = "relevo-atrasado"
ENTRADA_ATRASADA: Final = "entrada-atrasada"
PLAZOS_ATRASADOS: Final = "plazos-atrasados"
EN_PAUSA: Final = "en-pausa"
CUPO_AGOTADO: Final = "cupo-agotado"


def medir(almacen: Almacen, servicio: str, ajustes: Ajustes, *, bus: bool, contexto: Servicio | None = None) -> Salud:
    """Lee el estado de un servicio. ``bus``: si el broker responde. Sin base no lanza: lo dice.

    ``contexto``: quien sabe de sus plazos y de sus cifras; None, si no tiene (el portal).
    """
    ahora = almacen.reloj.ahora()
    try:
        with leyendo(almacen.motor) as conexion:
            salud = _leer(conexion, servicio, ajustes, ahora, contexto, bus=bus)
        retraso = _retraso(almacen, contexto, ahora)
    except SQLAlchemyError as error:
        if not base_caida(error):
            raise
        return sin_base(servicio, ahora, bus=bus)
    salud = structs.replace(salud, retraso_plazos=retraso)
    alarmas = tuple(codigo for codigo, suena in _que_suena(salud, ajustes).items() if suena)
    return structs.replace(salud, alarmas=alarmas)


def _leer(
    conexion: Connection, servicio: str, ajustes: Ajustes, ahora: datetime, contexto: Servicio | None, *, bus: bool
) -> Salud:
    origenes = _entrada(conexion, ahora)
    return Salud(
        servicio=servicio,
        instante=ahora,
        listo=bus and all(o.alto is None for o in origenes.values()),
        bus=bus,
        base=True,
        relevo=_relevo(conexion, ahora),
        entrada=origenes,
        apartados=hasta_tope(conexion, sa.select(apartados.c.origen)),
        bandeja=hasta_tope(conexion, sa.select(bandeja.c.numero)),
        edad_bandeja=_edad(conexion.scalar(_PRIMERA_EN_BANDEJA), ahora),
        urgentes_sin_entregar=urgentes_sin_entregar(conexion, ahora, ajustes),
        hechos=conexion.scalar(_HECHOS) or 0,
        procesos=len(en_marcha(conexion, ahora)),
        pausas=tuple(vigentes(conexion)),
        propias=tuple(contexto.medidas(conexion, ahora)) if contexto is not None else (),
        cupo_agotado=hay_llenos(conexion, ajustes.cupo),
    )


def _retraso(almacen: Almacen, contexto: Servicio | None, ahora: datetime) -> float:
    if contexto is None:
        return 0.0
    with almacen.consulta() as tanda:
        return _edad(contexto.proximo_vencimiento(tanda), ahora) or 0.0


def _que_suena(salud: Salud, ajustes: Ajustes) -> dict[str, bool]:
    urgencia, atraso = ajustes.alarma_urgente.total_seconds(), ajustes.alarma_atraso.total_seconds()
    origenes = salud.entrada.values()
    return {
        SIN_BUS: not salud.bus,
        DIVERGENCIA: any(o.alto is not None for o in origenes),
        URGENTES: salud.urgentes_sin_entregar > 0,
        HUECO_VIEJO: any((o.edad_hueco or 0.0) > urgencia for o in origenes),
        APARTADOS: salud.apartados > 0,
        RELEVO_ATRASADO: (salud.relevo.edad or 0.0) > urgencia,
        ENTRADA_ATRASADA: any(o.alto is None and (o.edad or 0.0) > atraso for o in origenes),
        # Con el servicio parado nadie los atiende, y eso ya se ve.
        PLAZOS_ATRASADOS: salud.procesos > 0 and salud.retraso_plazos > atraso,
        EN_PAUSA: bool(salud.pausas),
        CUPO_AGOTADO: salud.cupo_agotado,
    }


def sin_base(servicio: str, ahora: datetime, *, bus: bool) -> Salud:
    """Lo que se puede decir cuando la base no responde."""
    alarmas = (SIN_BASE,) if bus else (SIN_BASE, SIN_BUS)
    return Salud(servicio=servicio, instante=ahora, listo=False, bus=bus, base=False, alarmas=alarmas)


_HECHOS = sa.select(cabecera.c.posicion)
_MARCA = sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS)
_CUERPO = sa.select(eventos.c.cuerpo).where(eventos.c.posicion == sa.bindparam("cual"))
_PRIMERA_EN_BANDEJA = sa.select(bandeja.c.recibido).order_by(bandeja.c.numero).limit(1)
_PRIMERO_EN_SALIDA = sa.select(salida.c.creado).order_by(salida.c.numero).limit(1)
#: Lo más viejo recibido y sin aplicar: lo siguiente o, si eso falta, lo primero que espera detrás del hueco.
_ORIGENES = sa.select(
    avances.c.origen,
    avances.c.latido,
    sa.select(entrada.c.recibido)
    .where(entrada.c.origen == avances.c.origen, entrada.c.posicion > avances.c.aplicada)
    .order_by(entrada.c.posicion)
    .limit(1)
    .scalar_subquery()
    .label("espera"),
).order_by(avances.c.origen)


def _relevo(conexion: Connection, ahora: datetime) -> EstadoRelevo:
    marca, ultima = conexion.scalar(_MARCA) or 0, conexion.scalar(_HECHOS) or 0
    mensajes = hasta_tope(conexion, sa.select(salida.c.numero))
    de_salida = _edad(conexion.scalar(_PRIMERO_EN_SALIDA), ahora) if mensajes else None
    de_hechos = None
    if ultima > marca and (cuerpo := conexion.scalar(_CUERPO, {"cual": marca + 1})) is not None:
        # Un hecho propio que no se lee lo nombra la verificación; aquí solo se queda sin edad.
        with suppress(SobreInvalido):
            de_hechos = _edad(abrir_sobre(cuerpo).registrado, ahora)
    edad = max((una for una in (de_salida, de_hechos) if una is not None), default=None)
    return EstadoRelevo(hechos=max(0, ultima - marca), mensajes=mensajes, edad=edad, edad_hechos=de_hechos)


def _entrada(conexion: Connection, ahora: datetime) -> dict[str, EstadoOrigen]:
    filas = {fila.origen: fila for fila in conexion.execute(_ORIGENES)}
    return {v.origen: _origen(v, filas[v.origen], ahora) for v in panorama(conexion, filas)}


def _origen(vista: Vista, fila: sa.Row[Any], ahora: datetime) -> EstadoOrigen:
    return EstadoOrigen(
        aplicada=vista.aplicada,
        recibida=vista.ultima,
        anunciada=max(vista.anunciada, vista.ultima),
        hueco=vista.hueco,
        edad_hueco=_edad(vista.falta_desde, ahora) if vista.hueco is not None else None,
        alto=vista.alto,
        edad=_edad(fila.espera, ahora),
        edad_latido=_edad(fila.latido, ahora),
    )


def _edad(desde: datetime | None, ahora: datetime) -> float | None:
    return None if desde is None else max(0.0, (ahora - desde).total_seconds())


__all__ = ["CUPO_AGOTADO", "EstadoOrigen", "EstadoRelevo", "Salud", "Vida", "medir", "sin_base"]
