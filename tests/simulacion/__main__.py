"""`python -m tests.simulacion --semilla N -v`: repite una semilla contando lo que pasa."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time

import structlog

from tests.simulacion.corrida import correr


def main() -> int:
    """Corre una o varias semillas; el código de salida dice si alguna encontró faltas."""
    argumentos = argparse.ArgumentParser(
        prog="python -m tests.simulacion", description="Simulación determinista de Senda"
    )
    argumentos.add_argument("--semilla", type=int, default=1, help="la primera")
    argumentos.add_argument("--cuantas", type=int, default=1, help="cuántas seguidas")
    argumentos.add_argument(
        "--turnos", type=int, default=0, help="turnos de las instituciones; 0, los que diga la semilla"
    )
    argumentos.add_argument("-v", dest="detalle", action="store_true", help="cuenta cada avería y cada muerte")
    argumentos.add_argument("--json", action="store_true", help="un objeto por semilla")
    dado = argumentos.parse_args()
    if not dado.detalle:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    malas = 0
    for semilla in range(dado.semilla, dado.semilla + dado.cuantas):
        inicio = time.process_time()
        veredicto = correr(semilla, print if dado.detalle else lambda _texto: None, dado.turnos)
        malas += bool(veredicto.faltas)
        if dado.json:
            print(json.dumps({"semilla": semilla, "raiz": veredicto.raiz, "faltas": veredicto.faltas}))
        else:
            print(veredicto, f"({time.process_time() - inicio:.2f} s)", f"{veredicto.averias}" if dado.detalle else "")
    return 1 if malas else 0


if __name__ == "__main__":
    sys.exit(main())
