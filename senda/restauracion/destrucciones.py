"""Que ninguna clave destruida vuelva: lo que el libro cuenta destruido frente a lo que el llavero aún abre, y al revés.

El libro es el registro de destrucciones. Un llavero restaurado de una copia se pone al día con él antes de arrancar.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from eventos.seguridad import ClaveDestruida
from infra.almacen.esquema import eventos
from infra.almacen.motor import leyendo
from infra.seguridad import llavero as tablas
from infra.seguridad.anillo import huella_de
from senda.composicion import Montaje
from senda.consulta import base_abierta
from senda.despliegue import anillo_maestro
from senda.restauracion.bases import Bases
from senda.restauracion.hallazgos import Codigo, Hallazgo

_LLAVERO = "llavero"


def comprobar_claves(bases: Bases) -> Iterator[Hallazgo]:
    """El llavero frente al anillo y al libro. Errores: los de la base; `DespliegueAusente` si no está la maestra."""
    base = bases.despliegue.bases[_LLAVERO]
    if _mismo_servidor(base.url, bases.despliegue.bases["coordinacion"].url):
        yield Hallazgo(codigo=Codigo.CLAVES_JUNTAS, donde=_LLAVERO, que="el llavero y los hechos comparten servidor")
    with base_abierta(base) as motor:
        if not _es_de_ahora(bases, motor):
            que = "nada de lo guardado se abre con la maestra de la carpeta"
            yield Hallazgo(codigo=Codigo.CLAVES_DE_OTRA_EPOCA, donde=_LLAVERO, que=que)
        contadas, destruidas = _contadas(bases), _destruidas(motor)
    if vivas := contadas - destruidas:
        que = f"{len(vivas)} rutas que el libro cuenta destruidas conservan su clave, o podrían volver a tenerla"
        yield Hallazgo(codigo=Codigo.CLAVE_RESUCITADA, donde=_LLAVERO, que=que, faltan=len(vivas))
    if calladas := destruidas - contadas:
        que = f"{len(calladas)} rutas sin clave de las que el libro no cuenta que se destruyera"
        yield Hallazgo(codigo=Codigo.DESTRUCCION_SIN_CONTAR, donde=_LLAVERO, que=que, faltan=len(calladas))


def destruir_otra_vez(bases: Bases, montaje: Montaje) -> int:
    """Destruye en el llavero toda clave que el libro cuenta destruida, y estrena maestra. Devuelve cuántas.

    Errores: `ClaveEnDisco`, `ClaveIlegible`, `RotacionPendiente`; repetirlo lo termina.
    """
    with base_abierta(bases.despliegue.bases[_LLAVERO]) as motor:
        vivas = _contadas(bases) - _destruidas(motor)
    if vivas:
        llavero = montaje.llavero()
        try:
            for ruta in sorted(vivas):
                llavero.destruir(ruta)
            # En la copia de la que salió este llavero siguen, envueltas: que la maestra que las abría deje de existir.
            llavero.rotar()
        finally:
            llavero.cerrar()
    return len(vivas)


def _contadas(bases: Bases) -> set[UUID]:
    """De quién cuenta coordinación, que es por donde la bóveda llega al libro, que se destruyó su clave."""
    familia = f"{ClaveDestruida.tipo.rpartition('.v')[0]}.v%"
    consulta = sa.select(eventos.c.agregado).where(eventos.c.tipo.like(familia))
    with leyendo(bases.motores["coordinacion"]) as conexion:
        return set(conexion.scalars(consulta))


def _destruidas(motor: Engine) -> set[UUID]:
    consulta = sa.select(tablas.claves.c.ruta).where(tablas.claves.c.destruida.is_not(None))
    with leyendo(motor) as conexion:
        return set(conexion.scalars(consulta))


def _es_de_ahora(bases: Bases, motor: Engine) -> bool:
    with leyendo(motor) as conexion:
        huella = conexion.scalar(sa.select(tablas.envoltura.c.huella))
    return huella is None or huella in {huella_de(c) for c in anillo_maestro(bases.carpeta).claves}


def _mismo_servidor(una: str, otra: str) -> bool:
    a, b = make_url(una), make_url(otra)
    return a.get_backend_name() == "postgresql" and (a.host, a.port or 5432) == (b.host, b.port or 5432)


__all__ = ["comprobar_claves", "destruir_otra_vez"]
