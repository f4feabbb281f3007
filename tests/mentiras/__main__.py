"""`python -m tests.mentiras`: un operador con todas las claves miente de cada manera, y se ve qué lo delata.

Sale con 1 si algo que debía notarse no se nota, o si se nota lo que la tabla dice que así no puede notarse.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tests.mentiras.catalogo import MENTIRAS, en_lineas, en_markdown
from tests.mentiras.demostracion import Demostracion, en_postgresql, en_sqlite
from tests.mentiras.juicio import Hallazgo, juzgar, sin_mentir
from tests.mentiras.mentira import Mentira
from tests.servicios_reales import POSTGRES, falla_base


def main() -> int:
    """Monta, miente y cuenta lo que se halló."""
    argumentos = argparse.ArgumentParser(prog="python -m tests.mentiras", description="Mentirle al libro de Senda")
    argumentos.add_argument("--base", help="PostgreSQL de superusuario; si no, el de esta máquina si atiende")
    argumentos.add_argument("--solo-sqlite", action="store_true", help="aunque haya PostgreSQL")
    argumentos.add_argument("--tabla", action="store_true", help="no miente: escribe la tabla de docs/libro.md")
    dado = argumentos.parse_args()
    if dado.tabla:
        print(en_markdown())
        return 0
    if dado.base:
        dado.base = dado.base.replace("postgresql://", "postgresql+psycopg://", 1)
    if dado.base and (falla := falla_base(dado.base)):
        print(f"la base indicada no atiende: {falla}", file=sys.stderr)
        return 2
    servidor = None if dado.solo_sqlite else dado.base or _de_esta_maquina()
    with ExitStack() as pila:
        taller = Path(pila.enter_context(TemporaryDirectory(prefix="senda-mentiras-")))
        malas = _mentir("SQLite", _montar("SQLite", lambda: en_sqlite(_carpeta(taller, "sqlite"))), taller, MENTIRAS)
        if servidor is not None:
            postgresql = en_postgresql(_carpeta(taller, "postgresql"), servidor)
            demostracion = _montar("PostgreSQL", lambda: pila.enter_context(postgresql))
            malas += _mentir("PostgreSQL", demostracion, taller, [m for m in MENTIRAS if m.en_bases])
        else:
            print("PostgreSQL: no se miró; di cuál con --base")
    print(f"{len(MENTIRAS)} mentiras, {malas} renglones que no son como dice la tabla")
    return 1 if malas else 0


def _mentir(base: str, demostracion: Demostracion, taller: Path, mentiras: Sequence[Mentira]) -> int:
    """Comete cada una; devuelve cuántos renglones no son como debían."""
    print(f"\n{base}")
    hallazgos: list[Hallazgo] = sin_mentir(demostracion, taller / "verdad")
    for hallazgo in hallazgos:
        if not hallazgo.cumple:
            print(f"  ✗ sin mentir: {hallazgo.espera.orden} dijo {', '.join(hallazgo.codigos)}")
    consola = Console(stderr=True)
    with Progress(
        TextColumn(base), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), console=consola,
        transient=True, disable=not consola.is_terminal,
    ) as barra:  # fmt: skip
        tarea = barra.add_task("", total=len(mentiras))
        for mentira in mentiras:
            barra.update(tarea, description=mentira.nombre)
            suyos = juzgar(mentira, demostracion, taller / mentira.nombre)
            print("\n".join(en_lineas(mentira, suyos)), flush=True)
            hallazgos += suyos
            barra.advance(tarea)
    return sum(not h.cumple for h in hallazgos)


def _montar(base: str, montar: Callable[[], Demostracion]) -> Demostracion:
    print(f"montando la demostración en {base}…", file=sys.stderr)
    comienzo = time.monotonic()
    demostracion = montar()
    print(f"lista en {time.monotonic() - comienzo:.1f} s", file=sys.stderr)
    return demostracion


def _carpeta(taller: Path, nombre: str) -> Path:
    carpeta = taller / nombre
    carpeta.mkdir()
    return carpeta


def _de_esta_maquina() -> str | None:
    return next((url for url in POSTGRES.locales if not falla_base(url)), None)


if __name__ == "__main__":
    sys.exit(main())
