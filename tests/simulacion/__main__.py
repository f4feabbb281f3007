"""`python -m tests.simulacion --semilla N -v`: repite una semilla contando lo que pasa; `--reducir`, la acorta."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

import structlog

from tests.simulacion.cobertura import informe
from tests.simulacion.corrida import Veredicto, correr
from tests.simulacion.guion import Guion, Regresion
from tests.simulacion.larga import Balance, correr_muchas
from tests.simulacion.mutaciones import POR_NOMBRE, quitada
from tests.simulacion.reductor import reducir

REGRESIONES = Path(__file__).with_name("regresiones")


def main() -> int:
    """Corre una o varias semillas; el código de salida dice si alguna encontró faltas."""
    dado = _argumentos()
    if dado.reducir or dado.detalle or dado.repetir:
        return _una(dado)
    inicio = time.monotonic()

    def progreso(balance: Balance) -> None:
        ritmo = balance.semillas / max(time.monotonic() - inicio, 1e-9)
        print(
            f"\r{balance.semillas} semillas, {ritmo:.1f}/s, {len(balance.faltas)} con faltas", end="", file=sys.stderr
        )

    balance = correr_muchas(dado.semilla, dado.cuantas, dado.procesos, dado.json, progreso)
    print(file=sys.stderr)
    for semilla, faltas in sorted(balance.faltas.items()):
        print(f"semilla {semilla}: {'; '.join(faltas)}\n  python -m tests.simulacion --semilla {semilla} --reducir")
    print(
        f"{balance.semillas} semillas, {balance.hechos} hechos, {len(balance.faltas)} con faltas; "
        f"{time.monotonic() - inicio:.0f} s ({balance.segundos:.0f} de CPU)"
    )
    mal = bool(balance.faltas)
    if dado.cobertura:
        texto, completa = informe(balance.sucesos)
        print(texto)
        mal = mal or not completa
    return 1 if mal else 0


def _argumentos() -> argparse.Namespace:
    argumentos = argparse.ArgumentParser(
        prog="python -m tests.simulacion", description="Simulación determinista de Senda"
    )
    argumentos.add_argument("--semilla", type=int, default=1, help="la primera")
    argumentos.add_argument("--cuantas", type=int, default=1, help="cuántas seguidas")
    argumentos.add_argument("--procesos", type=int, default=1, help="cuántas a la vez")
    argumentos.add_argument("--json", type=Path, help="archivo donde anotarlo por lotes; si existe, se reanuda")
    argumentos.add_argument("--cobertura", action="store_true", help="exige que se alcance todo lo que puede ocurrir")
    argumentos.add_argument("--turnos", type=int, default=0, help="turnos; 0, los que diga la semilla")
    argumentos.add_argument("-v", dest="detalle", action="store_true", help="cuenta cada avería y cada muerte")
    argumentos.add_argument("--reducir", action="store_true", help="acorta la historia que falla y la guarda")
    argumentos.add_argument("--repetir", type=Path, help="repite la historia de un archivo de regresiones")
    argumentos.add_argument("--sin", default="", choices=["", *POR_NOMBRE], help="sin esa defensa (mutación)")
    argumentos.add_argument("--porque", default="", help="qué defecto enseña la que se guarda")
    return argumentos.parse_args()


def _una(dado: argparse.Namespace) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    guion = Regresion.leer(dado.repetir).guion if dado.repetir else None
    semilla = guion.semilla if guion else dado.semilla
    contar = print if dado.detalle else lambda _texto: None
    with quitada(dado.sin):
        veredicto = correr(semilla, contar, dado.turnos, guion)
        print(veredicto)
        if dado.reducir and veredicto.faltas:
            _guardar_reducida(veredicto, dado.sin, dado.porque)
    return 1 if veredicto.faltas else 0


def _guardar_reducida(veredicto: Veredicto, sin: str, porque: str) -> None:
    def falla(guion: Guion) -> bool:
        return bool(correr(guion.semilla, guion=guion).faltas)

    corta = reducir(veredicto.guion, falla, lambda texto: print(f"\r{texto}   ", end="", file=sys.stderr))
    cuenta: list[str] = []
    final = correr(corta.semilla, cuenta.append, guion=corta)
    archivo = REGRESIONES / f"{sin or 'defecto'}-{corta.semilla}.json"
    REGRESIONES.mkdir(exist_ok=True)
    legible = [linea for texto in (*cuenta, *final.faltas[:5]) for linea in texto.splitlines()]
    Regresion(porque or final.faltas[0], corta, tuple(legible[:60]), sin).guardar(archivo)
    print(f"\nde {len(veredicto.guion.piezas)} piezas quedan {len(corta.piezas)}: {archivo}")


if __name__ == "__main__":
    sys.exit(main())
