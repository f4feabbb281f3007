"""`python -m tests.fallos --semilla N -v`: repite una semilla contando lo que pasa. Sin `-v`, muchas a la vez."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import msgspec

from tests.fallos.averias import CATALOGO
from tests.fallos.corrida import Banco, Semilla
from tests.fallos.tanda import Cuenta, Informe, Suspenso, carpeta_nueva, correr, silenciar, tabla


def main() -> int:
    """Corre semillas; el código de salida dice si alguna encontró faltas, o no se pudo correr."""
    argumentos = argparse.ArgumentParser(prog="python -m tests.fallos", description="Banco de averías de Senda")
    argumentos.add_argument("--semilla", type=int, default=1, help="la primera")
    argumentos.add_argument("--cuantas", type=int, default=1, help="cuántas seguidas")
    argumentos.add_argument("--procesos", type=int, default=2, help="bancos a la vez, cada uno con sus servidores")
    argumentos.add_argument("--averias", default="", help="estas, separadas por comas, y no las de la semilla")
    argumentos.add_argument("--anotado", type=Path, help="un renglón por semilla; si existe, se reanuda")
    argumentos.add_argument("--json", type=Path, help="dónde escribir el informe")
    argumentos.add_argument("-v", dest="detalle", action="store_true", help="cuenta cada avería; en un solo banco")
    dado = argumentos.parse_args()
    averias = [a for a in dado.averias.split(",") if a]
    if sobran := set(averias) - set(CATALOGO):
        argumentos.error(f"no hay averías {', '.join(sorted(sobran))}; las hay: {', '.join(CATALOGO)}")
    semillas = range(dado.semilla, dado.semilla + dado.cuantas)
    if dado.detalle or averias:
        return _contando(semillas, averias)
    cuenta = Cuenta(semillas, dado.anotado)
    for acabada in correr(cuenta.faltan, dado.procesos):
        cuenta.anotar(acabada)
        if isinstance(acabada, Suspenso):
            print(f"semilla {acabada.semilla} SIN CORRER\n{acabada.motivo}", flush=True)
        else:
            print(acabada, flush=True)
        if dado.json:
            _escribir(dado.json, cuenta.informe())  # tras cada una: cortada, queda lo corrido
    informe = cuenta.informe()
    if dado.json:
        _escribir(dado.json, informe)
    print(f"\n{tabla(informe)}\n\n{informe.semillas} semillas corridas de {len(semillas)} pedidas")
    return 1 if cuenta.malas else 0


def _escribir(archivo: Path, informe: Informe) -> None:
    nuevo = archivo.with_suffix(".nuevo")
    nuevo.write_bytes(msgspec.json.format(msgspec.json.encode(informe)) + b"\n")
    nuevo.replace(archivo)


def _contando(semillas: range, averias: list[str]) -> int:
    silenciar()
    malas, carpeta = 0, carpeta_nueva()
    try:
        with Banco(carpeta) as banco:
            for numero in semillas:
                veredicto = Semilla(banco, numero, averias, print).correr()
                print(veredicto, flush=True)
                malas += bool(veredicto.faltas)
    finally:
        shutil.rmtree(carpeta, ignore_errors=True)
    return 1 if malas else 0


if __name__ == "__main__":
    sys.exit(main())
