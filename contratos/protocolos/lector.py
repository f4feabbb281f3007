"""Los paquetes de protocolo que trae el proyecto, leídos y comprobados. Una errata se nota al cargar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from contratos.protocolos import comprobacion, piezas
from contratos.protocolos.paquete import EstadoPaquete, Herencia, Protocolo

_CARPETA: Final = Path(__file__).parent
_NOMBRE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+){0,2}")
#: El archivo que hace de una carpeta un paquete de país, y el que la hace una base de la que heredar.
_DE_PAIS: Final = "protocolo.toml"
_DE_BASE: Final = "base.toml"


class ProtocoloDesconocido(LookupError):
    """No hay paquete con ese nombre y versión."""


class ProtocoloEnBorrador(ProtocoloDesconocido):
    """Lo hay, pero todavía no puede regir ninguna ruta."""


class ProtocoloInvalido(ValueError):
    """El paquete se contradice o nombra algo que no existe. El mensaje dice qué y dónde."""


class Examen(Struct, frozen=True):
    """Lo que resulta de leer una carpeta. Con algún error no hay paquete."""

    paquete: Protocolo | None
    errores: tuple[str, ...]


@cache
def cargar(protocolo: str, version: str) -> Protocolo:
    """El paquete de la carpeta ``<protocolo>/<version>``. Errores: `ProtocoloDesconocido`, `ProtocoloInvalido`."""
    carpeta = carpeta_de(protocolo, version)
    if not (carpeta / _DE_PAIS).is_file():
        raise ProtocoloDesconocido(f"no hay protocolo {protocolo} en versión {version}")
    paquete = leer(carpeta)
    if (paquete.protocolo, paquete.version) != (protocolo, version):
        raise ProtocoloInvalido(f"dice ser {paquete.protocolo} {paquete.version} y está en {protocolo}/{version}")
    return paquete


@cache
def vigente(protocolo: str) -> Protocolo:
    """La versión completa más reciente: la que rige las rutas que se abren.

    Errores: `ProtocoloDesconocido`, `ProtocoloEnBorrador`, `ProtocoloInvalido`.
    """
    completas = (p for v in versiones(protocolo) if (p := cargar(protocolo, v)).estado is EstadoPaquete.COMPLETO)
    if (elegida := next(completas, None)) is not None:
        return elegida
    ultimo(protocolo)
    raise ProtocoloEnBorrador(f"el protocolo {protocolo} es un borrador: no rige ninguna ruta")


def ultimo(protocolo: str) -> Protocolo:
    """La versión más reciente, aunque sea un borrador. Errores: `ProtocoloDesconocido`, `ProtocoloInvalido`."""
    version = next(iter(versiones(protocolo)), None)
    if version is None:
        raise ProtocoloDesconocido(f"no hay protocolo {protocolo}")
    return cargar(protocolo, version)


def paises() -> list[str]:
    """Los protocolos que hay, por orden alfabético."""
    return sorted(c.name for c in _CARPETA.iterdir() if versiones(c.name))


def versiones(protocolo: str) -> list[str]:
    """Las versiones de un protocolo, la más reciente primero. Ninguna si no existe o es una base."""
    if not _NOMBRE.fullmatch(protocolo):
        return []
    halladas = [
        c.parent.name for c in (_CARPETA / protocolo).glob(f"*/{_DE_PAIS}") if _VERSION.fullmatch(c.parent.name)
    ]
    return sorted(halladas, key=lambda v: tuple(int(n) for n in v.split(".")), reverse=True)


def carpeta_de(protocolo: str, version: str) -> Path:
    """Dónde está ese paquete. Errores: `ProtocoloDesconocido` si el nombre o la versión no pueden serlo."""
    if not (_NOMBRE.fullmatch(protocolo) and _VERSION.fullmatch(version)):
        raise ProtocoloDesconocido("eso no es el nombre y la versión de un protocolo")
    return _CARPETA / protocolo / version


def leer(carpeta: Path) -> Protocolo:
    """El paquete de una carpeta. Errores: `ProtocoloInvalido`."""
    examen = examinar(carpeta)
    if examen.paquete is None:
        raise ProtocoloInvalido("; ".join(examen.errores))
    return examen.paquete


def examinar(carpeta: Path) -> Examen:
    """Lee y comprueba los TOML de una carpeta, con todo lo que está mal y no solo lo primero.

    Lo que pide ver el paquete entero solo se mira si cada pieza se pudo leer: si no, diría que falta lo que no se leyó.
    """
    datos, errores = piezas.juntar(carpeta)
    errores += piezas.heredar(datos, _base)
    campos, de_forma = piezas.montar(datos)
    errores += de_forma
    sueltos = list(comprobacion.errores_de_piezas(campos))
    if errores:
        return Examen(None, (*errores, *sueltos))
    paquete = Protocolo(**campos)
    errores = [*sueltos, *comprobacion.errores_del_paquete(paquete)]
    return Examen(None if errores else paquete, tuple(errores))


def _base(herencia: Herencia) -> Mapping[str, Any] | None:
    carpeta = carpeta_de(herencia.paquete, herencia.version)
    if not (carpeta / _DE_BASE).is_file():
        return None
    datos, errores = piezas.juntar(carpeta)
    if errores:
        raise ProtocoloInvalido(f"base {herencia.paquete} {herencia.version}: {'; '.join(errores)}")
    return datos


__all__ = [
    "Examen",
    "ProtocoloDesconocido",
    "ProtocoloEnBorrador",
    "ProtocoloInvalido",
    "cargar",
    "carpeta_de",
    "examinar",
    "leer",
    "paises",
    "ultimo",
    "versiones",
    "vigente",
]
