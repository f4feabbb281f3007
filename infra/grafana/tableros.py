"""Los tableros de Grafana, de lo general a lo particular. ``python -m infra.grafana.tableros`` los escribe.

Las cifras del estado son las mismas en todas las réplicas (``max``); las del proceso las cuenta cada una (``sum``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from infra.grafana.servicio import SERVICIO
from infra.grafana.sistema import BUS, LIBRO, LLEGA

CARPETA: Final = Path(__file__).with_name("tableros")

TABLEROS: Final = (LLEGA, SERVICIO, LIBRO, BUS)


def textos() -> dict[str, bytes]:
    """Nombre de archivo -> contenido de cada tablero."""
    return {
        f"{tablero.uid}.json": msgspec.json.format(msgspec.json.encode(tablero.en_json()), indent=1) + b"\n"
        for tablero in TABLEROS
    }


def principal(argumentos: list[str] | None = None) -> int:
    """Escribe los tableros o, con ``--comprobar``, dice si los guardados son los que saldrían."""
    lector = argparse.ArgumentParser(prog="python -m infra.grafana.tableros", description="Genera los tableros.")
    lector.add_argument("--comprobar", action="store_true", help="no escribe: sale con 1 si no están al día")
    comprobar = lector.parse_args(argumentos).comprobar
    viejos = []
    for nombre, texto in textos().items():
        archivo = CARPETA / nombre
        if comprobar:
            viejos += [] if archivo.exists() and archivo.read_bytes() == texto else [nombre]
        else:
            archivo.write_bytes(texto)
    if viejos:
        print(f"no están al día: {', '.join(viejos)}; corre python -m infra.grafana.tableros", file=sys.stderr)  # noqa: T201
    return 1 if viejos else 0


if __name__ == "__main__":
    sys.exit(principal())
