"""Hasta dónde conoce cada quien la historia de un origen: él mismo, el libro y los que lo siguen.

Quien sigue a un origen guarda para siempre los bytes que recibió: cualquiera de ellos puede devolvérselos.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table

from infra.almacen.esquema import cabecera, entrada, eventos
from infra.almacen.motor import leyendo
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.cadena import CERO
from senda.restauracion.bases import Bases
from servicios.auditoria.cabeceras import cabeceras
from servicios.auditoria.libro import libro

_LOTE: Final = 2_000
_PROMETIDA = (
    sa.select(cabeceras.c.posicion, cabeceras.c.hoja)
    .where(cabeceras.c.origen == sa.bindparam("de"))
    .order_by(cabeceras.c.posicion.desc(), cabeceras.c.instante.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Testimonio:
    """Lo que alguien guarda de un origen. ``hasta``: la última posición seguida, desde la que el origen tiene.

    ``casa``: si dice lo mismo que el origen hasta donde los dos llegan.
    """

    de: str
    motor: Engine
    tabla: Table
    hasta: int
    casa: bool


@dataclass(frozen=True)
class Historia:
    """Un origen (``/gt/deteccion``): lo que tiene y lo que los demás saben de él. Posiciones desde 1; 0, nada.

    ``en_el_libro``: hasta dónde llega el libro. ``prometida``: la mayor posición que firmó en una cabecera guardada
    por auditoría; ``promesa_casa``, si su hoja es la del origen (o aún no la alcanza).
    """

    servicio: str
    origen: str
    tiene: int
    hoja: bytes
    testimonios: tuple[Testimonio, ...]
    prometida: int
    promesa_casa: bool

    @property
    def mejor(self) -> Testimonio | None:
        """Quien más sabe de él, si sabe más que él mismo; entre iguales, el libro."""
        saben = [t for t in self.testimonios if t.casa and t.hasta > self.tiene]
        return max(saben, key=lambda t: (t.hasta, t.tabla is libro), default=None)

    @property
    def conocida(self) -> int:
        """La última posición que se puede recuperar de alguna base."""
        return max([self.tiene, *(t.hasta for t in self.testimonios if t.casa)])

    @property
    def en_el_libro(self) -> int:
        """Hasta dónde llega el libro."""
        return next(t.hasta for t in self.testimonios if t.tabla is libro)

    @property
    def contradicen(self) -> list[str]:
        """Quiénes guardan otra historia de este origen."""
        return [t.de for t in self.testimonios if not t.casa]


def historia(bases: Bases, servicio: str) -> Historia:
    """Lo que se sabe de un origen en todas las bases. Errores: los de la base."""
    origen, suya = bases.despliegue.origenes[servicio], bases.motores[servicio]
    # Primero los demás: si el servicio anda, lo que saben de él ya lo tiene cuando se le pregunta.
    with leyendo(bases.del_libro) as conexion:
        promesa = conexion.execute(_PROMETIDA, {"de": origen}).first()
    testigos = [(bases.del_libro, libro, "el libro")]
    testigos += [(bases.motores[otro], entrada, f"lo que recibió {otro}") for otro in bases.seguidores(servicio)]
    topes = [_tope(motor, tabla, origen) for motor, tabla, _ in testigos]
    with leyendo(suya) as propia:
        tiene, hoja = propia.execute(sa.select(cabecera.c.posicion, cabecera.c.hoja)).one()
        testimonios = [
            _testimonio(motor, tabla, de, origen, propia, tiene, tope)
            for (motor, tabla, de), tope in zip(testigos, topes, strict=True)
        ]
        prometida = promesa.posicion if promesa else 0
        casa = promesa is None or prometida > tiene or _hoja_propia(propia, prometida) == promesa.hoja
    return Historia(servicio, origen, tiene, hoja, tuple(testimonios), prometida, casa)


def siguientes(de: Testimonio, origen: str, tras: int) -> Iterator[HechoCrudo]:
    """Los hechos que ese testigo guarda de un origen detrás de una posición, hasta donde son seguidos."""
    t = de.tabla
    consulta = (
        sa.select(t.c.posicion, t.c.anterior, t.c.hoja, t.c.cuerpo)
        .where(t.c.origen == origen, t.c.posicion > tras, t.c.posicion <= de.hasta)
        .order_by(t.c.posicion)
        .execution_options(yield_per=_LOTE)
    )
    with leyendo(de.motor, en_flujo=True) as conexion:
        for fila in conexion.execute(consulta):
            yield HechoCrudo(origen, *fila)


def _tope(motor: Engine, tabla: Table, origen: str) -> int:
    with leyendo(motor) as conexion:
        return conexion.scalar(sa.select(sa.func.max(tabla.c.posicion)).where(tabla.c.origen == origen)) or 0


def _testimonio(
    motor: Engine, tabla: Table, de: str, origen: str, propia: Connection, tiene: int, tope: int
) -> Testimonio:
    with leyendo(motor) as conexion:
        comun = min(tope, tiene)
        suya = _fila(conexion, tabla, origen, comun) if comun else None
        # Sin fila en común (un hueco ahí) no hay qué contradecir ni desde dónde seguir.
        casa = comun == 0 or suya is None or suya.hoja == _hoja_propia(propia, comun)
        hasta = tope if tope <= tiene else _seguido(conexion, tabla, origen, tiene, tope)
        if hasta > tiene:
            siguiente = _fila(conexion, tabla, origen, tiene + 1)
            casa = casa and siguiente is not None and siguiente.anterior == _hoja_propia(propia, tiene)
        return Testimonio(de, motor, tabla, hasta, casa)


def _fila(conexion: Connection, tabla: Table, origen: str, posicion: int) -> sa.Row[Any] | None:
    consulta = sa.select(tabla.c.hoja, tabla.c.anterior).where(tabla.c.origen == origen, tabla.c.posicion == posicion)
    return conexion.execute(consulta).one_or_none()


def _hoja_propia(propia: Connection, posicion: int) -> bytes:
    if not posicion:
        return CERO
    hoja: bytes | None = propia.scalar(sa.select(eventos.c.hoja).where(eventos.c.posicion == posicion))
    return hoja or b""


def _seguido(conexion: Connection, tabla: Table, origen: str, tras: int, tope: int) -> int:
    """La última posición, hasta ``tope``, a la que se llega desde ``tras`` sin huecos."""
    consulta = (
        sa.select(tabla.c.posicion)
        .where(tabla.c.origen == origen, tabla.c.posicion > tras, tabla.c.posicion <= tope)
        .order_by(tabla.c.posicion)
    )
    ultima = tras
    for posicion in conexion.scalars(consulta):
        if posicion != ultima + 1:
            break
        ultima = posicion
    return ultima


__all__ = ["Historia", "Testimonio", "historia", "siguientes"]
