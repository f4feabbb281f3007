"""Hechos apartados: los que no se dejan aplicar y los siguientes de su misma ruta. Las demás rutas siguen.

Un tipo o versión que este servicio no conoce también espera aquí: no se salta nunca.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from eventos.base import HechoDeRuta
from eventos.sobre import Anotado, Sobre, TipoDesconocido, abrir_sobre, anotado_de
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados, aplicaciones, entrada
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.puertos import HechoCrudo, Servicio

#: `SobreInvalido` y los de UTF-8 son ValueError; RecursionError, un anidamiento hostil.
_ILEGIBLE = (ValueError, RecursionError)


_SUJETOS = sa.select(apartados.c.sujeto).distinct().order_by(apartados.c.sujeto)


class SigueApartado(Exception):
    """Lo apartado aún no se puede leer con este catálogo: actualiza el servicio y vuelve a intentarlo."""


def apartar(tanda: Tanda, crudo: HechoCrudo, motivo: str) -> None:
    """Aparta un hecho; queda visible en salud hasta que se reprocese."""
    sobre = _abrir(crudo)
    _apartar(tanda, [(crudo, motivo, sobre.subject if sobre else "")])


def aplicar(tanda: Tanda, servicio: Servicio, crudos: Sequence[HechoCrudo], *, hay_apartados: bool) -> None:
    """Surte el efecto de unos hechos ajenos, en orden; los que han de esperar se apartan y no detienen al resto.

    ``hay_apartados``: si hay alguno, visto en esta misma transacción.
    """
    esperan = set(tanda.altas.sin_escribir.scalars(_SUJETOS)) if hay_apartados else set()
    listos, aparte = [], []
    for crudo in crudos:
        sobre = _abrir(crudo)
        sujeto = sobre.subject if sobre else ""
        motivo = "tras-apartado" if sujeto in esperan else ""
        if not motivo:
            leido = _leer(sobre)
            if isinstance(leido, Anotado):
                listos.append(leido)
                continue
            motivo = leido
            esperan.add(sujeto)
        aparte.append((crudo, motivo, sujeto))
    _apartar(tanda, aparte)
    tanda.sugerir({a.agregado for a in listos if isinstance(a.hecho, HechoDeRuta)})
    for anotado in listos:
        servicio.conocer(tanda, anotado)


def constar(tanda: Tanda, origen: str, desde: int, hasta: int) -> None:
    """Deja dicho tras qué hecho propio surte efecto un tramo ajeno: se llama justo antes de aplicarlo."""
    tramo = {"origen": origen, "desde": desde, "hasta": hasta, "tras": tanda.posicion(), "instante": tanda.ahora}
    tanda.altas.anadir(aplicaciones, [tramo])
    tanda.aplicaciones += 1


def _apartar(tanda: Tanda, aparte: Sequence[tuple[HechoCrudo, str, str]]) -> None:
    filas = [
        {"origen": c.origen, "posicion": c.posicion, "sujeto": sujeto, "motivo": motivo, "desde": tanda.ahora}
        for c, motivo, sujeto in aparte
    ]
    tanda.altas.anadir(apartados, filas)


def _abrir(crudo: HechoCrudo) -> Sobre | None:
    """El sobre, o None si no se deja leer o dice ser de otro origen que el que lo publicó."""
    try:
        sobre = abrir_sobre(crudo.cuerpo)
    except _ILEGIBLE:
        return None
    # La base no guarda un NUL en un texto.
    return sobre if sobre.source == crudo.origen and "\x00" not in sobre.subject else None


def _leer(sobre: Sobre | None) -> Anotado | str:
    """El hecho, o el motivo por el que ha de esperar."""
    if sobre is None:
        return "ilegible"
    try:
        return anotado_de(sobre)
    except TipoDesconocido:
        return "version-desconocida"
    except _ILEGIBLE:
        return "ilegible"


def _por_llegada(filas: Sequence[Row[Any]]) -> list[Row[Any]]:
    """De cada origen, en su orden; entre orígenes, como llegaron (lo que llenó un hueco, después de su siguiente)."""
    desde: dict[str, datetime] = {}
    claves = []
    for fila in filas:
        desde[fila.origen] = max(desde.get(fila.origen, fila.recibido), fila.recibido)
        claves.append((desde[fila.origen], fila.origen, fila.posicion))
    return [fila for _, fila in sorted(zip(claves, filas, strict=True), key=lambda par: par[0])]


@dataclass
class Reproceso:
    """Vuelve a meter los apartados, por sujeto y en orden."""

    almacen: Almacen
    servicio: Servicio

    def sujetos(self) -> list[str]:
        """Sujetos (rutas o instituciones) con hechos apartados."""
        with leyendo(self.almacen.motor) as conexion:
            return list(conexion.scalars(_SUJETOS))

    def reprocesar(self, sujeto: str) -> int:
        """Aplica en una transacción todo lo apartado de un sujeto; devuelve cuántos hechos.

        Errores: `SigueApartado` o el del caso que falló; entonces todos siguen apartados.
        """
        with self.almacen.tanda() as tanda:
            consulta = (
                sa.select(entrada)
                .join(
                    apartados, (entrada.c.origen == apartados.c.origen) & (entrada.c.posicion == apartados.c.posicion)
                )
                .where(apartados.c.sujeto == sujeto)
                .order_by(entrada.c.origen, entrada.c.posicion)
            )
            filas = _por_llegada(tanda.conexion.execute(consulta).all())
            tanda.conexion.execute(sa.delete(apartados).where(apartados.c.sujeto == sujeto))
            for fila in filas:
                leido = _leer(_abrir(HechoCrudo(fila.origen, fila.posicion, fila.anterior, fila.hoja, fila.cuerpo)))
                if not isinstance(leido, Anotado):
                    raise SigueApartado
                constar(tanda, fila.origen, fila.posicion, fila.posicion)
                self.servicio.conocer(tanda, leido)
        return len(filas)
