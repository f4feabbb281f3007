"""`senda contratos`: los contratos publicados, que se generan del código y no se escriben a mano."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from senda import publicados

app = typer.Typer(no_args_is_help=True, help="Los contratos de mensajes: esquemas JSON y AsyncAPI.")


@app.callback()
def _grupo() -> None:
    """Con una sola orden, typer la fundiría con el grupo."""


@app.command()
def generar(
    comprobar: Annotated[bool, typer.Option("--comprobar", help="No escribir: salir con 1 si algo difiere.")] = False,
    carpeta: Annotated[Path, typer.Option(help="Dónde están.")] = publicados.CARPETA,
) -> None:
    """Escribe los contratos que dice el código."""
    if not comprobar:
        typer.echo(f"{publicados.escribir(carpeta)} archivos en {carpeta}")
        return
    distintos = publicados.diferencias(carpeta)
    for diferencia in distintos:
        typer.echo(diferencia, err=True)
    if distintos:
        typer.echo("los contratos no son lo que dice el código: senda contratos generar", err=True)
        raise typer.Exit(1)


__all__ = ["app"]
