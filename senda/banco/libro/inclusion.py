"""Probar que un hecho está en el libro: cuánto tarda cada prueba, y que no crece con el libro."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import BinaryIO, Final

from sqlalchemy import Engine

from infra.almacen.motor import leyendo
from senda.banco.informe import Cifra, Sentido
from senda.banco.medir import percentil
from senda_verificar.arbol import verificar_inclusion
from servicios.auditoria.arbol import LARGO, Frontera, Teselas, prueba_inclusion, raiz_de
from servicios.auditoria.teselas import TeselasDelLibro

META_MS: Final = 5.0
_PRUEBAS: Final = 2_000
_PASADAS: Final = 3
_LOTE: Final = 10_000


class PruebaMala(RuntimeError):
    """Una prueba del propio banco no verifica: lo que se midiera no valdría."""


class HojasPlanas:
    """Un árbol en archivos planos, uno por nivel de tesela, leídos por mapa de memoria. Cumple `arbol.Teselas`."""

    def __init__(self, carpeta: Path, pila: ExitStack) -> None:
        self._niveles: list[mmap.mmap] = []
        while (archivo := carpeta / str(len(self._niveles))).is_file() and archivo.stat().st_size:
            abierto = pila.enter_context(archivo.open("rb"))
            self._niveles.append(pila.enter_context(mmap.mmap(abierto.fileno(), 0, access=mmap.ACCESS_READ)))

    def nodos(self, nivel: int, desde: int, hasta: int) -> Sequence[bytes]:
        """Los de un nivel, de un índice a otro (sin incluir)."""
        trozo = self._niveles[nivel][desde * LARGO : hasta * LARGO]
        return [trozo[i : i + LARGO] for i in range(0, len(trozo), LARGO)]


def escribir_hojas(carpeta: Path, cuantas: int) -> None:
    """Un árbol de hojas sintéticas, en ``carpeta``, con sus nodos de tesela."""
    carpeta.mkdir()
    frontera, hojas = Frontera(), (sha256(b"%d" % n).digest() for n in range(cuantas))
    with ExitStack() as pila:
        niveles: list[BinaryIO] = [pila.enter_context((carpeta / str(n)).open("wb")) for n in range(8)]
        while tanda := list(islice(hojas, _LOTE)):
            niveles[0].write(b"".join(tanda))
            for nodo in frontera.agregar(tanda):
                niveles[nodo.nivel].write(nodo.hash)


def medir_planas(carpeta: Path, cuantas: int, semilla: int) -> Cifra:
    """Sobre hojas en archivos planos."""
    escribir_hojas(carpeta, cuantas)
    with ExitStack() as pila:
        return _medir(HojasPlanas(carpeta, pila), cuantas, semilla, "planas", "hojas en archivo")


def medir_en_base(motor: Engine, tamano: int, semilla: int) -> Cifra:
    """Sobre el libro tal como está en su base."""
    with leyendo(motor) as conexion:
        return _medir(TeselasDelLibro(conexion), tamano, semilla, "base", f"entradas en {motor.dialect.name}")


def _medir(teselas: Teselas, tamano: int, semilla: int, clave: str, donde: str) -> Cifra:
    raiz = raiz_de(teselas, tamano)
    indices = list(_indices(tamano, semilla))
    pasadas = [[_una(teselas, indice, tamano, raiz) for indice in indices] for _ in range(_PASADAS)]
    # De cada hoja, la mediana de sus pasadas: lo que un vecino ocupado estorbó una vez no es lo que cuesta la prueba.
    tardaron = [median(suyas) for suyas in zip(*pasadas, strict=True)]
    todas = [uno for pasada in pasadas for uno in pasada]
    return Cifra(
        clave=f"inclusion-{clave}-{tamano}", que=f"prueba de inclusión, p99, {tamano} {donde}",
        valor=percentil(tardaron, 0.99), minimo=percentil(tardaron, 0.5), maximo=max(tardaron), unidad="ms",
        meta=META_MS, sentido=Sentido.COMO_MUCHO,
        detalle={"p50": percentil(tardaron, 0.5), "p99 de todas las pasadas": percentil(todas, 0.99)},
    )  # fmt: skip


def _una(teselas: Teselas, indice: int, tamano: int, raiz: bytes) -> float:
    antes = perf_counter()
    prueba = prueba_inclusion(teselas, indice, tamano)
    tardo = (perf_counter() - antes) * 1000
    if not verificar_inclusion(teselas.nodos(0, indice, indice + 1)[0], indice, tamano, prueba, raiz):
        raise PruebaMala
    return tardo


def _indices(tamano: int, semilla: int) -> Iterator[int]:
    azar = Random(semilla)  # noqa: S311 - elige qué medir
    return (azar.randrange(tamano) for _ in range(_PRUEBAS))


__all__ = ["META_MS", "HojasPlanas", "PruebaMala", "escribir_hojas", "medir_en_base", "medir_planas"]
