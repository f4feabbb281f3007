"""Cuánta memoria piden exportar y verificar según crece el libro: acotada, si con diez veces más no pide más."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.almacen.motor import abrir_motor, leyendo
from senda.banco.informe import Cifra, Sentido
from senda.banco.libro.verificacion import todo_con_claves
from senda.banco.memoria import Memoria, memoria_de
from servicios.auditoria.exportacion import exportar

_MIB: Final = 1024 * 1024
#: Con diez veces más hechos, la residente máxima no pasa de esto por la de antes.
META: Final = 1.5


def exportar_a(url: str, esquema: str, destino: Path) -> None:
    """Exporta un libro con sus entradas."""
    motor = abrir_motor(url, esquema)
    with leyendo(motor, en_flujo=True) as conexion:
        exportar(conexion, destino, datetime.now(UTC), con_entradas=True)
    motor.dispose()


def memoria_exportando(url: str, esquema: str, destino: Path) -> Memoria:
    """La de exportar a un directorio nuevo, que queda hecho."""
    return memoria_de(exportar_a, url, esquema, destino)


def memoria_verificando(carpeta: Path, claves: str) -> Memoria:
    """La de verificar el directorio entero con dos procesos."""
    return memoria_de(todo_con_claves, carpeta, claves, 2)


def cifras(que: str, clave: str, por_tamano: dict[int, Memoria]) -> Iterator[Cifra]:
    """La residente a cada tamaño y, si hay dos, cuánto creció."""
    for tamano, memoria in por_tamano.items():
        yield Cifra(
            clave=f"memoria-{clave}-{tamano}", que=f"residente máxima de un proceso al {que} {tamano} hechos",
            valor=memoria.mayor / _MIB, unidad="MiB",
            detalle={"propia": memoria.propia / _MIB, "mayor obrero": memoria.obrero / _MIB},
        )  # fmt: skip
    menor, mayor = min(por_tamano), max(por_tamano)
    if menor < mayor:
        yield Cifra(
            clave=f"memoria-{clave}-crece", que=f"  razón: con {mayor} / con {menor}",
            valor=por_tamano[mayor].mayor / por_tamano[menor].mayor, unidad="veces", meta=META,
            sentido=Sentido.COMO_MUCHO,
        )  # fmt: skip


__all__ = ["META", "cifras", "exportar_a", "memoria_exportando", "memoria_verificando"]
