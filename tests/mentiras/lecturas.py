"""Mentiras sobre quién miró: borrar del registro de accesos que alguien leyó las rutas."""

from __future__ import annotations

import json
from base64 import b64encode

import sqlalchemy as sa

from infra.seguridad.cadena import CERO
from senda_verificar import nota
from senda_verificar.faltas import Codigo
from senda_verificar.promesas import PUNTO, PUNTOS
from servicios.auditoria.accesos import TODAS, Acceso, MotivoAcceso, accesos, canonico, hoja_de, registrar
from servicios.auditoria.contexto import NOMBRE_DEL_LIBRO
from servicios.auditoria.punto_de_control import firmar
from tests.mentiras.demostracion import CURIOSO
from tests.mentiras.historia import resellar
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, en_lo_entregado, libro, ruta
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


@en_lo_entregado(libro(Codigo.ACCESOS_ALTERADOS))
def atribuir_una_lectura_a_otra_y_firmar_otro_punto(operador: Operador) -> None:
    """Que conste que leyó otra institución: el último punto, que cuenta una lectura más, fija la cadena rehecha."""
    with operador.en("auditoria") as conexion:
        conexion.execute(sa.update(accesos).where(accesos.c.institucion == CURIOSO).values(institucion="GT-OTRA"))
        _encadenar(conexion)
        filas = conexion.execute(sa.select(accesos.c.instante)).all()
        registrar(conexion, Acceso("GT-OTRA", TODAS, MotivoAcceso.SUPERVISION, filas[-1].instante))
        _encadenar(conexion)
        numero, hoja = conexion.execute(sa.select(accesos.c.numero, accesos.c.hoja).order_by(accesos.c.numero)).all()[
            -1
        ]
    carpeta = operador.libro()
    textos = [json.loads(linea) for linea in (carpeta / PUNTOS).read_text(encoding="utf-8").splitlines()]
    ultimo = nota.leer(textos[-1])
    dice = ultimo.extensiones | {"accesos": f"{numero} {b64encode(hoja).decode()}"}
    extensiones = [f"{clave} {valor}" for clave, valor in dice.items()]
    clave = operador.claves("auditoria").firma
    textos[-1] = firmar(NOMBRE_DEL_LIBRO, clave, ultimo.tamano, ultimo.raiz, extensiones)
    (carpeta / PUNTO).write_text(textos[-1], encoding="utf-8")
    lineas = [json.dumps(texto, ensure_ascii=False) + "\n" for texto in textos]
    (carpeta / PUNTOS).write_text("".join(lineas), encoding="utf-8")


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
    atribuir_una_lectura_a_otra_y_firmar_otro_punto,
)
