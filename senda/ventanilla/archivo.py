"""Leer los datos de una petición de un archivo JSON o TOML, y guardar o recuperar una solicitud ya firmada."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from contratos.solicitud import MAXIMO_BYTES
from infra.mensajeria.examen import SolicitudInvalida
from infra.mensajeria.examen import leer as leer_solicitud
from infra.seguridad.firma import FirmaInvalida, leer_cabecera
from senda.cliente import Compuesta
from senda.ventanilla.catalogo import buscar

ENTRADA: Final = Path("-")
_DE_SOBRA: Final = 4 * MAXIMO_BYTES
_FIRMA: Final = ".jws"
_AL_FINAL: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class ArchivoInvalido(Exception):
    """No se puede leer o no es lo que dice. El mensaje dice qué hacer y no repite nada de lo leído."""


def guardar_recibo(archivo: Path, recibo: bytes) -> None:
    """Añade un recibo (una línea) al archivo de la institución, que solo lee su dueño. Errores: los del disco."""
    with os.fdopen(os.open(archivo, _AL_FINAL, 0o600), "ab") as salida:
        salida.write(recibo)


def leer(archivo: Path) -> Any:
    """Los datos, en tipos de JSON. ``-`` es la entrada estándar, en JSON. Errores: `ArchivoInvalido`."""
    try:
        crudo = sys.stdin.buffer.read(_DE_SOBRA + 1) if archivo == ENTRADA else _octetos(archivo)
    except OSError:
        raise ArchivoInvalido(f"no se puede leer {archivo}") from None
    if len(crudo) > _DE_SOBRA:
        raise ArchivoInvalido("es demasiado grande para una petición; lo grande va por referencia y hash")
    try:
        texto = crudo.decode()
        leidos = tomllib.loads(texto) if archivo.suffix == ".toml" else json.loads(texto)
    except json.JSONDecodeError as error:
        raise ArchivoInvalido(f"no es JSON: mira la línea {error.lineno}, columna {error.colno}") from None
    except tomllib.TOMLDecodeError:
        raise ArchivoInvalido("no es TOML; compruébalo con un editor") from None
    except (ValueError, RecursionError):  # lo que no es UTF-8, o está anidado sin medida
        raise ArchivoInvalido("no es texto UTF-8 legible") from None
    return msgspec.to_builtins(leidos)


def guardar(archivo: Path, compuesta: Compuesta) -> Path:
    """Escribe los bytes firmados y, al lado, su firma (``.jws``), cuya ruta devuelve. Errores: los del disco."""
    firma = archivo.with_name(archivo.name + _FIRMA)
    for destino, contenido in ((archivo, compuesta.cuerpo), (firma, compuesta.firma.encode())):
        descriptor = os.open(destino, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as salida:
            salida.write(contenido)
    return firma


def recuperar(archivo: Path) -> tuple[Compuesta, str]:
    """Una solicitud guardada y la institución que la firmó: los mismos bytes. Errores: `ArchivoInvalido`."""
    try:
        cuerpo = _octetos(archivo)
        firma = archivo.with_name(archivo.name + _FIRMA).read_text("ascii").strip()
        solicitud = leer_solicitud(cuerpo).solicitud
        servicio = leer_cabecera(firma).servicio
    except (OSError, UnicodeError, SolicitudInvalida, FirmaInvalida):
        raise ArchivoInvalido(f"{archivo} y {archivo}{_FIRMA} no son una solicitud guardada con --guardar") from None
    if buscar(solicitud.tipo).servicio != servicio:
        raise ArchivoInvalido("la firma guardada es para otro servicio")
    return Compuesta(str(solicitud.id), servicio, cuerpo, firma), solicitud.institucion


def _octetos(archivo: Path) -> bytes:
    with archivo.open("rb") as entrada:
        return entrada.read(_DE_SOBRA + 1)


__all__ = ["ENTRADA", "ArchivoInvalido", "guardar", "leer", "recuperar"]
