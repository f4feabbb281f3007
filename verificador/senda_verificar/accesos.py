"""El registro de accesos, contra la cabecera que cada punto de control dejó dicha: los del libro y los guardados fuera.

Cada hoja es el SHA-256 de seis líneas: la hoja anterior en hexadecimal (64 ceros en la primera), el número desde 1, la
institución, la ruta (o ``todas``), el motivo y el instante (``AAAA-MM-DDTHH:MM:SS.ffffffZ``).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from senda_verificar import json_unico
from senda_verificar.archivos import lineas
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.json_unico import JsonInvalido
from senda_verificar.nota import PuntoDeControl, accesos_de

ACCESOS: Final = "accesos.jsonl"
_CAMPOS: Final = ("institucion", "ruta", "motivo", "instante")


def comprobar(
    carpeta: Path, puntos: Iterable[PuntoDeControl], registro: Registro, *, con_entradas: bool
) -> tuple[int, int] | None:
    """Rehace la cadena del registro y la compara con cada punto. Devuelve cuántos casan y cuántos fija algún punto.

    None si no viene y no tenía por qué: va con las entradas, y con ellas ha de traer lo que los puntos contaron.
    """
    fijadas, casa = _fijadas(puntos, registro)
    fijados = max(fijadas)
    if not (carpeta / ACCESOS).is_file():
        if con_entradas and fijados:
            que = f"no está {ACCESOS} y algún punto de control contó {fijados} accesos"
            registro.apuntar(Codigo.ARCHIVO_AUSENTE, Donde.ACCESOS, "", fijados, que)
        return None
    anterior, numero = bytes(32), 0
    for numero, linea in enumerate(lineas(carpeta / ACCESOS), 1):
        hoja = _hoja(anterior, numero, linea)
        if hoja is None:
            que = "la cadena del registro de accesos no casa desde este número"
            registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero, que)
            return numero - 1, fijados
        if casa and fijadas.get(numero, hoja) != hoja:
            casa = False
            que = f"el registro de accesos no es el que firmó un punto de control: se reescribió antes del {numero}"
            registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero, que)
        anterior = hoja
    if numero < fijados:
        que = f"un punto de control contó {fijados} accesos y el registro trae {numero}"
        registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero + 1, que)
    return numero, fijados


def _fijadas(puntos: Iterable[PuntoDeControl], registro: Registro) -> tuple[dict[int, bytes], bool]:
    """Número -> la hoja que algún punto le dio, y si ninguno contradice a otro; señala el primero que sí."""
    fijadas, casan = {0: bytes(32)}, True
    for numero, hoja in sorted(filter(None, map(accesos_de, puntos))):
        if fijadas.setdefault(numero, hoja) != hoja and casan:
            casan = False
            que = f"dos puntos de control fijan los mismos {numero} accesos y no son los mismos"
            registro.apuntar(Codigo.ACCESOS_ALTERADOS, Donde.ACCESOS, "", numero, que)
    return fijadas, casan


def _hoja(anterior: bytes, numero: int, linea: str) -> bytes | None:
    """La hoja de una fila, o None si no es la que dice o no lleva los campos debidos."""
    try:
        fila: dict[str, Any] = json_unico.objeto(linea)
    except JsonInvalido:
        return None
    campos = [fila.get(c) for c in _CAMPOS]
    if type(fila.get("numero")) is not int or fila["numero"] != numero:
        return None
    if not all(isinstance(c, str) and "\n" not in c for c in campos):
        return None
    hoja = sha256("\n".join([anterior.hex(), str(numero), *map(str, campos)]).encode("utf-8", "surrogatepass")).digest()
    return hoja if fila.get("hoja") == hoja.hex() else None


__all__ = ["ACCESOS", "comprobar"]
