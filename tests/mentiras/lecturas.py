"""Mentiras sobre quién miró: borrar del registro de accesos que alguien leyó las rutas."""

from __future__ import annotations

import sqlalchemy as sa

from infra.seguridad.cadena import CERO
from senda_verificar.faltas import Codigo
from servicios.auditoria.accesos import accesos, canonico, hoja_de
from tests.mentiras.demostracion import CURIOSO
from tests.mentiras.historia import resellar
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, libro, ruta
from tests.mentiras.operador import Operador


@en_las_bases(auditar(None), libro(Codigo.ACCESOS_ALTERADOS))
def borrar_una_lectura(operador: Operador) -> None:
    """Que no conste que alguien leyó todas las rutas."""
    with operador.en("auditoria") as conexion:
        _borrar(conexion)


@en_las_bases(auditar(None), libro(Codigo.ACCESOS_ALTERADOS))
def borrar_una_lectura_y_rehacer_su_cadena(operador: Operador) -> None:
    """Lo mismo, renumerado y encadenado otra vez."""
    with operador.en("auditoria") as conexion:
        _borrar(conexion)
        _encadenar(conexion)


@en_las_bases(
    auditar(None),
    libro(None),
    libro(Codigo.LIBRO_BIFURCADO, Ancla.PUNTO),
    ruta(Codigo.LIBRO_BIFURCADO, Ancla.PUNTO),
    libro(None, Ancla.QUORUM),
)
def borrar_una_lectura_y_volver_a_firmarlo_todo(operador: Operador) -> None:
    """Lo mismo, y firmar otra vez cada punto: la raíz no cambia, y el testigo la refrenda otra vez."""
    with operador.en("auditoria") as conexion:
        _borrar(conexion)
        _encadenar(conexion)
    resellar(operador)


def _borrar(conexion: sa.Connection) -> None:
    conexion.execute(sa.delete(accesos).where(accesos.c.institucion == CURIOSO))


def _encadenar(conexion: sa.Connection) -> None:
    filas = conexion.execute(sa.select(accesos).order_by(accesos.c.numero)).all()
    anterior = CERO
    for numero, fila in enumerate(filas, 1):
        instante = canonico(fila.instante)
        hoja = hoja_de(anterior, numero, fila.institucion, fila.ruta, fila.motivo, instante=instante)
        suya = accesos.c.numero == fila.numero
        conexion.execute(sa.update(accesos).where(suya).values(numero=numero, hoja=hoja))
        anterior = hoja


MENTIRAS: tuple[Mentira, ...] = (
    borrar_una_lectura,
    borrar_una_lectura_y_rehacer_su_cadena,
    borrar_una_lectura_y_volver_a_firmarlo_todo,
)
