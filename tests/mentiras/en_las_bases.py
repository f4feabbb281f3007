"""Mentiras de quien toca las bases y no rehace los hashes: se notan sin traer nada de fuera."""

from __future__ import annotations

import sqlalchemy as sa

from infra.almacen.esquema import cabecera, eventos, solicitudes
from infra.seguridad.cadena import hoja as hoja_de
from senda_verificar.faltas import Codigo
from servicios.auditoria.libro import libro
from tests.mentiras.guardado import DETECTADA
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases
from tests.mentiras.mentira import libro as en_el_libro
from tests.mentiras.operador import Operador

_LLAMADA = b'"riesgo":"'


def rebajado(cuerpo: bytes) -> bytes:
    """El mismo hecho con otro riesgo."""
    antes, _, resto = cuerpo.partition(_LLAMADA)
    era, _, despues = resto.partition(b'"')
    return antes + _LLAMADA + (b"medio" if era == b"bajo" else b"bajo") + b'"' + despues


@en_las_bases(auditar(Codigo.CUERPO_ALTERADO), en_el_libro(Codigo.CUERPO_ALTERADO))
def cambiar_un_hecho_en_el_libro(operador: Operador) -> None:
    """Que el libro diga que se supo de un riesgo bajo cuando era alto."""
    with operador.en("auditoria") as conexion:
        indice, cuerpo = _detectada(operador, conexion)
        conexion.execute(sa.update(libro).where(libro.c.indice == indice).values(cuerpo=rebajado(cuerpo)))


@en_las_bases(auditar(Codigo.CUERPO_ALTERADO), en_el_libro(Codigo.CUERPO_ALTERADO))
def cambiar_lo_mismo_en_libro_y_almacen(operador: Operador) -> None:
    """Que las dos copias digan lo mismo, para que no se contradigan."""
    with operador.en("auditoria") as conexion:
        indice, cuerpo = _detectada(operador, conexion)
        conexion.execute(sa.update(libro).where(libro.c.indice == indice).values(cuerpo=rebajado(cuerpo)))
    with operador.en("deteccion") as conexion:
        conexion.execute(sa.update(eventos).where(eventos.c.cuerpo == cuerpo).values(cuerpo=rebajado(cuerpo)))


@en_las_bases(auditar(Codigo.CONTENIDO_DISTINTO), en_el_libro(None, Ancla.RECIBO))
def reescribir_solo_el_almacen(operador: Operador) -> None:
    """Que el servicio cuente otra cosa, con su cadena bien hecha; el libro que se entrega sigue diciendo la verdad."""
    with operador.en("auditoria") as conexion:
        _, cuerpo = _detectada(operador, conexion)
    with operador.en("deteccion") as conexion:
        filas = conexion.execute(sa.select(eventos).order_by(eventos.c.posicion)).all()
        anterior = bytes(32)
        for fila in filas:
            suyo = rebajado(cuerpo) if fila.cuerpo == cuerpo else fila.cuerpo
            hoja = hoja_de(operador.despliegue.origenes["deteccion"], fila.posicion, anterior, suyo)
            cambios = {"cuerpo": suyo, "anterior": anterior, "hoja": hoja}
            conexion.execute(sa.update(eventos).where(eventos.c.posicion == fila.posicion).values(**cambios))
            anterior = hoja
        conexion.execute(sa.update(cabecera).values(hoja=anterior))


@en_las_bases(auditar(Codigo.HUECO), en_el_libro(Codigo.HUECO))
def borrar_un_hecho_de_en_medio(operador: Operador) -> None:
    """Que no conste que se detectó a alguien."""
    with operador.en("auditoria") as conexion:
        indice, _ = _detectada(operador, conexion)
        conexion.execute(sa.delete(libro).where(libro.c.indice == indice))


@en_las_bases(auditar(Codigo.ORDEN), en_el_libro(Codigo.ORDEN))
def reordenar_dos_hechos(operador: Operador) -> None:
    """Que lo que pasó después parezca anterior."""
    with operador.en("auditoria") as conexion:
        origen = operador.despliegue.origenes["deteccion"]
        suyos = sa.select(libro.c.indice).where(libro.c.origen == origen).order_by(libro.c.indice)
        uno, otro = list(conexion.scalars(suyos))[3:5]
        for de, a in ((uno, -1), (otro, uno), (-1, otro)):
            conexion.execute(sa.update(libro).where(libro.c.indice == de).values(indice=a))


@en_las_bases(auditar(None), en_el_libro(Codigo.SOLICITUD_ALTERADA))
def cambiar_lo_que_una_institucion_firmo(operador: Operador) -> None:
    """Que lo guardado como pedido por una institución sea otra cosa."""
    with operador.en("coordinacion") as conexion:
        suya = sa.select(solicitudes.c.huella, solicitudes.c.cuerpo).where(
            solicitudes.c.ruta.is_(None), solicitudes.c.resultado == "aceptada", solicitudes.c.cuerpo != b""
        )
        fila = conexion.execute(suya.order_by(solicitudes.c.huella).limit(1)).one()
        cambiado = bytes(fila.cuerpo).replace(b'"agente":"ag-', b'"agente":"ag-f', 1)
        conexion.execute(sa.update(solicitudes).where(solicitudes.c.huella == fila.huella).values(cuerpo=cambiado))


def _detectada(operador: Operador, conexion: sa.Connection) -> tuple[int, bytes]:
    """Índice y bytes de la primera detección de la institución que guardó sus recibos."""
    quien = f'"institucion":"{operador.institucion}"'.encode()
    for fila in conexion.execute(sa.select(libro.c.indice, libro.c.cuerpo).order_by(libro.c.indice)):
        if DETECTADA.encode() in fila.cuerpo and quien in fila.cuerpo:
            return int(fila.indice), bytes(fila.cuerpo)
    raise LookupError("nadie detectado")


MENTIRAS: tuple[Mentira, ...] = (
    cambiar_un_hecho_en_el_libro,
    cambiar_lo_mismo_en_libro_y_almacen,
    reescribir_solo_el_almacen,
    borrar_un_hecho_de_en_medio,
    reordenar_dos_hechos,
    cambiar_lo_que_una_institucion_firmo,
)
