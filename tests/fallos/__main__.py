"""`python -m tests.fallos --semilla N -v`: repite una semilla contando lo que pasa."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.fallos.corrida import Banco, Semilla


def main() -> int:
    argumentos = argparse.ArgumentParser(prog="python -m tests.fallos", description="Banco de averías de Senda")
    argumentos.add_argument("--semilla", type=int, default=1, help="la primera")
    argumentos.add_argument("--cuantas", type=int, default=1, help="cuántas seguidas")
    argumentos.add_argument("--averias", default="", help="estas, separadas por comas, en vez de las de la semilla")
    argumentos.add_argument("-v", dest="detalle", action="store_true", help="cuenta cada avería")
    dado = argumentos.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    malas = 0
    carpeta = Path(tempfile.mkdtemp(prefix="senda-fallos-", dir="/dev/shm"))
    carpeta.chmod(0o755)
    with Banco(carpeta) as banco:
        for numero in range(dado.semilla, dado.semilla + dado.cuantas):
            averias = [a for a in dado.averias.split(",") if a]
            veredicto = Semilla(banco, numero, averias, print if dado.detalle else lambda _t: None).correr()
            print(veredicto, flush=True)
            malas += bool(veredicto.faltas)
    return 1 if malas else 0


if __name__ == "__main__":
    sys.exit(main())
