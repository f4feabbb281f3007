"""La prueba de una ruta: un zip que un tribunal puede guardar y comprobar sin el resto del libro.

Lleva ``punto`` (el punto de control con sus refrendos), ``entradas/N`` (los bytes de la entrada N), su inclusión en
``pruebas/N.tlog-proof``, ``consistencia/M-N`` desde cada tamaño que un testigo refrendó antes, ``solicitudes.jsonl``
y un ``LEEME.txt``. Van los hechos de la ruta y los que inscribieron a las instituciones que actúan en ella. Es siempre
el mismo archivo, byte a byte, para el mismo libro. Formato: https://c2sp.org/tlog-proof.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from eventos.sobre import SobreInvalido, abrir_sobre
from servicios.auditoria.arbol import prueba_consistencia, prueba_inclusion
from servicios.auditoria.exportacion import LibroSinFirmar, entrada_de
from servicios.auditoria.lecturas import sujetos
from servicios.auditoria.libro import libro
from servicios.auditoria.refrendos import punto_refrendado, refrendos
from servicios.auditoria.teselas import TeselasDelLibro

_LEEME: Final = """\
Prueba de la ruta {ruta}: {hechos} hechos de un libro de {tamano} entradas.

Se comprueba con «senda-verificar», un programa aparte de quien lleva el libro, y con las claves que hayas conseguido
por otra vía:

    senda-verificar ESTE_ARCHIVO.zip --clave CLAVES

Prueba que cada hecho está en el libro firmado, tal cual, y que cada institución firmó lo que se le atribuye. No prueba
que no falten los últimos hechos de la ruta: eso lo dice el libro entero. Lo sellado va sellado.
"""
#: Un zip no admite fechas anteriores; con la misma siempre, el mismo libro da los mismos bytes.
_FECHA: Final = (1980, 1, 1, 0, 0, 0)
_INSCRIBEN: Final = "senda.coordinacion.institucion-"


class RutaSinHechos(Exception):
    """La ruta no consta en el libro."""

    def __str__(self) -> str:
        return "esa ruta no consta en el libro firmado; comprueba el seudónimo"


def probar(
    conexion: Connection, ruta: str, archivo: Path, solicitudes: Callable[[Sequence[bytes]], Iterable[bytes]]
) -> int:
    """Escribe la prueba de una ruta; devuelve cuántos hechos suyos lleva. ``solicitudes``: como en `exportar`.

    Errores: `RutaSinHechos`, `LibroSinFirmar`, `FileExistsError`; los de la base y el disco.
    """
    punto = punto_refrendado(conexion)
    if punto is None:
        raise LibroSinFirmar
    tamano = int(punto.split("\n", 2)[1])
    suyas = _entradas(conexion, [ruta], tamano)
    if not suyas:
        raise RutaSinHechos
    inscriben = [f for f in _entradas(conexion, _instituciones(suyas), tamano) if _INSCRIBEN.encode() in f.cuerpo]
    filas = {f.indice: f for f in (*suyas, *inscriben)}
    teselas = TeselasDelLibro(conexion)
    descriptor = os.open(archivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as salida, ZipFile(salida, "w", ZIP_DEFLATED) as zip_:
        _anadir(zip_, "LEEME.txt", _LEEME.format(ruta=ruta, hechos=len(suyas), tamano=tamano))
        _anadir(zip_, "punto", punto)
        for indice, fila in sorted(filas.items()):
            _anadir(zip_, f"entradas/{indice}", entrada_de(fila))
            hermanos = _en_lineas(prueba_inclusion(teselas, indice, tamano))
            prueba = f"c2sp.org/tlog-proof@v1\nindex {indice}\n{hermanos}\n{punto}"
            _anadir(zip_, f"pruebas/{indice}.tlog-proof", prueba)
        for menor in _refrendados(conexion, tamano):
            consistencia = _en_lineas(prueba_consistencia(teselas, menor, tamano))
            _anadir(zip_, f"consistencia/{menor}-{tamano}", consistencia)
        firmadas = b"".join(linea + b"\n" for linea in solicitudes([f.cuerpo for f in filas.values()]))
        _anadir(zip_, "solicitudes.jsonl", firmadas)
    return len(suyas)


def _entradas(conexion: Connection, quienes: Sequence[str], tamano: int) -> list[Row[Any]]:
    """Las entradas que hablan de unos sujetos, dentro de lo firmado."""
    consulta = (
        sa.select(libro)
        .join(sujetos, libro.c.indice == sujetos.c.indice)
        .where(sujetos.c.sujeto.in_(quienes), libro.c.indice < tamano)
        .order_by(libro.c.indice)
    )
    return list(conexion.execute(consulta))


def _instituciones(filas: Iterable[Row[Any]]) -> list[str]:
    quienes = set()
    for fila in filas:
        try:
            quienes.add(abrir_sobre(fila.cuerpo).institucion)
        except SobreInvalido:
            continue
    return sorted(quienes)


def _refrendados(conexion: Connection, tamano: int) -> list[int]:
    consulta = sa.select(refrendos.c.tamano).where(refrendos.c.tamano < tamano).distinct().order_by(refrendos.c.tamano)
    return list(conexion.scalars(consulta))


def _en_lineas(hashes: Iterable[bytes]) -> str:
    return "".join(f"{b64encode(h).decode()}\n" for h in hashes)


def _anadir(zip_: ZipFile, nombre: str, datos: str | bytes) -> None:
    miembro = ZipInfo(nombre, _FECHA)
    miembro.compress_type = ZIP_DEFLATED
    miembro.external_attr = 0o600 << 16
    zip_.writestr(miembro, datos)


__all__ = ["RutaSinHechos", "probar"]
