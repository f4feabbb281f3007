"""Reponer lo que las instituciones firmaron, de una exportación con entradas: cada acto con su solicitud y su acuse.

El acuse no se toma de la exportación: se rehace de los hechos recuperados, y sale igual.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from infra.almacen.almacen import Almacen
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.bandeja import Recibida
from infra.mensajeria.examen import Examinada, SolicitudInvalida, leer
from infra.mensajeria.respuestas import Respuestas
from senda.composicion import CONTEXTOS, Montaje
from senda_verificar.archivos import lineas
from senda_verificar.teselas import ANCHO, en_ruta
from servicios.auditoria.exportacion import SOLICITUDES

_SERVICIO: Final = 1


class _Linea(Struct):
    huella: str
    firma: str
    cuerpo: str


def reponer_solicitudes(montaje: Montaje, exportado: Path, tamano: int) -> int:
    """Guarda las de los hechos recuperados que falten, y manda otra vez sus acuses; devuelve cuántas.

    ``tamano``: entradas del libro exportado. Errores: los de la base.
    """
    llavero = montaje.llavero()
    almacenes = {nombre: montaje.almacen(nombre, llavero) for nombre in CONTEXTOS}
    try:
        return sum(
            _reponer(almacenes[servicio], servicio, recibida, examinada)
            for servicio, recibida, examinada in _guardadas(exportado, tamano, montaje.reloj.ahora())
            if servicio in almacenes
        )
    finally:
        for almacen in almacenes.values():
            almacen.motor.dispose()
        llavero.cerrar()


def _reponer(almacen: Almacen, servicio: str, recibida: Recibida, examinada: Examinada) -> bool:
    with almacen.tanda() as tanda:
        respuestas = Respuestas(tanda, Notaria(servicio, almacen.origen, almacen.claves), almacen.llavero)
        respuestas.buscar_previas({examinada.clave})
        if respuestas.consta(examinada) or not respuestas.ya_constaba(recibida, examinada):
            return False
        respuestas.volcar()
    return True


def _guardadas(exportado: Path, tamano: int, ahora: datetime) -> Iterator[tuple[str, Recibida, Examinada]]:
    for indice in range(-(-tamano // ANCHO)):
        for linea in lineas(exportado / SOLICITUDES / f"{en_ruta(indice)}.jsonl"):
            try:
                dicha = msgspec.json.decode(linea, type=_Linea)
                cuerpo = b64decode(dicha.cuerpo, validate=True)
                examinada = leer(cuerpo)
            except (ValueError, msgspec.MsgspecError, SolicitudInvalida):
                continue  # sin cuerpo, que su persona ya no tiene clave: no hay qué reponer
            servicio = examinada.solicitud.tipo.split(".")[_SERVICIO]
            yield servicio, Recibida(0, cuerpo, dicha.firma, None, None, ahora), examinada


__all__ = ["reponer_solicitudes"]
