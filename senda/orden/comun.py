"""Opciones que comparten las órdenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from servicios.auditoria.accesos import MotivoAcceso

#: Donde la demostración deja su despliegue si no se dice otra cosa, y donde las demás órdenes lo buscan.
CARPETA_DEMO = Path(".senda/demo")

Carpeta = Annotated[
    Path,
    typer.Option(envvar="SENDA_CARPETA", help="Carpeta del despliegue (claves, direcciones y, si es SQLite, bases)."),
]
ComoJson = Annotated[bool, typer.Option("--json", help="Un objeto JSON en la salida estándar, y nada más en ella.")]
Como = Annotated[str | None, typer.Option(help="Código de la institución que lee; por omisión, la rectora.")]
Motivo = Annotated[MotivoAcceso, typer.Option(help="Para qué se lee; queda en el registro de accesos.")]

#: Lo que se cuenta a la persona va aquí; la salida estándar es para el resultado.
progreso = Console(stderr=True)


def fin(mensaje: str, salida: int = 2) -> NoReturn:
    """Dice por qué no se hizo y sale. Sin partir líneas: lo que se dice puede ser una orden que se copia."""
    progreso.print(mensaje, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(salida)
