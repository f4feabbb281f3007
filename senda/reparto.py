"""De la carpeta de quien administra, a cada proceso la suya: su base, sus claves y cómo entra él al bus, y nada más.

Quien se hace con el contenedor de un servicio no gana por ello las contraseñas ni las claves de los demás. La clave que
envuelve las del llavero la comparten quienes sellan: vive en un sitio solo, y cada carpeta lleva un enlace a ella; así
rotarla vale para todos a la vez.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from infra.rabbitmq.certificados import AUTORIDAD
from senda.acceso_bus import CERTIFICADOS, CLAVES
from senda.boveda import CONSULTADOS
from senda.composicion import CONTEXTOS
from senda.despliegue import ARCHIVO, MAESTRA, leer
from senda.trazas import CLAVE as TRAZAS
from senda.trazas import clave_de
from servicios.portal.contexto import CONTEXTO as PORTAL

LLAVERO: Final = "llavero"


@dataclass(frozen=True)
class Parte:
    """Lo que le toca a un proceso. ``como``: los servicios cuya base y claves usa; ``usuario``: el suyo en el bus."""

    como: Collection[str]
    sella: bool = True
    usuario: str | None = None

    @property
    def bases(self) -> Collection[str]:
        """Las bases cuya dirección lleva."""
        return (*self.como, LLAVERO) if self.sella else self.como


PARTES: Final = {
    **{nombre: Parte((nombre,), usuario=nombre) for nombre in CONTEXTOS},
    PORTAL.nombre: Parte((PORTAL.nombre,), sella=False, usuario=PORTAL.nombre),
    "boveda": Parte(CONSULTADOS),
}


def repartir(carpeta: Path, destino: Path, maestra: Path) -> list[str]:
    """Deja en ``destino/PROCESO`` la carpeta de cada uno y en ``maestra`` la clave común. Repetirlo pone al día.

    Devuelve los procesos. Errores: `DespliegueAusente`, `OSError`.
    """
    despliegue = leer(carpeta)
    _mudar(carpeta / MAESTRA, maestra)
    trazas = clave_de(carpeta / TRAZAS)
    for nombre, parte in PARTES.items():
        suya = destino / nombre
        suya.mkdir(mode=0o700, parents=True, exist_ok=True)
        propias = {n: base for n, base in despliegue.bases.items() if n in parte.bases}
        recortado = msgspec.structs.replace(despliegue, bases=propias)
        _poner(suya / ARCHIVO, msgspec.json.format(msgspec.json.encode(recortado)))
        for servicio in parte.como:
            for archivo in (carpeta / "claves" / servicio).iterdir():
                _poner(suya / "claves" / servicio / archivo.name, archivo.read_bytes())
        if parte.sella:
            _enlazar(suya / MAESTRA, maestra)
        _para_el_bus(carpeta, suya, parte.usuario)
        if parte.usuario is not None:
            # De ella salen los ids de traza: la misma para todos, y su carpeta no la pueden escribir.
            _poner(suya / TRAZAS, trazas)
    return list(PARTES)


def _para_el_bus(carpeta: Path, suya: Path, usuario: str | None) -> None:
    llevar = [f"{CERTIFICADOS}/{AUTORIDAD}.pem"]
    if usuario is not None:
        llevar += [f"{CERTIFICADOS}/{usuario}.pem", f"{CERTIFICADOS}/{usuario}.key", f"{CLAVES}/{usuario}.clave"]
    for donde in llevar:
        if (carpeta / donde).exists():
            _poner(suya / donde, (carpeta / donde).read_bytes())
        else:
            (suya / donde).unlink(missing_ok=True)


def _mudar(archivo: Path, maestra: Path) -> None:
    """La lleva a su sitio y deja un enlace: antes de quitarla de aquí, está allí."""
    if archivo.is_symlink():
        return
    if not maestra.exists():
        _poner(maestra, archivo.read_bytes())
    elif maestra.read_bytes() != archivo.read_bytes():
        raise FileExistsError(maestra)
    archivo.unlink()
    _enlazar(archivo, maestra)


def _enlazar(enlace: Path, a: Path) -> None:
    if not enlace.is_symlink():
        enlace.symlink_to(a)


def _poner(archivo: Path, contenido: bytes) -> None:
    """Lo que solo lee su dueño, de una vez: el proceso puede estar arrancando."""
    archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if archivo.exists() and archivo.read_bytes() == contenido:
        return
    temporal = archivo.with_name(f".{archivo.name}.nuevo")
    temporal.touch(mode=0o600)
    temporal.write_bytes(contenido)
    temporal.replace(archivo)


__all__ = ["PARTES", "Parte", "repartir"]
