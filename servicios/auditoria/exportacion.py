"""Llevar el libro a un directorio C2SP tlog-tiles: lo público y, con mandato, las entradas.

Las teselas completas no cambian nunca: exportar lo público otra vez escribe lo nuevo. Con entradas se escribe todo: de
quien ya no tiene clave no ha de quedar, de una exportación anterior, lo que se firmó. El punto de control va al final,
para que quien lea a la vez no vea uno sin sus teselas. Formato: https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from servicios.auditoria import accesos, cabeceras
from servicios.auditoria.arbol import ANCHO, raiz_de
from servicios.auditoria.libro import libro, puntos
from servicios.auditoria.refrendos import punto_refrendado
from servicios.auditoria.teselas import TeselasDelLibro

PUNTO: Final = "checkpoint"
PUNTOS: Final = "puntos.jsonl"
CABECERAS: Final = "cabeceras.jsonl"
ACCESOS: Final = "accesos.jsonl"
SOLICITUDES: Final = "solicitudes"
_COLUMNAS = (libro.c.origen, libro.c.posicion, libro.c.anterior, libro.c.cuerpo, libro.c.hoja)
_HASTA = sa.select(libro.c.origen, sa.func.max(libro.c.posicion).label("hasta")).group_by(libro.c.origen)
#: Lo que un hecho puede tardar en llegar al libro sin que falte.
EN_CAMINO: Final = timedelta(seconds=60)
#: Se llama con el índice de un paquete y los sobres que lleva; devuelve sus solicitudes firmadas, una por línea.
Solicitudes = Callable[[Sequence[bytes]], Iterable[bytes]]


class DirectorioAjeno(Exception):
    """El directorio ya tiene otro libro, u otra historia de este: no se mezclan."""

    def __str__(self) -> str:
        return "ese directorio tiene otro libro, u otra historia de este: guárdalo como prueba y elige otro"


class DirectorioOcupado(Exception):
    """La carpeta tiene algo y no es un libro."""

    def __str__(self) -> str:
        return "esa carpeta no está vacía y no es un libro: elige otra"


class DirectorioConEntradas(Exception):
    """Lo público, sobre un directorio con entradas, dejaría unas viejas bajo un punto nuevo."""

    def __str__(self) -> str:
        return "ese directorio tiene ya las entradas: continúalo con --con-entradas, o elige otro para lo público"


class LibroSinFirmar(Exception):
    """El libro aún no tiene ningún punto de control."""

    def __str__(self) -> str:
        return "el libro está vacío: aún no hay nada que exportar"


def exportar(
    conexion: Connection, destino: Path, ahora: datetime, *, con_entradas: bool = False,
    solicitudes: Solicitudes | None = None, avance: Callable[[int, int], None] = lambda _van, _de: None,
) -> int:  # fmt: skip
    """Escribe en ``destino`` el libro hasta su último punto de control; devuelve cuántas entradas abarca.

    ``conexion``: en una transacción que vea lo mismo de principio a fin. ``ahora`` en UTC. ``solicitudes``: solo con
    entradas. ``avance``: entradas llevadas, y de cuántas. Errores: `DirectorioAjeno`, `DirectorioConEntradas`,
    `LibroSinFirmar`; los de base y disco.
    """
    punto = punto_refrendado(conexion)
    if punto is None:
        raise LibroSinFirmar
    origen, linea_tamano, _ = punto.split("\n", 2)
    tamano = int(linea_tamano)
    _exigir_mismo(conexion, destino, origen, tamano)
    destino.mkdir(mode=0o700, parents=True, exist_ok=True)
    if con_entradas:
        destino.chmod(0o700)  # quizá ya estaba, abierto a todos, con lo público
    elif (destino / "tile" / "entries").exists():
        raise DirectorioConEntradas
    for indice, filas in _por_paquete(conexion, 0 if con_entradas else _desde(destino), tamano):
        _tesela(destino / "tile" / "0", indice, b"".join(f.hoja for f in filas), len(filas))
        if con_entradas:
            _tesela(destino / "tile" / "entries", indice, b"".join(map(_en_paquete, filas)), len(filas))
            if solicitudes is not None:
                lineas = solicitudes([f.cuerpo for f in filas])
                _escribir(destino / SOLICITUDES / f"{_en_ruta(indice)}.jsonl", b"".join(s + b"\n" for s in lineas))
        avance(min((indice + 1) * ANCHO, tamano), tamano)
    _niveles_altos(TeselasDelLibro(conexion), destino, tamano)
    _por_lineas(destino / PUNTOS, _puntos(conexion, tamano))
    _por_lineas(destino / CABECERAS, _cabeceras(conexion, ahora))
    if con_entradas:
        asientos = ({**a._asdict(), "hoja": a.hoja.hex()} for a in accesos.filas(conexion))
        _por_lineas(destino / ACCESOS, map(msgspec.json.encode, asientos))
    _escribir(destino / PUNTO, punto.encode())
    return tamano


def entrada_de(fila: Row[Any]) -> bytes:
    """La entrada de una fila del libro, como se hizo su hoja."""
    return b"%b\n%d\n%b\n%b" % (fila.origen.encode(), fila.posicion, fila.anterior.hex().encode(), fila.cuerpo)


def _exigir_mismo(conexion: Connection, destino: Path, origen: str, tamano: int) -> None:
    """Si ya había un punto, el libro de ahora ha de empezar por el de entonces."""
    try:
        viejo = (destino / PUNTO).read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        if destino.is_dir() and any(destino.iterdir()):
            raise DirectorioOcupado from None
        return
    antes = int(viejo[1]) if len(viejo) > 2 and viejo[1].isdigit() else -1  # noqa: PLR2004
    if viejo[0] != origen or not 0 <= antes <= tamano:
        raise DirectorioAjeno
    # La base64 de la raíz se compara como está escrita: solo hay una forma.
    if viejo[2] != b64encode(raiz_de(TeselasDelLibro(conexion), antes)).decode():
        raise DirectorioAjeno


def _desde(destino: Path) -> int:
    """La primera tesela de hojas por escribir: las completas de antes ya están."""
    indice = 0
    while (destino / "tile" / "0" / _en_ruta(indice)).is_file():
        indice += 1
    return indice


def _por_paquete(conexion: Connection, desde: int, tamano: int) -> Iterator[tuple[int, list[Row[Any]]]]:
    consulta = (
        sa.select(*_COLUMNAS)
        .where(libro.c.indice >= desde * ANCHO, libro.c.indice < tamano)
        .order_by(libro.c.indice)
        .execution_options(yield_per=ANCHO)
    )
    for indice, filas in enumerate(conexion.execute(consulta).partitions(ANCHO), desde):
        yield indice, list(filas)


def _niveles_altos(teselas: TeselasDelLibro, destino: Path, tamano: int) -> None:
    nivel, cuantos = 1, tamano // ANCHO
    while cuantos:
        for desde in range(0, cuantos, ANCHO):
            hasta = min(desde + ANCHO, cuantos)
            carpeta = destino / "tile" / str(nivel)
            if hasta - desde < ANCHO or not (carpeta / _en_ruta(desde // ANCHO)).is_file():
                _tesela(carpeta, desde // ANCHO, b"".join(teselas.nodos(nivel, desde, hasta)), hasta - desde)
        nivel, cuantos = nivel + 1, cuantos // ANCHO


def _tesela(carpeta: Path, indice: int, datos: bytes, ancho: int) -> None:
    """Escribe una tesela o un paquete; el parcial que hubiera sobra cuando está completo."""
    ruta = carpeta / _en_ruta(indice)
    parcial = ruta.with_name(f"{ruta.name}.p")
    if ancho < ANCHO:
        _escribir(parcial / str(ancho), datos)
        return
    _escribir(ruta, datos)
    if parcial.is_dir():
        shutil.rmtree(parcial)


def _puntos(conexion: Connection, tamano: int) -> Iterator[bytes]:
    consulta = sa.select(puntos.c.texto).where(puntos.c.tamano <= tamano).order_by(puntos.c.tamano)
    for texto in conexion.scalars(consulta.execution_options(yield_per=1000)):
        yield msgspec.json.encode(texto)


def _cabeceras(conexion: Connection, ahora: datetime) -> Iterator[bytes]:
    """Las que firmó cada origen, salvo la que acaba de llegar antes que los hechos que anuncia: aún están en camino."""
    llega = {f.origen: f.hasta for f in conexion.execute(_HASTA)}
    for fila in cabeceras.en_flujo(conexion):
        if fila.posicion <= llega.get(fila.origen, 0) or fila.instante < ahora - EN_CAMINO:
            yield fila.cuerpo


def _en_paquete(fila: Row[Any]) -> bytes:
    entrada = entrada_de(fila)
    return len(entrada).to_bytes(2) + entrada


def _en_ruta(indice: int) -> str:
    """1234067 es ``x001/x234/067``."""
    ruta = f"{indice % 1000:03d}"
    while indice := indice // 1000:
        ruta = f"x{indice % 1000:03d}/{ruta}"
    return ruta


def _por_lineas(archivo: Path, lineas: Iterable[bytes]) -> None:
    temporal = archivo.with_name(f".{archivo.name}.nuevo")
    with temporal.open("wb") as salida:
        salida.writelines(linea + b"\n" for linea in lineas)
    temporal.replace(archivo)


def _escribir(archivo: Path, datos: bytes) -> None:
    archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporal = archivo.with_name(f".{archivo.name}.nuevo")
    temporal.write_bytes(datos)
    os.replace(temporal, archivo)  # noqa: PTH105


__all__ = [
    "ACCESOS",
    "CABECERAS",
    "PUNTO",
    "PUNTOS",
    "SOLICITUDES",
    "DirectorioAjeno",
    "DirectorioConEntradas",
    "DirectorioOcupado",
    "LibroSinFirmar",
    "entrada_de",
    "exportar",
]
