"""Los contratos de otro momento, en forma canónica: de una carpeta, de una publicación o de un commit de git."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import msgspec

from contratos import publicaciones
from contratos.canonica import canonica
from contratos.publicaciones import Formas
from senda.publicados import CARPETA


class SinContratos(ValueError):
    """Ahí no hay contratos que comparar. El mensaje dice por qué y qué hacer."""


def leer(referencia: str) -> Formas:
    """Los de una carpeta si la hay; si no, los de la publicación de ese número; si no, los de ese commit de git."""
    if (carpeta := Path(referencia)).is_dir():
        return de_carpeta(carpeta)
    for publicacion in publicaciones.todas():
        if publicacion.version == referencia:
            return publicaciones.formas(publicacion)
    return de_git(referencia)


def de_carpeta(carpeta: Path) -> Formas:
    """Los de una carpeta como contratos/publicados, o como el repositorio que la tiene dentro."""
    if (carpeta / CARPETA).is_dir():
        carpeta /= CARPETA
    archivos = ((a.relative_to(carpeta).as_posix(), a.read_bytes()) for a in sorted(carpeta.rglob("*.json")))
    return _formas(archivos, f"la carpeta {carpeta}")


def de_git(referencia: str) -> Formas:
    """Los que se publicaban en un commit, etiqueta o rama del repositorio en que se está."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{referencia}^{{commit}}")
    if commit is None:
        raise SinContratos(
            f"«{referencia}» no es una carpeta, ni una publicación, ni un commit, etiqueta o rama de este repositorio."
        )
    archivado = _git("archive", "--format=tar", f"{commit.decode().strip()}:{CARPETA.as_posix()}")
    if archivado is None:
        raise SinContratos(f"En «{referencia}» no está {CARPETA}: aún no se publicaban contratos.")
    with tarfile.open(fileobj=BytesIO(archivado)) as tar:
        leidos = [(m.name, tar.extractfile(m)) for m in tar if m.isfile() and m.name.endswith(".json")]
        return _formas(((n, f.read()) for n, f in leidos if f is not None), f"«{referencia}»")


def _formas(archivos: Iterable[tuple[str, bytes]], donde: str) -> Formas:
    try:
        formas = {ruta: canonica(ruta, msgspec.json.decode(cuerpo)) for ruta, cuerpo in archivos}
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        raise SinContratos(f"En {donde} hay archivos .json que no son contratos.") from None
    if not formas:
        raise SinContratos(f"En {donde} no hay contratos.")
    return formas


def _git(*argumentos: str) -> bytes | None:
    """Lo que dice git, o None si se niega."""
    orden = shutil.which("git")
    if orden is None:
        raise SinContratos("Comparar con un commit necesita git; compara con una carpeta o con una publicación.")
    hecho = subprocess.run([orden, *argumentos], capture_output=True, check=False)  # noqa: S603  sin intérprete de órdenes
    return hecho.stdout if hecho.returncode == 0 else None


__all__ = ["SinContratos", "de_carpeta", "de_git", "leer"]
