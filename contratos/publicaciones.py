"""Qué se publicó para terceros y cuándo: `versiones.toml` lista cada publicación con la huella de cada archivo.

De cada una se guarda además la forma canónica de todos sus archivos (`congelados/`), para comparar sin git y sin
red. Lo publicado no se edita: la huella lo delata.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from contratos.canonica import huella
from contratos.datos import en_orden, leer_toml

CARPETA: Final = Path(__file__).parent
_LISTA, _COPIAS = "versiones.toml", "congelados"
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]


class PublicacionInvalida(ValueError):
    """La lista o una copia no son lo que se publicó, o la publicación nueva no se puede añadir."""


class Publicacion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Una. ``huellas``: SHA-256 de la forma canónica de cada archivo, por su ruta."""

    version: Version
    fecha: date
    huellas: dict[str, str]


class _Lista(Struct, frozen=True, forbid_unknown_fields=True):
    publicaciones: tuple[Publicacion, ...] = ()


Formas = Mapping[str, Mapping[str, Any]]


def todas(carpeta: Path = CARPETA) -> tuple[Publicacion, ...]:
    """De la primera a la última. Errores: `PublicacionInvalida`."""
    publicaciones = leer_toml(carpeta / _LISTA, _Lista, PublicacionInvalida).publicaciones
    ordenes = [en_orden(p.version) for p in publicaciones]
    if any(siguiente <= previa for previa, siguiente in pairwise(ordenes)):
        raise PublicacionInvalida(f"{_LISTA}: las publicaciones van de menor a mayor versión, cada una una vez")
    return publicaciones


def ultima(carpeta: Path = CARPETA) -> Publicacion | None:
    """La que manda: contra ella se compara cada cambio."""
    return (todas(carpeta) or (None,))[-1]


def formas(publicacion: Publicacion, carpeta: Path = CARPETA) -> Formas:
    """Lo que se publicó, archivo por archivo. Errores: `PublicacionInvalida` si alguien tocó la copia."""
    copia = _copia(carpeta, publicacion.version)
    try:
        leidas = dict(map(msgspec.json.decode, copia.read_bytes().splitlines()))
    except (OSError, ValueError, TypeError):
        raise PublicacionInvalida(f"{copia.name}: no está o no se lee") from None
    if {ruta: huella(forma) for ruta, forma in leidas.items()} != publicacion.huellas:
        raise PublicacionInvalida(f"{copia.name}: no es lo que se publicó; recupérala de git, no la edites")
    return leidas


def anadir(version: str, fecha: date, nuevas: Formas, carpeta: Path = CARPETA) -> Publicacion:
    """Congela lo que hay como una publicación más. Que no rompa la anterior lo comprueba quien llama.

    Errores: `PublicacionInvalida` si la versión no es mayor que la última.
    """
    previa = ultima(carpeta)
    try:
        publicacion = msgspec.convert(
            {"version": version, "fecha": fecha, "huellas": {r: huella(f) for r, f in sorted(nuevas.items())}},
            Publicacion,
        )
    except msgspec.ValidationError:
        raise PublicacionInvalida("La versión son tres números: 0.2.0.") from None
    if previa and en_orden(version) <= en_orden(previa.version):
        raise PublicacionInvalida(f"La última publicación es la {previa.version}: la nueva ha de ser mayor.")
    copia = _copia(carpeta, version)
    copia.parent.mkdir(exist_ok=True)
    # Un archivo por línea: lo que cambia entre dos copias se ve en un diff.
    lineas = (msgspec.json.encode((r, f), order="deterministic") for r, f in sorted(nuevas.items()))
    copia.write_bytes(b"".join(linea + b"\n" for linea in lineas))
    with (carpeta / _LISTA).open("a", encoding="utf-8") as lista:
        lista.write(_en_toml(publicacion))
    return publicacion


def _copia(carpeta: Path, version: str) -> Path:
    return carpeta / _COPIAS / f"{version}.jsonl"


def _en_toml(publicacion: Publicacion) -> str:
    huellas = "".join(f'"{ruta}" = "{suya}"\n' for ruta, suya in publicacion.huellas.items())
    cabecera = f'version = "{publicacion.version}"\nfecha = {publicacion.fecha.isoformat()}\n'
    return f"\n[[publicaciones]]\n{cabecera}[publicaciones.huellas]\n{huellas}"


__all__ = ["CARPETA", "Formas", "Publicacion", "PublicacionInvalida", "anadir", "formas", "todas", "ultima"]
