"""Rehacer las lecturas de un servicio en un SQLite en memoria, con los hechos del libro y el orden que él apuntó."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from eventos.sobre import Anotado
from infra.almacen.esquema import apartados, aplicaciones, avances, cabecera
from infra.almacen.insertar import Altas
from infra.almacen.motor import abrir_motor, leyendo
from senda.composicion import CONTEXTOS
from senda.despliegue import Despliegue
from servicios.auditoria.flujo import FilaDelLibro, leer_libro, leer_una
from servicios.auditoria.intercalado import Cauce, Corte, Intercalado, Numerado, Tramo, Vuelta
from servicios.auditoria.lecturas import indizar
from servicios.auditoria.libro import libro
from servicios.auditoria.reproduccion import Versiones, leer_hecho
from servicios.comun.contexto import Contexto
from servicios.portal.contexto import CONTEXTO as PORTAL

#: Quienes tienen lecturas.
SERVICIOS: Final = {**CONTEXTOS, PORTAL.nombre: PORTAL}
_LOTE: Final = 500
_DIARIO = sa.select(
    aplicaciones.c.origen, aplicaciones.c.desde, aplicaciones.c.hasta, aplicaciones.c.tras, aplicaciones.c.instante
).order_by(aplicaciones.c.numero)
_ULTIMA_EN_EL_LIBRO = sa.select(sa.func.max(libro.c.posicion)).where(libro.c.origen == sa.bindparam("de"))

#: Cuántos hechos van, de cuántos.
Avance = Callable[[int, int], None]


class LibroAtrasado(Exception):
    """El libro no llega aún hasta donde el servicio ya llegó."""

    def __init__(self, origen: str) -> None:
        self.origen = origen

    def __str__(self) -> str:
        return f"al libro le falta aún parte de lo que contó {self.origen}; espera a que llegue y repítelo"


@dataclass
class Rehechas:
    """Las lecturas de un servicio rehechas (``conexion``) y las vivas, leídas de un solo momento (``vivas``).

    ``propios`` y ``ajenos``: cuántos hechos se plegaron; ``supuestos``: de los ajenos, cuántos se aplicaron antes de
    que el servicio apuntara en qué orden, y aquí van por cuándo se registraron. ``apartados``: los que el servicio
    tiene apartados hoy, que en él no han tenido efecto.
    """

    contexto: Contexto
    conexion: Connection
    vivas: Connection
    versiones: Versiones = field(default_factory=Versiones)
    propios: int = 0
    ajenos: int = 0
    supuestos: int = 0
    apartados: int = 0


@contextmanager
def rehacer(despliegue: Despliegue, servicio: str, hasta: datetime | None, avance: Avance) -> Iterator[Rehechas]:
    """Las lecturas de un servicio tal como las tenía en ``hasta`` (UTC) o, sin fecha, hasta donde ha aplicado.

    Errores: `LibroAtrasado`; los de las bases salen tal cual.
    """
    contexto = SERVICIOS[servicio]
    with ExitStack() as pila:
        del_libro = _motor(pila, despliegue, "auditoria")
        vivas = pila.enter_context(leyendo(_motor(pila, despliegue, servicio), instantanea=True))
        en_memoria = abrir_motor("sqlite://")
        pila.callback(en_memoria.dispose)
        conexion = pila.enter_context(en_memoria.connect())
        rehechas = Rehechas(contexto, conexion, vivas)
        contexto.lecturas.crear(conexion)
        _plegar(despliegue, rehechas, del_libro, hasta, avance)
        if not contexto.interpreta:
            _indizar(rehechas, del_libro, hasta)
        yield rehechas


def _motor(pila: ExitStack, despliegue: Despliegue, nombre: str) -> Engine:
    base = despliegue.bases[nombre]
    motor = abrir_motor(base.url, base.esquema)
    pila.callback(motor.dispose)
    return motor


def _plegar(
    despliegue: Despliegue, rehechas: Rehechas, del_libro: Engine, hasta: datetime | None, avance: Avance
) -> None:
    contexto, origenes = rehechas.contexto, despliegue.origenes
    propio = origenes[contexto.nombre]
    corte = _corte(rehechas.vivas, [origenes[n] for n in contexto.sigue] if contexto.interpreta else [])
    _exigir_en_el_libro(del_libro, {propio: corte.propia, **corte.ajenas})
    fuera = frozenset(_apartados(rehechas.vivas))
    rehechas.apartados = len(fuera)
    with ExitStack() as pila:

        def cauce(origen: str, tope: int) -> Cauce:
            if not tope:
                return Cauce(())
            filas = pila.enter_context(closing(leer_libro(del_libro, origen)))
            con_efecto = takewhile(lambda fila: fila.posicion <= tope, filas)
            return Cauce(_numerados((f for f in con_efecto if (origen, f.posicion) not in fuera), rehechas, hasta))

        def una(origen: str, posicion: int) -> Anotado | None:
            fila = leer_una(del_libro, origen, posicion)
            return fila and leer_hecho(fila, Versiones(), hasta)

        intercalado = Intercalado(
            propio=cauce(propio, corte.propia),
            ajenos={origen: cauce(origen, tope) for origen, tope in corte.ajenas.items()},
            vuelta=Vuelta.de(_diario(rehechas.vivas, None)),
            fuera=fuera,
            una=una,
        )
        total = corte.propia + sum(corte.ajenas.values())
        hechos = intercalado.hechos(_diario(rehechas.vivas, hasta), corte)
        altas = Altas(rehechas.conexion)
        while lote := list(islice(hechos, _LOTE)):
            contexto.lecturas.aplicar(altas, lote)
            altas.escribir()
            propios = sum(a.origen == propio for a in lote)
            rehechas.propios += propios
            rehechas.ajenos += len(lote) - propios
            avance(rehechas.propios + rehechas.ajenos, total)
        rehechas.supuestos = intercalado.supuestos


def _corte(viva: Connection, origenes: list[str]) -> Corte:
    propia = int(viva.scalar(sa.select(cabecera.c.posicion)) or 0)
    aplicadas = viva.execute(sa.select(avances.c.origen, avances.c.aplicada).where(avances.c.origen.in_(origenes)))
    return Corte(propia, {fila.origen: fila.aplicada for fila in aplicadas})


def _apartados(viva: Connection) -> Iterator[tuple[str, int]]:
    return ((f.origen, f.posicion) for f in viva.execute(sa.select(apartados.c.origen, apartados.c.posicion)))


def _diario(viva: Connection, hasta: datetime | None) -> Iterator[Tramo]:
    consulta = _DIARIO if hasta is None else _DIARIO.where(aplicaciones.c.instante <= hasta)
    return (Tramo(*fila) for fila in viva.execute(consulta.execution_options(yield_per=_LOTE)))


def _exigir_en_el_libro(del_libro: Engine, topes: dict[str, int]) -> None:
    with leyendo(del_libro) as conexion:
        for origen, tope in topes.items():
            if (conexion.scalar(_ULTIMA_EN_EL_LIBRO, {"de": origen}) or 0) < tope:
                raise LibroAtrasado(origen)


def _numerados(filas: Iterable[FilaDelLibro], rehechas: Rehechas, hasta: datetime | None) -> Iterator[Numerado]:
    return ((fila.posicion, leer_hecho(fila, rehechas.versiones, hasta)) for fila in filas)


def _indizar(rehechas: Rehechas, del_libro: Engine, hasta: datetime | None) -> None:
    """De quién habla cada entrada del libro: la única lectura que no sale de lo que un servicio aplicó."""
    tope = rehechas.vivas.scalar(sa.select(sa.func.max(libro.c.indice)))
    if tope is None:
        return
    altas = Altas(rehechas.conexion)
    lote: list[FilaDelLibro] = []
    for fila in leer_libro(del_libro):
        if fila.indice > tope:
            break
        if hasta is not None and leer_hecho(fila, Versiones(), hasta) is None:
            continue
        if lote and (len(lote) == _LOTE or fila.indice != lote[-1].indice + 1):
            indizar(altas, lote[0].indice, [f.cuerpo for f in lote])
            lote.clear()
        lote.append(fila)
    if lote:
        indizar(altas, lote[0].indice, [f.cuerpo for f in lote])
    altas.escribir()


__all__ = ["SERVICIOS", "Avance", "LibroAtrasado", "Rehechas", "rehacer"]
