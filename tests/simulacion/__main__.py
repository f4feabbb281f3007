"""`python -m tests.simulacion --cuantas N`: corre N semillas y dice cuántas; con `--semilla N -v`, cuenta una."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from tests.anotado import renglones
from tests.simulacion.cobertura import informe
from tests.simulacion.corrida import Veredicto, correr
from tests.simulacion.guion import Guion, Regresion
from tests.simulacion.larga import Balance, codigo, correr_muchas, sumado
from tests.simulacion.mutaciones import POR_NOMBRE, quitada
from tests.simulacion.reductor import reducir

REGRESIONES = Path(__file__).with_name("regresiones")


def main() -> int:
    """Corre una o varias semillas; el código de salida dice si alguna encontró faltas o dejó de correrse."""
    dado = _argumentos()
    if dado.reducir or dado.detalle or dado.repetir:
        return _una(dado)
    if dado.fundir:
        juntos = fundidos(renglones(dado.json, codigo()))
        dado.fundir.write_text("".join(f"{json.dumps(r, ensure_ascii=False)}\n" for r in juntos), encoding="utf-8")
        return 0
    inicio = time.monotonic()

    def progreso(balance: Balance) -> None:
        van = len(balance.corridas)
        ritmo = van / max(time.monotonic() - inicio, 1e-9)
        print(f"\r{van} semillas, {ritmo:.1f}/s, {len(balance.faltas)} con faltas", end="", file=sys.stderr)

    balance = correr_muchas(dado.semilla, dado.cuantas, dado.procesos, dado.json, progreso if dado.progreso else _nada)
    for semilla, faltas in sorted(balance.faltas.items()):
        print(f"semilla {semilla}: {'; '.join(faltas)}\n  python -m tests.simulacion --semilla {semilla} --reducir")
    van = len(balance.corridas)
    cada_una = balance.segundos / max(van, 1)
    print(
        f"{van} semillas corridas de {dado.cuantas} pedidas, {balance.hechos} hechos, {len(balance.faltas)} con faltas;"
        f" {time.monotonic() - inicio:.0f} s, {balance.segundos:.0f} de CPU ({cada_una:.3f} cada semilla)"
    )
    mal = bool(balance.faltas) or van != dado.cuantas
    if dado.cobertura:
        texto, completa = informe(balance.sucesos)
        print(texto)
        mal = mal or not completa
    if dado.resumen:
        _resumir(sumado(dado.json) if dado.json else balance, dado.resumen)
    return 1 if mal else 0


def _nada(_balance: Balance) -> None:
    """Sin progreso."""


def _argumentos() -> argparse.Namespace:
    argumentos = argparse.ArgumentParser(
        prog="python -m tests.simulacion", description="Simulación determinista de Senda"
    )
    argumentos.add_argument("--semilla", type=int, default=1, help="la primera")
    argumentos.add_argument("--cuantas", type=int, default=1, help="cuántas seguidas")
    argumentos.add_argument(
        "--procesos", type=_procesos, default=1, help="cuántas a la vez; auto, una por núcleo (8 como mucho)"
    )
    argumentos.add_argument("--json", type=Path, help="archivo donde anotarlo por lotes; si existe, se reanuda")
    argumentos.add_argument("--resumen", type=Path, help="archivo donde sumar todo lo anotado en --json")
    argumentos.add_argument(
        "--fundir", type=Path, help="archivo donde dejar lo de --json, un renglón por tramo seguido"
    )
    argumentos.add_argument("--progreso", action="store_true", help="dice por dónde va")
    argumentos.add_argument("--cobertura", action="store_true", help="exige que se alcance todo lo que puede ocurrir")
    argumentos.add_argument("--turnos", type=int, default=0, help="turnos; 0, los que diga la semilla")
    argumentos.add_argument("-v", dest="detalle", action="store_true", help="cuenta cada avería y cada muerte")
    argumentos.add_argument("--reducir", action="store_true", help="acorta la historia que falla y la guarda")
    argumentos.add_argument("--repetir", type=Path, help="repite la historia de un archivo de regresiones")
    argumentos.add_argument("--sin", default="", choices=["", *POR_NOMBRE], help="sin esa defensa (mutación)")
    argumentos.add_argument("--porque", default="", help="qué defecto enseña la que se guarda")
    dado = argumentos.parse_args()
    if dado.fundir and not (dado.json and dado.json.exists()):
        argumentos.error("--fundir junta lo anotado en --json: di en qué archivo está")
    return dado


def fundidos(anotados: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Los mismos renglones, con los de semillas seguidas en uno: se reanuda igual, y cabe en el repositorio."""
    juntos: list[dict[str, Any]] = []
    for renglon in sorted(anotados, key=lambda r: int(r["desde"])):
        ultimo = juntos[-1] if juntos else None
        if ultimo is None or ultimo["desde"] + ultimo["semillas"] != renglon["desde"]:
            juntos.append({**renglon})
            continue
        for cuenta in ("semillas", "hechos", "segundos"):
            ultimo[cuenta] += renglon[cuenta]
        ultimo["faltas"] = ultimo["faltas"] | renglon["faltas"]
        ultimo["sucesos"] = dict(sorted((Counter(ultimo["sucesos"]) + Counter(renglon["sucesos"])).items()))
        ultimo["raices"] = sha256(bytes.fromhex(ultimo["raices"] + renglon["raices"])).hexdigest()
    return juntos


def _procesos(texto: str) -> int:
    return min(os.cpu_count() or 1, 8) if texto == "auto" else int(texto)


def _resumir(balance: Balance, archivo: Path) -> None:
    datos = {
        "codigo": codigo(),
        "semillas": len(balance.corridas),
        "tramos": balance.tramos,
        "hechos": balance.hechos,
        "segundos_cpu": round(balance.segundos),
        "faltas": {str(semilla): faltas for semilla, faltas in sorted(balance.faltas.items())},
        "sucesos": dict(sorted(balance.sucesos.items())),
    }
    archivo.write_text(json.dumps(datos, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _una(dado: argparse.Namespace) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    regresion = Regresion.leer(dado.repetir) if dado.repetir else None
    guion = regresion.guion if regresion else None
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
    # Sin la traza de la excepción: trae rutas de esta máquina, y `--repetir` la vuelve a dar.
    cuenta = [texto for texto in cuenta if not texto.startswith("Traceback")]
    porque = porque or (POR_NOMBRE[sin].__doc__ if sin else "") or final.faltas[0]
    Regresion(porque, corta, (*cuenta[:40], *final.faltas[:5]), sin).guardar(archivo)
    print(f"\nde {len(veredicto.guion.piezas)} piezas quedan {len(corta.piezas)}: {archivo}")


if __name__ == "__main__":
    sys.exit(main())
