"""Muchas semillas repartidas entre varios bancos, cada uno en su proceso y con sus servidores; y la matriz de todas."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Iterator, Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import msgspec
import structlog

from tests.anotado import huella_del_codigo, renglones
from tests.fallos.corrida import Banco, Semilla, Veredicto
from tests.fallos.servidores import SIN_DISCO


class Suspenso(msgspec.Struct, frozen=True):
    """Una semilla que el banco no pudo correr: no dice nada de Senda. ``motivo``: la traza."""

    semilla: int
    motivo: str


class Fila(msgspec.Struct):
    """Una avería en la matriz: en cuántas semillas estuvo, y qué se perdió o se dobló en ellas."""

    semillas: int = 0
    perdidos: int = 0
    doblados: int = 0
    fallidas: list[int] = []


class Informe(msgspec.Struct):
    """Lo que deja una corrida larga (`docs/medidas/fallos.json`). Tiempos en segundos.

    ``codigo``: la huella de lo que se corrió; ``segundos``: sumados los de todas las semillas, y van varias a la vez.
    """

    codigo: str
    semillas: int
    desde: int
    hasta: int
    segundos: float
    hechos: int
    solicitudes: int
    aceptadas: int
    rechazadas: int
    perdidos: int
    doblados: int
    fallidas: dict[int, list[str]]
    sin_correr: list[int]
    matriz: dict[str, Fila]


class _Renglon(msgspec.Struct, frozen=True):
    codigo: str
    veredicto: Veredicto


def silenciar() -> None:
    """Lo que el cliente del banco registra cuando le cortan la conexión no es noticia."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def carpeta_nueva() -> Path:
    """En memoria si la hay: lo que se prueba no es el disco. Legible: PostgreSQL corre con otro usuario."""
    memoria = Path("/dev/shm")  # noqa: S108
    donde = memoria if memoria.is_dir() and os.access(memoria, os.W_OK) else None
    carpeta = Path(tempfile.mkdtemp(prefix="senda-fallos-", dir=donde))
    carpeta.chmod(0o755)
    return carpeta


def correr(semillas: Sequence[int], procesos: int) -> Iterator[Veredicto | Suspenso]:
    """Las corre todas; las da según acaban. ``procesos``: bancos a la vez, si hay semillas para tantos."""
    contexto = multiprocessing.get_context("spawn")
    por_correr, acabadas = contexto.Queue(), contexto.Queue()
    for semilla in semillas:
        por_correr.put(semilla)
    cuantos = min(procesos, len(semillas))
    obreros = [contexto.Process(target=_obrero, args=(por_correr, acabadas)) for _ in range(cuantos)]
    for obrero in obreros:
        por_correr.put(None)
        obrero.start()
    try:
        for _ in semillas:
            yield acabadas.get()
    finally:
        for obrero in obreros:
            obrero.join(30)
            if obrero.is_alive():
                obrero.terminate()


def _hay_quien_mire() -> bool:
    """Si quien pidió la corrida sigue vivo: matado él, sus bancos no siguen ocupando la máquina."""
    quien = multiprocessing.parent_process()
    return quien is None or quien.is_alive()


def _obrero(por_correr: Queue[int | None], acabadas: Queue[Veredicto | Suspenso]) -> None:
    silenciar()
    siguiente = por_correr.get()
    while siguiente is not None:
        carpeta = carpeta_nueva()
        try:
            with Banco(carpeta) as banco:
                if banco.cluster.disco is None:
                    print(SIN_DISCO, flush=True)
                while siguiente is not None and _hay_quien_mire():
                    acabadas.put(Semilla(banco, siguiente).correr())
                    siguiente = por_correr.get()
        except Exception:  # noqa: BLE001  el banco se rompió: se apunta, y se monta otro
            acabadas.put(Suspenso(siguiente or 0, traceback.format_exc()))
            siguiente = por_correr.get() if _hay_quien_mire() else None
        finally:
            shutil.rmtree(carpeta, ignore_errors=True)


class Cuenta:
    """Va sumando veredictos hasta el informe.

    ``anotado``: archivo con un renglón por semilla; las que ya tenga de este mismo código no se corren otra vez.
    """

    def __init__(self, semillas: range, anotado: Path | None = None) -> None:
        self._semillas, self._anotado = semillas, anotado
        # Quienes piden y quien juzga son los de la simulación.
        self._codigo = huella_del_codigo("tests/fallos", "tests/simulacion", salvo={"__main__.py", "tanda.py"})
        self._sin_correr: list[int] = []
        anotadas = (msgspec.convert(r, _Renglon).veredicto for r in renglones(anotado, self._codigo))
        suyas = {veredicto.semilla: veredicto for veredicto in anotadas}
        self._buenas = [suyas[semilla] for semilla in semillas if semilla in suyas]

    @property
    def faltan(self) -> list[int]:
        """Las que quedan por correr."""
        corridas = {veredicto.semilla for veredicto in self._buenas}
        return [semilla for semilla in self._semillas if semilla not in corridas]

    @property
    def malas(self) -> int:
        """Las que encontraron faltas o no se pudieron correr."""
        return sum(bool(veredicto.faltas) for veredicto in self._buenas) + len(self._sin_correr)

    def anotar(self, acabada: Veredicto | Suspenso) -> None:
        if isinstance(acabada, Suspenso):
            self._sin_correr.append(acabada.semilla)
            return
        self._buenas.append(acabada)
        if self._anotado is not None:
            with self._anotado.open("ab") as salida:
                salida.write(msgspec.json.encode(_Renglon(self._codigo, acabada)) + b"\n")

    def informe(self) -> Informe:
        matriz: dict[str, Fila] = defaultdict(Fila)
        for veredicto in self._buenas:
            for averia in dict.fromkeys(veredicto.averias):
                fila = matriz[averia]
                fila.semillas += 1
                fila.perdidos += veredicto.perdidos
                fila.doblados += veredicto.doblados
                if veredicto.faltas:
                    fila.fallidas.append(veredicto.semilla)
        total: Any = {c: sum(getattr(v, c) for v in self._buenas) for c in ("hechos", "perdidos", "doblados")}
        enviadas, aceptadas = (sum(getattr(v, c) for v in self._buenas) for c in ("enviadas", "aceptadas"))
        return Informe(
            codigo=self._codigo, semillas=len(self._buenas), desde=self._semillas[0], hasta=self._semillas[-1],
            segundos=round(sum(v.segundos for v in self._buenas), 1),
            solicitudes=enviadas, aceptadas=aceptadas, rechazadas=enviadas - aceptadas,
            fallidas={v.semilla: list(v.faltas) for v in self._buenas if v.faltas},
            sin_correr=self._sin_correr, matriz=dict(sorted(matriz.items())), **total,
        )  # fmt: skip


def tabla(informe: Informe) -> str:
    """La matriz, en Markdown."""
    filas = [
        f"| {averia} | {f.semillas} | {f.perdidos} | {f.doblados} | {', '.join(map(str, f.fallidas)) or '—'} |"
        for averia, f in informe.matriz.items()
    ]
    return "\n".join(
        ["| avería | semillas | perdidos | doblados | semillas con falta |", "|---|---|---|---|---|", *filas]
    )


__all__ = ["Cuenta", "Informe", "Suspenso", "carpeta_nueva", "correr", "silenciar", "tabla"]
