"""Lo que todo servicio sabe de una ruta y de quién participa en ella, por lo que cuentan detección y coordinación."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Connection, MetaData, Row, Select, Table, Text, Uuid

from eventos.base import Hecho
from eventos.comun import HechoRectificado
from eventos.coordinacion import (
    DerivacionAceptada,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRetirada,
    RutaAbierta,
    RutaCerrada,
    RutaReabierta,
)
from eventos.deteccion import AlertaRecibida, IdentidadVinculada, PresuntaVictimaDetectada, VictimaIdentificada
from eventos.motivos import MotivoCierre
from eventos.rechazo import TodaviaNo
from eventos.sobre import Anotado
from eventos.tipos import SiNo
from infra.almacen.esquema import Instante
from infra.almacen.insertar import Altas
from infra.almacen.tanda import Tanda

TABLAS = MetaData()

rutas = Table(
    "rutas",
    TABLAS,
    Column("ruta", Uuid, primary_key=True),
    Column("nna", Boolean, nullable=False),
    Column("extranjera", Text, nullable=False),
    Column("protocolo", Text, nullable=False),
    Column("version_protocolo", Text, nullable=False),
    Column("abierta", Boolean, nullable=False),
    Column("cierre", Text, nullable=False),
)

#: Lo que dijo cada identificación formal en pie. Va aparte: puede llegar antes que la apertura de la ruta.
identificaciones = Table(
    "identificaciones",
    TABLAS,
    Column("evento", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("nna", Text, nullable=False),
    Column("extranjera", Text, nullable=False),
)

#: ``via``: por qué participa: el id de la derivación o «deteccion».
participaciones = Table(
    "participaciones",
    TABLAS,
    Column("ruta", Uuid, primary_key=True),
    Column("institucion", Text, primary_key=True),
    Column("via", Text, primary_key=True),
)

#: Rutas de la misma persona, en los dos sentidos, y entre qué instantes constó así: el segundo, si se rectificó.
vinculos = Table(
    "vinculos",
    TABLAS,
    Column("evento", Uuid, primary_key=True),
    Column("ruta", Uuid, primary_key=True, index=True),
    Column("otra", Uuid, nullable=False),
    Column("desde", Instante, nullable=False),
    Column("rectificado", Instante),
)


_FICHA = (
    sa.select(rutas, identificaciones.c.nna.label("nna_id"), identificaciones.c.extranjera.label("extranjera_id"))
    .outerjoin(identificaciones, identificaciones.c.ruta == rutas.c.ruta)
    .where(rutas.c.ruta.in_(sa.bindparam("de", expanding=True)))
    # Los ids de evento son UUIDv7: el mayor es la última identificación.
    .order_by(identificaciones.c.evento.desc())
)
_QUIENES = sa.select(participaciones.c.ruta, participaciones.c.institucion).where(
    participaciones.c.ruta.in_(sa.bindparam("de", expanding=True))
)
_CAMBIAN_QUIEN_PARTICIPA = (
    AlertaRecibida,
    PresuntaVictimaDetectada,
    DerivacionAceptada,
    DerivacionRechazada,
    DerivacionReasignada,
    DerivacionRetirada,
)
_CAMBIAN_LA_FICHA = (RutaAbierta, RutaCerrada, RutaReabierta, VictimaIdentificada, HechoRectificado)


class RutaDesconocida(TodaviaNo):
    """La ruta no existe, o coordinación todavía no contó que la abrió."""

    codigo = "ruta-desconocida"
    campo = "datos.ruta"
    que_hacer = "Comprueba el seudónimo de la ruta; si la acabas de abrir, vuelve a pedirlo en unos segundos."


@dataclass(frozen=True, slots=True)
class FichaRuta:
    """Estado de una ruta para encaminar.

    ``cierre``: por qué se cerró, si lo está. ``nna``: lo que dijo la identificación o, si no consta, lo que decidió al
    abrir la regla de edad del protocolo.
    """

    ruta: UUID
    nna: bool
    extranjera: SiNo
    protocolo: str
    version_protocolo: str
    abierta: bool
    cierre: MotivoCierre | None = None


def ficha(tanda: Tanda, ruta: UUID) -> FichaRuta:
    """La ficha de una ruta. Errores: `RutaDesconocida`."""
    filas = _leer(tanda, _FICHA, ruta, _CAMBIAN_LA_FICHA)
    if not filas:
        raise RutaDesconocida
    fila = filas[0]
    # La identificación manda sobre la presunción, salvo en lo que tampoco a ella le consta.
    nna = fila.nna if fila.nna_id in {None, SiNo.NO_CONSTA} else fila.nna_id == SiNo.SI
    extranjera = fila.extranjera if fila.extranjera_id in {None, SiNo.NO_CONSTA} else fila.extranjera_id
    return FichaRuta(
        fila.ruta, nna, SiNo(extranjera), fila.protocolo, fila.version_protocolo, fila.abierta,
        MotivoCierre(fila.cierre) if fila.cierre else None,
    )  # fmt: skip


def participa(tanda: Tanda, ruta: UUID, institucion: str) -> bool:
    """Si una institución detectó a la persona o aceptó una derivación de su ruta (regla 4)."""
    return any(f.institucion == institucion for f in _leer(tanda, _QUIENES, ruta, _CAMBIAN_QUIEN_PARTICIPA))


def de_la_misma_persona(conexion: Connection, ruta: UUID, instante: datetime | None = None) -> frozenset[UUID]:
    """La ruta y todas las vinculadas a ella, directamente o por otra. ``instante``: como constaba entonces (UTC)."""
    en_pie: sa.ColumnElement[bool] = vinculos.c.rectificado.is_(None)
    if instante is not None:
        en_pie = sa.and_(vinculos.c.desde <= instante, sa.or_(en_pie, vinculos.c.rectificado > instante))
    halladas, por_mirar = {ruta}, {ruta}
    while por_mirar:
        consulta = sa.select(vinculos.c.otra).where(vinculos.c.ruta.in_(sorted(por_mirar)), en_pie)
        por_mirar = set(conexion.scalars(consulta)) - halladas
        halladas |= por_mirar
    return frozenset(halladas)


def _leer(tanda: Tanda, consulta: Select[Any], ruta: UUID, cambian: tuple[type[Hecho], ...]) -> Sequence[Row[Any]]:
    """Lo escrito vale si nada por escribir lo cambia: poner al día las lecturas partiría el lote."""
    if any(isinstance(a.hecho, cambian) for a in tanda.por_escribir(str(ruta))):
        tanda.poner_al_dia()
    return tanda.leer_de(ruta, consulta)


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    """Pone al día rutas y participaciones."""
    for anotado in anotados:
        match anotado.hecho:
            case RutaAbierta() as hecho:
                altas.agregar(
                    rutas,
                    ruta=hecho.ruta,
                    nna=hecho.nna,
                    extranjera=hecho.extranjera.value,
                    protocolo=hecho.protocolo,
                    version_protocolo=hecho.version_protocolo,
                    abierta=True,
                    cierre="",
                )
            case VictimaIdentificada() as hecho:
                altas.agregar(
                    identificaciones,
                    evento=anotado.id,
                    ruta=hecho.ruta,
                    nna=hecho.nna.value,
                    extranjera=hecho.extranjera.value,
                )
            case PresuntaVictimaDetectada() | AlertaRecibida() as hecho:
                altas.agregar(participaciones, ruta=hecho.ruta, institucion=anotado.institucion, via="deteccion")
            case IdentidadVinculada() as hecho:
                for una, otra in ((hecho.ruta, hecho.otra), (hecho.otra, hecho.ruta)):
                    altas.agregar(vinculos, evento=anotado.id, ruta=una, otra=otra, desde=anotado.registrado)
            case DerivacionAceptada() as hecho:
                via = str(hecho.derivacion)
                altas.agregar(participaciones, ruta=hecho.ruta, institucion=anotado.institucion, via=via)
            case hecho if cambios := _cambios(hecho, anotado.registrado):
                for cambio in cambios:
                    altas.conexion.execute(cambio)
            case _:
                pass


def _cambios(hecho: Hecho, registrado: datetime) -> list[sa.Update | sa.Delete]:
    """Lo que un hecho cambia o quita de lo ya escrito."""
    match hecho:
        case RutaCerrada() | RutaReabierta():
            cual = rutas.c.ruta == hecho.ruta
            motivo = hecho.motivo.value if isinstance(hecho, RutaCerrada) else ""
            return [sa.update(rutas).where(cual).values(abierta=not motivo, cierre=motivo)]
        case HechoRectificado():
            return [
                sa.delete(identificaciones).where(identificaciones.c.evento == hecho.corrige),
                sa.update(vinculos).where(vinculos.c.evento == hecho.corrige).values(rectificado=registrado),
            ]
        case DerivacionRechazada() | DerivacionReasignada() | DerivacionRetirada():
            # Quien la deja o la pierde sale de la ruta, salvo que participe por otra vía.
            suya = participaciones.c.ruta == hecho.ruta, participaciones.c.via == str(hecho.derivacion)
            return [sa.delete(participaciones).where(*suya)]
        case _:
            return []
