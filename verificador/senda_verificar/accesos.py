"""El registro de accesos, contra la cabecera que el último punto de control dejó dicha.

Cada hoja es el SHA-256 de seis líneas: la hoja anterior en hexadecimal (64 ceros en la primera), el número desde 1, la
institución, la ruta (o ``todas``), el motivo y el instante (``AAAA-MM-DDTHH:MM:SS.ffffffZ``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.nota import PuntoDeControl, de_b64

ACCESOS: Final = "accesos.jsonl"
_CAMPOS: Final = ("institucion", "ruta", "motivo", "instante")


def comprobar(carpeta: Path, punto: PuntoDeControl | None, registro: Registro) -> int | None:
    """Rehace la cadena del registro, si viene, y la compara con el punto. Devuelve cuántos accesos se comprobaron."""
    archivo = carpeta / ACCESOS
    if not archivo.is_file() or punto is None:
        return None
    cuantos, _, codificada = punto.extensiones.get("accesos", "0 ").partition(" ")
    prometidos = int(cuantos) if cuantos.isascii() and cuantos.isdigit() else 0
    anterior, numero = bytes(32), 0
    for fila in _filas(archivo):
        numero += 1
        hoja = _hoja(anterior, numero, fila)
        if hoja is None:
            que = "la cadena del registro de accesos no casa desde este número"
            registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero, que)
            return numero - 1
        if numero == prometidos and hoja != de_b64(codificada):
            que = f"el registro de accesos no es el que firmó el punto de control: se reescribió antes del {numero}"
            registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero, que)
        anterior = hoja
    if numero < prometidos:
        que = f"el punto de control contó {prometidos} accesos y el registro trae {numero}"
        registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero + 1, que)
    return numero


def _filas(archivo: Path) -> Iterator[Any]:
    with archivo.open(encoding="utf-8", errors="replace") as lineas:
        for linea in lineas:
            try:
                yield json.loads(linea)
            except (ValueError, RecursionError):
                yield None


def _hoja(anterior: bytes, numero: int, fila: Any) -> bytes | None:
    """La hoja de una fila, o None si no es la que dice o no lleva los campos debidos."""
    if not isinstance(fila, dict) or fila.get("numero") != numero:
        return None
    campos = [fila.get(c) for c in _CAMPOS]
    if not all(isinstance(c, str) and "\n" not in c for c in campos):
        return None
    hoja = sha256("\n".join([anterior.hex(), str(numero), *map(str, campos)]).encode("utf-8", "surrogatepass")).digest()
    return hoja if fila.get("hoja") == hoja.hex() else None


__all__ = ["ACCESOS", "comprobar"]
