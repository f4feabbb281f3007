"""Verificar un despliegue entero: el libro desde sus bytes, contra cada almacén y contra lo firmado."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Select

from infra.almacen.esquema import cabecera, eventos
from infra.almacen.motor import abrir_motor, leyendo
from infra.seguridad.firma import publica_de_texto
from senda.despliegue import Despliegue, leer
from senda_verificar.contraste import Cabecera
from senda_verificar.copias import verificar
from senda_verificar.faltas import Informe
from senda_verificar.nota import escribir_vkey
from servicios.auditoria.contexto import NOMBRE_DEL_LIBRO
from servicios.auditoria.libro import libro, puntos

_LOTE = 2000


def verificar_despliegue(carpeta: Path) -> Informe:
    """Rehace el libro y lo contrasta con todo lo que hay. Errores: `DespliegueAusente`; los de la base salen tal cual.

    Con el sistema en marcha, lo que aún viaja hacia el libro aparece como «truncado»: verifica en reposo, o mira solo
    las demás faltas.
    """
    despliegue = leer(carpeta)
    with ExitStack() as pila:
        conexiones = {n: _abrir(pila, despliegue, n) for n in despliegue.origenes}
        del_libro = conexiones["auditoria"]
        return verificar(
            _filas(
                del_libro,
                sa.select(libro.c.origen, libro.c.posicion, libro.c.anterior, libro.c.cuerpo, libro.c.hoja).order_by(
                    libro.c.indice
                ),
            ),
            {
                origen: _filas(
                    conexiones[nombre],
                    sa.select(eventos.c.posicion, eventos.c.anterior, eventos.c.cuerpo, eventos.c.hoja).order_by(
                        eventos.c.posicion
                    ),
                )
                for nombre, origen in despliegue.origenes.items()
            },
            [c for n, origen in despliegue.origenes.items() for c in _cabecera(conexiones[n], origen)],
            list(del_libro.scalars(sa.select(puntos.c.texto).order_by(puntos.c.tamano))),
            [vkey_del_libro(despliegue)],
        )


def vkey_del_libro(despliegue: Despliegue) -> str:
    """La clave pública del libro en formato C2SP."""
    publica = publica_de_texto(despliegue.claves_de_origen[despliegue.origenes["auditoria"]])
    return escribir_vkey(NOMBRE_DEL_LIBRO, publica)


def _abrir(pila: ExitStack, despliegue: Despliegue, nombre: str) -> Connection:
    base = despliegue.bases[nombre]
    motor = abrir_motor(base.url, base.esquema)
    pila.callback(motor.dispose)
    return pila.enter_context(leyendo(motor))


def _filas(conexion: Connection, consulta: Select[Any]) -> Iterator[tuple[Any, ...]]:
    # Otra conexión del mismo motor: un cursor en flujo no deja usar la suya para otra consulta.
    with conexion.engine.connect().execution_options(solo_lee=True, yield_per=_LOTE) as propia:
        for fila in propia.execute(consulta):
            yield tuple(fila)


def _cabecera(conexion: Connection, origen: str) -> list[Cabecera]:
    fila = conexion.execute(sa.select(cabecera.c.posicion, cabecera.c.hoja)).one()
    return [Cabecera(origen, fila.posicion, fila.hoja)] if fila.posicion else []
