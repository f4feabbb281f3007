"""La corrida larga: muchas semillas en varios procesos, por lotes que se anotan al acabar; cortada, se reanuda.

Nada crece con las semillas: de cada lote queda un renglón con sus faltas, una huella de sus raíces y sus sucesos.
Varias corridas, de tramos distintos o en máquinas distintas, se suman juntando sus renglones en un archivo.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from tests.anotado import huella_del_codigo, renglones
from tests.simulacion import plantilla
from tests.simulacion.corrida import correr
from tests.simulacion.sucesos import observando, registrado

#: Semillas por renglón: bastantes para que escribirlo no cueste, pocas para no perder mucho si se corta.
_LOTE = 25
_NO_CAMBIA_NADA = frozenset({"__main__.py", "cobertura.py", "mutaciones.py", "reductor.py"})


@dataclass
class Balance:
    """Lo que va de una corrida. ``segundos``: de CPU, sumados los de todos los procesos."""

    corridas: set[int] = field(default_factory=set)
    hechos: int = 0
    segundos: float = 0.0
    faltas: dict[int, list[str]] = field(default_factory=dict)
    sucesos: Counter[str] = field(default_factory=Counter)

    def sumar(self, renglon: dict[str, Any]) -> bool:
        """Añade un lote, si es nuevo entero."""
        suyas = set(range(renglon["desde"], renglon["desde"] + renglon["semillas"]))
        if suyas & self.corridas:
            return False
        self.corridas |= suyas
        self.hechos += renglon["hechos"]
        self.segundos += renglon["segundos"]
        self.faltas |= {int(semilla): faltas for semilla, faltas in renglon["faltas"].items()}
        self.sucesos.update(renglon["sucesos"])
        return True

    @property
    def tramos(self) -> list[tuple[int, int]]:
        """Qué semillas se corrieron: (primera, última) de cada tramo seguido."""
        tramos: list[tuple[int, int]] = []
        for semilla in sorted(self.corridas):
            if tramos and tramos[-1][1] == semilla - 1:
                tramos[-1] = (tramos[-1][0], semilla)
            else:
                tramos.append((semilla, semilla))
        return tramos


def correr_muchas(
    desde: int, cuantas: int, procesos: int, archivo: Path | None = None,
    contar: Callable[[Balance], None] = lambda _balance: None,
) -> Balance:  # fmt: skip
    """Corre ``cuantas`` semillas desde ``desde``. ``archivo``: donde se anota; lo que ya tenga no se repite."""
    balance = Balance()
    for renglon in renglones(archivo, codigo()):
        if desde <= renglon["desde"] and renglon["desde"] + renglon["semillas"] <= desde + cuantas:
            balance.sumar(renglon)
    faltan = list(_lotes(s for s in range(desde, desde + cuantas) if s not in balance.corridas))
    # La borra quien manda: un proceso del grupo que muere no borra la suya.
    carpeta = plantilla.carpeta_rapida()
    try:
        for renglon in _en_paralelo(faltan, procesos, carpeta):
            balance.sumar(renglon)
            if archivo is not None:
                with archivo.open("a", encoding="utf-8") as salida:
                    salida.write(json.dumps(renglon, ensure_ascii=False) + "\n")
            contar(balance)
    finally:
        shutil.rmtree(carpeta, ignore_errors=True)
    return balance


def sumado(archivo: Path) -> Balance:
    """Todo lo que un archivo tiene anotado de este mismo código."""
    balance = Balance()
    for renglon in renglones(archivo, codigo()):
        balance.sumar(renglon)
    return balance


@cache
def codigo() -> str:
    """La huella de lo que se corre."""
    return huella_del_codigo("tests/simulacion", salvo=_NO_CAMBIA_NADA)


def _lotes(semillas: Iterator[int]) -> Iterator[tuple[int, int]]:
    """(primera, cuántas) de cada lote: seguidas, y nunca más de las que caben en un renglón."""
    desde = cuantas = 0
    for semilla in semillas:
        if cuantas and (semilla != desde + cuantas or cuantas == _LOTE):
            yield desde, cuantas
            cuantas = 0
        desde, cuantas = (desde, cuantas + 1) if cuantas else (semilla, 1)
    if cuantas:
        yield desde, cuantas


def _en_paralelo(lotes: list[tuple[int, int]], procesos: int, carpeta: Path) -> Iterator[dict[str, Any]]:
    if not lotes:
        return
    # También una sola a la vez va en otro proceso: lo que `_empezar` cambia no le queda a quien llama.
    with multiprocessing.get_context("fork").Pool(max(procesos, 1), _empezar, (carpeta,)) as grupo:
        yield from grupo.imap_unordered(_lote, lotes)


def _empezar(carpeta: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    plantilla.plantilla.cache_clear()
    tempfile.tempdir = str(carpeta)
    # Se cuenta lo que se registra y no se escribe: son miles de renglones por semilla.
    structlog.configure(processors=[registrado], logger_factory=structlog.ReturnLoggerFactory())
    plantilla.plantilla()
    # Lo que dura toda la corrida no se vuelve a mirar en cada recogida de basura.
    gc.collect()
    gc.freeze()


def _lote(cual: tuple[int, int]) -> dict[str, Any]:
    desde, cuantas = cual
    inicio, raices, sucesos, hechos, corridas = time.process_time(), sha256(), Counter[str](), 0, 0
    faltas = {}
    with observando():
        for semilla in range(desde, desde + cuantas):
            veredicto = correr(semilla)
            corridas += 1
            raices.update(bytes.fromhex(veredicto.raiz))
            sucesos.update(veredicto.sucesos)
            hechos += veredicto.hechos
            if veredicto.faltas:
                faltas[semilla] = list(veredicto.faltas[:5])
    return {
        "codigo": codigo(), "desde": desde, "semillas": corridas, "raices": raices.hexdigest(), "hechos": hechos,
        "segundos": round(time.process_time() - inicio, 2), "faltas": faltas, "sucesos": dict(sorted(sucesos.items())),
    }  # fmt: skip


__all__ = ["Balance", "codigo", "correr_muchas", "sumado"]
