"""Verificar en una prueba y mirar lo que importa de cada falta."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from senda_verificar import confianza, directorio
from senda_verificar.faltas import Informe
from tests.unidad.verificador.piezas import claves

Sitio = tuple[str, str, str, int]


def verificar(
    carpeta: Path, de_quien: str | None = None, *, retenidos: Iterable[str] = (), guardados: Iterable[str] = ()
) -> Informe:
    confiadas = confianza.leer(claves() if de_quien is None else de_quien)
    return directorio.verificar(carpeta, confiadas, retenidos=retenidos, guardados=guardados, procesos=1)


def faltas(informe: Informe) -> list[Sitio]:
    return sorted((str(f.codigo), str(f.donde), f.origen, f.posicion) for f in informe.faltas)


def juzgar(carpeta: Path, de_quien: str | None = None, **mas: Iterable[str]) -> list[Sitio]:
    return faltas(verificar(carpeta, de_quien, **mas))
