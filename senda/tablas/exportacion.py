"""Sacar una tabla: una fila por persona, barajadas, sin seudónimos, y protegida salvo que se pida otra cosa."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from io import StringIO
from typing import NamedTuple, TypeVar

from contratos.tablas import Contada, Formato, Perdida, escribir
from infra.azar import Azar
from senda.tablas.proteccion import Fila, K, proteger

T = TypeVar("T")


class Exportada(NamedTuple):
    """Una tabla lista para escribir. ``protegida``: con qué ``k``; None si no se protegió."""

    formato: Formato
    filas: tuple[Fila, ...]
    perdidas: Counter[Perdida]
    protegida: int | None
    generalizadas: Counter[str]
    suprimidas: int

    @property
    def columnas(self) -> tuple[str, ...]:
        """Los nombres de las columnas."""
        return tuple(c.nombre for c in self.formato.llevadas)

    def csv(self) -> bytes:
        """El archivo. Ninguna celda sale de texto libre: todas son códigos de listas cerradas."""
        salida = StringIO()
        escritor = csv.writer(salida, lineterminator="\n")
        escritor.writerow(self.columnas)
        escritor.writerows(self.filas)
        return salida.getvalue().encode()


def exportar(formato: Formato, personas: Iterable[Contada], azar: Azar, k: int | None = K) -> Exportada:
    """La tabla de esas personas. ``k``: cuántas filas iguales ha de haber como mínimo; None, sin proteger."""
    perdidas: Counter[Perdida] = Counter()
    filas: list[Fila] = []
    for contada in personas:
        escrita = escribir(formato, contada)
        perdidas.update(escrita.perdidas)
        filas.append(escrita.celdas)
    # El orden de llegada es el de las rutas: se baraja también lo que no se protege.
    filas = barajar(filas, azar)
    if k is None:
        return Exportada(formato, tuple(filas), perdidas, None, Counter(), 0)
    segura = proteger(formato, filas, k)
    return Exportada(formato, segura.filas, perdidas, k, Counter(segura.generalizadas), segura.suprimidas)


def barajar(cosas: list[T], azar: Azar) -> list[T]:
    """Las mismas en otro orden, todos igual de probables (Fisher y Yates)."""
    barajadas = list(cosas)
    for n in range(len(barajadas) - 1, 0, -1):
        otro = int(azar.fraccion() * (n + 1))
        barajadas[n], barajadas[otro] = barajadas[otro], barajadas[n]
    return barajadas


__all__ = ["Exportada", "barajar", "exportar"]
