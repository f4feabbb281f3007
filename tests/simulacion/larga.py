"""La corrida larga: muchas semillas en varios procesos, por lotes que se anotan al acabar; cortada, se reanuda.

Nada crece con las semillas: de cada lote queda un renglón con sus faltas, una huella de sus raíces y sus sucesos.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from tests.simulacion import plantilla
from tests.simulacion.corrida import correr
from tests.simulacion.sucesos import observando, registrado

#: Semillas por renglón: bastantes para que escribirlo no cueste, pocas para no perder mucho si se corta.
_LOTE = 25


@dataclass
class Balance:
    """Lo que va de una corrida. ``segundos``: de CPU, sumados los de todos los procesos."""

    semillas: int = 0
    hechos: int = 0
    segundos: float = 0.0
    faltas: dict[int, list[str]] = field(default_factory=dict)
    sucesos: Counter[str] = field(default_factory=Counter)

    def sumar(self, renglon: dict[str, Any]) -> None:
        """Añade un lote."""
        self.semillas += renglon["semillas"]
        self.hechos += renglon["hechos"]
        self.segundos += renglon["segundos"]
        self.faltas |= {int(semilla): faltas for semilla, faltas in renglon["faltas"].items()}
        self.sucesos.update(renglon["sucesos"])


def correr_muchas(
    desde: int, cuantas: int, procesos: int, archivo: Path | None = None,
    contar: Callable[[Balance], None] = lambda _balance: None,
) -> Balance:  # fmt: skip
    """Corre ``cuantas`` semillas desde ``desde``. ``archivo``: donde se anota; lo que ya tenga no se repite."""
    balance = Balance()
    hechos = set()
    for renglon in _anotado(archivo):
        if desde <= renglon["desde"] < desde + cuantas:
            hechos.add((renglon["desde"], renglon["semillas"]))
            balance.sumar(renglon)
    fin = desde + cuantas
    lotes = [(d, min(_LOTE, fin - d)) for d in range(desde, fin, _LOTE)]
    faltan = [lote for lote in lotes if lote not in hechos]
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


def _en_paralelo(lotes: list[tuple[int, int]], procesos: int, carpeta: Path) -> Iterator[dict[str, Any]]:
    if procesos <= 1 or len(lotes) <= 1:
        _empezar(carpeta)
        yield from map(_lote, lotes)
        return
    with multiprocessing.get_context("fork").Pool(procesos, _empezar_hijo, (carpeta,)) as grupo:
        yield from grupo.imap_unordered(_lote, lotes)


def _empezar_hijo(carpeta: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _empezar(carpeta)


def _empezar(carpeta: Path) -> None:
    plantilla.plantilla.cache_clear()
    tempfile.tempdir = str(carpeta)
    # Se cuenta lo que se registra y no se escribe: son miles de renglones por semilla.
    structlog.configure(processors=[registrado], logger_factory=structlog.ReturnLoggerFactory())


def _lote(cual: tuple[int, int]) -> dict[str, Any]:
    desde, cuantas = cual
    inicio, raices, sucesos, hechos = time.process_time(), sha256(), Counter[str](), 0
    faltas = {}
    with observando():
        for semilla in range(desde, desde + cuantas):
            veredicto = correr(semilla)
            raices.update(bytes.fromhex(veredicto.raiz))
            sucesos.update(veredicto.sucesos)
            hechos += veredicto.hechos
            if veredicto.faltas:
                faltas[semilla] = list(veredicto.faltas[:5])
    return {
        "desde": desde, "semillas": cuantas, "raices": raices.hexdigest(), "hechos": hechos,
        "segundos": round(time.process_time() - inicio, 2), "faltas": faltas, "sucesos": dict(sorted(sucesos.items())),
    }  # fmt: skip


def _anotado(archivo: Path | None) -> Iterator[dict[str, Any]]:
    if archivo is None or not archivo.exists():
        return
    for linea in archivo.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(linea)
        except ValueError:
            continue  # el renglón que se estaba escribiendo al cortarse


__all__ = ["Balance", "correr_muchas"]
