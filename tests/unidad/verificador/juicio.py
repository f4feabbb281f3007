"""Verificar en una prueba y mirar lo que importa de cada falta."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from senda_verificar import confianza, directorio
from senda_verificar.faltas import Informe
from tests.unidad.verificador.mundo import Escribano, cerrar
from tests.unidad.verificador.piezas import JUSTICIA, claves

Sitio = tuple[str, str, str, int]
IMPOSTORA = "clave de quien opera"
SIN_TESTIGOS = claves(testigos=())


def verificar(
    carpeta: Path, de_quien: str | None = None, *, retenidos: Iterable[str] = (), guardados: Iterable[str] = ()
) -> Informe:
    confiadas = confianza.leer(claves() if de_quien is None else de_quien)
    return directorio.verificar(carpeta, confiadas, retenidos=retenidos, guardados=guardados, procesos=1)


def faltas(informe: Informe) -> list[Sitio]:
    return sorted((str(f.codigo), str(f.donde), f.origen, f.posicion) for f in informe.faltas)


def juzgar(carpeta: Path, de_quien: str | None = None, **mas: Iterable[str]) -> list[Sitio]:
    return faltas(verificar(carpeta, de_quien, **mas))


def en(libro: Escribano, origen: str = JUSTICIA) -> tuple[str, str, int]:
    """El sitio del próximo hecho de un origen."""
    return "solicitud", origen, libro.ultimos[origen][0] + 1


def cuentan(libro: Escribano, tmp_path: Path, esperadas, **mas) -> None:
    assert juzgar(cerrar(libro).escribir(tmp_path), **mas) == sorted(esperadas)


def tamano_de(texto: str) -> int:
    return int(texto.split("\n")[1])
