"""Recuperar un despliegue restaurado, en el orden en que nada se escribe sobre lo que aún falta.

1. Lo que quedó en las colas pasa a las bases. 2. El libro se continúa hasta lo prometido. 3. A cada origen se le
devuelve lo suyo. 4. Lo que firmaron las instituciones. 5. Las destrucciones se repiten. Con los servicios parados.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from senda.composicion import Montaje
from senda.restauracion.bases import Bases
from senda.restauracion.colas import recoger_colas
from senda.restauracion.comprobacion import comprobar
from senda.restauracion.destrucciones import destruir_otra_vez
from senda.restauracion.firmadas import reponer_solicitudes
from senda.restauracion.hallazgos import Informe, Veredicto
from senda.restauracion.libro import continuar
from senda.restauracion.linea import aceptar
from senda.restauracion.origenes import reponer_origenes
from senda.restauracion.puntos import leer_punto
from senda_verificar.teselas import hay_entradas
from servicios.auditoria.exportacion import PUNTO


class Recuperado(Struct, frozen=True, kw_only=True):
    """Lo repuesto. ``origenes``: hechos por origen; ``despues``: cómo queda, que dice si se puede arrancar."""

    entradas: int
    origenes: dict[str, int]
    solicitudes: int
    destrucciones: int
    despues: Informe


def recuperar(
    bases: Bases, montaje: Montaje, puntos: Sequence[Path] = (), exportado: Path | None = None, *,
    colas: bool = True, contar: Callable[[], int] = lambda: 0,
) -> Recuperado | Informe:  # fmt: skip
    """Repone lo que falte y, si todo quedó completo, da por buenas las bases.

    ``puntos``: puntos retenidos; ``exportado``: un libro exportado más reciente. ``colas``: si se recoge antes lo que
    hay en el bus. ``contar``: lleva otra vez al libro lo que la bóveda debe; devuelve cuántos. Si lo hallado está
    bifurcado no toca nada y devuelve el informe. Errores: los de cada parte.
    """
    if colas:
        recoger_colas(montaje)
    antes = comprobar(bases, puntos)
    if antes.veredicto is Veredicto.BIFURCADO:
        return antes
    origenes: dict[str, int] = {}
    entradas = solicitudes = 0
    if exportado is not None and not hay_entradas(exportado):
        # Solo trae el orden: los bytes han de estar ya en los orígenes.
        origenes = reponer_origenes(bases, montaje)
    if exportado is not None:
        entradas = continuar(bases, exportado, montaje.reloj.ahora())
    for origen, cuantos in reponer_origenes(bases, montaje).items():
        origenes[origen] = origenes.get(origen, 0) + cuantos
    if exportado is not None and hay_entradas(exportado):
        solicitudes = reponer_solicitudes(montaje, exportado, leer_punto(exportado / PUNTO).tamano)
    destrucciones = destruir_otra_vez(bases, montaje)
    despues = comprobar(bases, puntos)
    if despues.veredicto <= Veredicto.RECUPERABLE and contar():
        # Contar es escribir un hecho más: solo cuando ya no falta ninguno de los de antes.
        despues = comprobar(bases, puntos)
    if despues.veredicto is Veredicto.CONTINUA:
        aceptar(bases, montaje.reloj.ahora())
    return Recuperado(
        entradas=entradas, origenes=origenes, solicitudes=solicitudes, destrucciones=destrucciones, despues=despues
    )


__all__ = ["Recuperado", "recuperar"]
