"""Leer un CSV ajeno sin fiarse de él: en flujo, con memoria acotada, y sin mirar una celda antes de la cabecera."""

from __future__ import annotations

import csv
import gzip
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple

from contratos.tablas import Formato, rechazos

#: Caracteres que puede medir una línea: una fila de HTCDS con todo cabe muchas veces.
_LINEA: Final = 64 * 1024
#: Trozos de un nombre de columna que anuncian identidad, sin tildes ni separadores, en español e inglés.
_DE_IDENTIDAD: Final = re.compile(
    "nombre|apellid|alias|apodo|name|surname|document|pasaport|passport|cedula|dni|cui|dpi|curp|rfc|nit|ssn|identi|"
    "telefon|celular|movil|phone|mobile|whatsapp|correo|mail|direccion|domicilio|address|street|calle|postal|zip|"
    "nacimiento|birth|dob|latitud|longitud|latitude|longitude|gps|coorden|foto|photo|huella|finger|firma|facebook|"
    "instagram|madre|padre|mother|father|tutor|expediente"
)  # fmt: skip


class Fila(NamedTuple):
    """Una fila del archivo: su línea (la cabecera es la 1) y sus celdas por columna, o por qué no vale."""

    numero: int
    celdas: dict[str, str]
    id_externo: str = ""
    rechazo: rechazos.DeUnaFila | None = None


def filas(archivo: Path, formato: Formato, columna_id: str | None = None) -> Iterator[Fila]:
    """Las filas de un CSV (o .csv.gz) en UTF-8, de una en una. Errores: `ArchivoEntero`."""
    with _abierto(archivo) as texto:
        lineas = enumerate(_lineas(texto), 1)
        columnas = _columnas(next((_partir(linea, n) for n, linea in lineas), []), formato, columna_id)
        vacia = True
        for numero, linea in lineas:
            if celdas := _partir(linea, numero):
                vacia = False
                yield _fila(celdas, columnas, numero, columna_id)
        if vacia:
            raise rechazos.SinFilas


def parece_identidad(nombre: str) -> bool:
    """Si el nombre de una columna anuncia identidad. De más antes que de menos: cambiarle el nombre es fácil."""
    llano = unicodedata.normalize("NFKD", nombre).casefold()
    return bool(_DE_IDENTIDAD.search(re.sub(r"[^a-z]", "", llano)))


def _columnas(cabecera: Sequence[str], formato: Formato, columna_id: str | None) -> list[str]:
    """La cabecera, comprobada antes de mirar ninguna celda. Los nombres ajenos no se repiten: podrían ser datos."""
    columnas = [c.strip() for c in cabecera]
    conocidas = {c.nombre: c for c in formato.columnas}
    lugares = [(c, conocidas.get(c), f"columna {n}") for n, c in enumerate(columnas, 1)]
    # Primero la identidad: de un archivo que la trae no se dice otra cosa.
    for columna, suya, lugar in lugares:
        if suya and suya.identidad:
            raise rechazos.ColumnaDeIdentidad(f"{lugar}, {columna}")
        if not suya and parece_identidad(columna):
            raise rechazos.ColumnaDeIdentidad(lugar)
    for columna, suya, lugar in lugares:
        if not suya and columna != columna_id:
            raise rechazos.ColumnaDesconocida(lugar)
        if columnas.count(columna) > 1:
            raise rechazos.ColumnaRepetida(lugar)
    for exigida in (*(c.nombre for c in formato.columnas if c.obligatoria), *([columna_id] if columna_id else [])):
        if exigida not in columnas:
            raise rechazos.FaltaColumna(exigida)
    return columnas


def _fila(celdas: list[str], columnas: list[str], numero: int, columna_id: str | None) -> Fila:
    if len(celdas) > len(columnas):
        return Fila(numero, {}, rechazo=rechazos.ColumnasDeMas(f"columna {len(columnas) + 1}", numero))
    if len(celdas) < len(columnas):
        return Fila(numero, {}, rechazo=rechazos.ColumnasDeMenos(columnas[len(celdas)], numero))
    por_columna = {c: celda.strip() for c, celda in zip(columnas, celdas, strict=True)}
    externo = por_columna.pop(columna_id, "") if columna_id else ""
    if columna_id and not externo:
        return Fila(numero, {}, rechazo=rechazos.SinIdExterno(columna_id, numero))
    return Fila(numero, por_columna, externo)


def _partir(linea: str, numero: int) -> list[str]:
    """Las celdas de una línea. Ninguna de estos formatos lleva saltos: una comilla abierta se nota ahí mismo."""
    try:
        return next(csv.reader([linea], strict=True), [])
    except csv.Error:
        raise rechazos.NoEsCsv(fila=numero) from None


def _lineas(texto: IO[str]) -> Iterator[str]:
    """Las líneas, sin cargar entera la que no acaba nunca."""
    while linea := texto.readline(_LINEA):
        if len(linea) == _LINEA and not linea.endswith("\n"):
            raise rechazos.NoEsCsv
        yield linea


@contextmanager
def _abierto(archivo: Path) -> Iterator[IO[str]]:
    abrir = gzip.open if archivo.suffix == ".gz" else open
    try:
        with abrir(archivo, "rt", encoding="utf-8-sig", newline="") as texto:
            yield texto
    except UnicodeDecodeError:
        raise rechazos.NoEsUtf8 from None
    except (OSError, EOFError, ValueError):
        raise rechazos.NoSeLee from None


__all__ = ["Fila", "filas", "parece_identidad"]
