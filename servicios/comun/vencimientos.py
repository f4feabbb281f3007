"""Avisar de lo que tiene fecha: cuando está por vencer y cuando venció. Lo mismo para cada servicio dueño de fechas.

Qué vence lo dice cada uno con una función pura sobre los hechos en pie de una ruta; lo rectificado deja de estar. El
aviso es un hecho suyo: si ya consta, no se repite, y por eso da igual cuántas veces, desde qué réplica o tras cuánto
tiempo se mire. La agenda solo dice qué ruta hay que mirar y cuándo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Column, Connection, MetaData, Table, Uuid

from contratos.protocolos import Protocolo, ProtocoloDesconocido, cargar
from contratos.protocolos.paquete import Asunto
from eventos.base import Hecho, HechoDeRuta
from eventos.calendario import comienzo_del_dia, fin_del_dia, habiles_antes
from eventos.comun import HechoRectificado
from eventos.coordinacion import RutaCerrada, RutaReabierta
from eventos.motivos import MotivoCierre
from eventos.sobre import Anotado
from eventos.vigentes import Vigentes
from infra.almacen.esquema import Instante
from infra.almacen.insertar import Altas
from infra.almacen.lecturas import APARTE
from infra.almacen.recuento import hasta_tope
from infra.almacen.tanda import Tanda
from infra.mensajeria.puertos import Medida
from servicios.comun import rutas
from servicios.comun.mesa import Casos, Interna, Mesa
from servicios.comun.rutas import FichaRuta

TABLAS = MetaData()

#: ``toca``: cuándo hay que volver a mirar las fechas de esa ruta; nula, si nada está por vencer.
agenda = Table(
    "agenda",
    TABLAS,
    Column("ruta", Uuid, primary_key=True),
    Column("toca", Instante, index=True, info={APARTE: "la mueve el reloj cada vez que se mira"}),
)

#: Si el protocolo de una ruta no está aquí (falta actualizar este servicio), se vuelve a mirar pasado esto.
REINTENTO: Final = timedelta(hours=1)
#: Fuera de aquí una fecha no es un plazo («9999-12-31»), y la aritmética de días se sale del calendario.
_PRIMERA, _ULTIMA = date(1900, 1, 1), date(9000, 1, 1)

# Sin ruta todavía no hay protocolo: esperan a que coordinación cuente que la abrió.
_POR_TOCAR = sa.select(agenda).join(rutas.rutas, rutas.rutas.c.ruta == agenda.c.ruta).order_by(agenda.c.toca)
_TOCAN = _POR_TOCAR.where(agenda.c.toca <= sa.bindparam("ahora")).order_by(agenda.c.ruta).limit(sa.bindparam("maximo"))
_PENDIENTES = _POR_TOCAR.where(agenda.c.toca <= sa.bindparam("ahora")).with_only_columns(agenda.c.ruta)
_PRIMERA_CITA = _POR_TOCAR.where(agenda.c.toca.is_not(None)).limit(1)
_CITAR = sa.update(agenda).where(agenda.c.ruta == sa.bindparam("cual")).values(toca=sa.bindparam("cuando"))
_OLVIDAR = sa.delete(agenda).where(agenda.c.ruta == sa.bindparam("cual"))


class Fecha(Struct, frozen=True, kw_only=True):
    """Algo en pie que vale hasta el fin de un día. ``vencido`` y ``por_vencer``: los hechos que lo cuentan.

    Sin ``por_vencer`` (y entonces sin ``asunto``) solo se cuenta que venció.
    """

    vence: date
    vencido: Hecho
    por_vencer: Hecho | None = None
    asunto: Asunto | None = None


class RevisarFechas(Interna, frozen=True, kw_only=True):
    """El reloj llegó a una fecha de esa ruta. Si ya se avisó, o no hay de qué, no pasa nada."""

    ruta: UUID


#: Qué vence de una ruta, con lo que consta de ella y si sigue abierta.
Fechas = Callable[[Any, FichaRuta], Iterable[Fecha]]


@dataclass(frozen=True)
class Vigia:
    """Vigila las fechas de un servicio. ``fijan``: qué hechos suyos pueden poner una fecha o cambiarla."""

    estado: type[Vigentes]
    fechas: Fechas
    fijan: tuple[type[HechoDeRuta], ...]

    def inscribir(self, casos: Casos) -> None:
        """Registra el caso interno que avisa."""
        casos.atiende(RevisarFechas)(self.revisar)

    def vencidos(self, tanda: Tanda, maximo: int) -> Sequence[Interna]:
        """Hasta ``maximo`` rutas que toca mirar, cada una ya citada para la siguiente fecha que le quede."""
        filas = tanda.leer(_TOCAN, {"ahora": tanda.ahora, "maximo": maximo})
        if filas:
            citas = [{"cual": fila.ruta, "cuando": self._mirar(tanda, fila.ruta)[1]} for fila in filas]
            tanda.conexion.execute(_CITAR, citas)
        return [RevisarFechas(ruta=fila.ruta) for fila in filas]

    def proximo(self, tanda: Tanda) -> datetime | None:
        """Cuándo toca mirar la siguiente (UTC), o None."""
        filas = tanda.leer(_PRIMERA_CITA)
        return filas[0].toca if filas else None

    def medir(self, conexion: Connection, ahora: datetime) -> Sequence[Medida]:
        """Cuántas rutas tienen una fecha pasada que aún nadie miró."""
        return [plazos_vencidos(hasta_tope(conexion, _PENDIENTES, {"ahora": ahora}))]

    def revisar(self, interna: RevisarFechas, mesa: Mesa) -> Sequence[Hecho]:
        """Los avisos que hoy faltan por dar."""
        return self._mirar(mesa.tanda, interna.ruta)[0]

    def aplicar(self, altas: Altas, anotados: Sequence[Anotado]) -> None:
        """Cita para ahora las rutas cuyas fechas pudieron cambiar. De quien falleció no se avisa nada."""
        for anotado in anotados:
            match anotado.hecho:
                case RutaCerrada(motivo=MotivoCierre.FALLECIMIENTO) as hecho:
                    altas.conexion.execute(_OLVIDAR, {"cual": hecho.ruta})
                case HechoRectificado() as hecho:
                    altas.conexion.execute(_CITAR, {"cual": hecho.ruta, "cuando": anotado.registrado})
                case HechoDeRuta() as hecho if isinstance(hecho, (*self.fijan, RutaReabierta)):
                    altas.agregar(agenda, ruta=hecho.ruta, toca=anotado.registrado)
                    altas.conexion.execute(_CITAR, {"cual": hecho.ruta, "cuando": anotado.registrado})
                case _:
                    pass

    def _mirar(self, tanda: Tanda, ruta: UUID) -> tuple[list[Hecho], datetime | None]:
        ficha = rutas.ficha(tanda, ruta)
        if ficha.cierre is MotivoCierre.FALLECIMIENTO:
            # La agenda la olvidó al cerrarse, pero un hecho que se registra tarde la vuelve a citar.
            return [], None
        try:
            protocolo = cargar(ficha.protocolo, ficha.version_protocolo)
        except ProtocoloDesconocido:
            return [], tanda.ahora + REINTENTO
        estado = tanda.estado(self.estado, ruta)
        dichos = [anotado.hecho for anotado in estado.hechos]
        return por_avisar(self.fechas(estado, ficha), dichos, protocolo, tanda.ahora)


def plazos_vencidos(cuantos: int) -> Medida:
    """La misma cifra en todo servicio con plazos."""
    return Medida("plazos_vencidos", "Plazos que vencieron y aún no se han atendido", cuantos)


def por_avisar(
    fechas: Iterable[Fecha], dichos: Sequence[Hecho], protocolo: Protocolo, ahora: datetime
) -> tuple[list[Hecho], datetime | None]:
    """Los avisos que faltan en ``ahora`` (UTC) y cuándo toca el siguiente. ``dichos``: los hechos que ya constan.

    De lo que ya venció no se dice que esté por vencer, aunque nadie mirara a tiempo: sería falso.
    """
    avisos: list[Hecho] = []
    citas: list[datetime] = []
    for fecha in fechas:
        if not _PRIMERA <= fecha.vence <= _ULTIMA:
            continue
        fin = fin_del_dia(fecha.vence, protocolo.calendario)
        if fin <= ahora:
            avisos.append(fecha.vencido)
            continue
        citas.append(fin)
        if fecha.por_vencer is not None and fecha.asunto is not None:
            antes = habiles_antes(fecha.vence, protocolo.antelacion(fecha.asunto), protocolo.calendario)
            desde = comienzo_del_dia(antes, protocolo.calendario)
            if desde <= ahora:
                avisos.append(fecha.por_vencer)
            else:
                citas.append(desde)
    return [aviso for aviso in avisos if aviso not in dichos], min(citas, default=None)


__all__ = ["TABLAS", "Fecha", "RevisarFechas", "Vigia", "agenda", "plazos_vencidos", "por_avisar"]
