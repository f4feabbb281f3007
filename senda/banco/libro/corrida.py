"""Una corrida del banco del libro: lo llena por etapas y, en cada una, mide lo que depende de su tamaño."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

from senda.banco.base import Sitio
from senda.banco.informe import Cifra
from senda.banco.libro import crecer, firmadas, inclusion, ingesta, reproducir, verificacion
from senda.banco.libro.almacenado import LOTE, libro_en
from senda.banco.libro.hechos import Generador
from senda.banco.memoria import Memoria

#: Tamaños a los que se para a medir, si el libro llega.
_ETAPAS: Final = (10_000, 100_000)
#: Hechos de cada vuelta al ingerir, y del libro con todo firmado.
_POR_VUELTA: Final = 10_000
_FIRMADOS: Final = 10_000
#: Las hojas sintéticas son tantas veces los hechos.
_PLANAS: Final = 10
#: Se llama con lo que empieza.
Aviso = Callable[[str], None]


def medir(sitio: Sitio, carpeta: Path, hechos: int, semilla: int, aviso: Aviso) -> Iterator[Cifra]:
    """Todas las cifras, según van saliendo. ``carpeta``: vacía; con un millón de hechos hacen falta 5 GB."""
    aviso("ingerir contra el prototipo")
    yield from ingesta.medir(sitio, carpeta, max(min(hechos // 20, _POR_VUELTA), 3 * LOTE), semilla)
    yield from _libro_que_crece(sitio, carpeta, hechos, semilla, aviso)
    aviso("verificar con solicitudes firmadas")
    yield from firmadas.medir(sitio, carpeta, min(hechos, _FIRMADOS), semilla)
    aviso(f"probar inclusión sobre {hechos * _PLANAS} hojas")
    yield inclusion.medir_planas(carpeta / "planas", hechos * _PLANAS, semilla)


def _libro_que_crece(sitio: Sitio, carpeta: Path, hechos: int, semilla: int, aviso: Aviso) -> Iterator[Cifra]:
    exportando, verificando = dict[int, Memoria](), dict[int, Memoria]()
    with libro_en(sitio.url, carpeta, "libro") as libro:
        generador, van, destino = Generador(semilla, hechos), 0, carpeta
        claves = libro.claves_publicas()
        for etapa in [*(e for e in _ETAPAS if e < hechos), hechos]:
            aviso(f"llenar el libro hasta {etapa} hechos")
            libro.anotar(generador.lotes(etapa - van, LOTE))
            libro.firmar_cabeceras(generador.cabezas)
            van = etapa
            yield inclusion.medir_en_base(libro.motor, van, semilla)
            if hechos // etapa <= _PLANAS:
                aviso(f"exportar y verificar {etapa} hechos")
                destino = carpeta / f"exportado-{etapa}"
                exportando[etapa] = crecer.memoria_exportando(libro.url, libro.esquema, destino)
                verificando[etapa] = crecer.memoria_verificando(destino, claves)
        yield from crecer.cifras("exportar", "exportar", exportando)
        yield from crecer.cifras("verificar", "verificar", verificando)
        aviso("verificar contra la primitiva")
        yield from verificacion.medir(destino, hechos, claves)
        aviso("reproducir desde la base")
        yield from reproducir.medir(libro.motor, hechos)
    for etapa in exportando:
        with suppress(OSError):
            rmtree(carpeta / f"exportado-{etapa}")


__all__ = ["medir"]
