"""`senda credencial`: la clave de firma de una institución y lo público de los servicios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from infra.azar import AzarReal
from senda import credencial as credenciales
from senda.cliente import Credencial
from senda.despliegue import DespliegueAusente, leer
from senda.orden.comun import CARPETA_DEMO, Carpeta, progreso
from senda.ventanilla.claves import ClavesDeServicio, llanas

app = typer.Typer(no_args_is_help=True, help="Claves: la de firma de una institución y las públicas de los servicios.")

Codigo = Annotated[str, typer.Argument(metavar="CODIGO", help="Código de la institución, p. ej. GT-PGN.")]


@app.command()
def nueva(
    codigo: Codigo,
    archivo: Annotated[Path, typer.Option(help="Dónde guardar la clave privada (0600); no se pisa la que haya.")],
) -> None:
    """Crea una clave de firma y dice la pública, que es lo que se manda a la rectora para inscribirse."""
    try:
        nacida = Credencial.generar(credenciales.exigir_codigo(codigo), AzarReal())
        credenciales.guardar(archivo, nacida)
    except (credenciales.CredencialInvalida, OSError) as error:
        _fin(error, archivo)
    progreso.print(f"Clave de {codigo} en {archivo}: solo la lee su dueño y no sale de ahí. La pública:", markup=False)
    typer.echo(nacida.publica)


@app.command()
def publica(codigo: Codigo, archivo: Annotated[Path, typer.Argument(help="Archivo de la clave privada.")]) -> None:
    """La clave pública de una credencial guardada."""
    try:
        typer.echo(credenciales.leer(archivo, codigo).publica)
    except credenciales.CredencialInvalida as error:
        _fin(error, archivo)


@app.command()
def servicios(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Las claves públicas de los servicios, en JSON: el archivo que pide «senda solicitar --amqp … --servicios»."""
    try:
        claves = ClavesDeServicio.de_despliegue(leer(carpeta))
    except DespliegueAusente as error:
        _fin(error, carpeta)
    typer.echo(msgspec.json.format(msgspec.json.encode(llanas(claves))))


def _fin(error: Exception, donde: Path) -> NoReturn:
    mensaje = f"no se puede escribir en {donde}" if isinstance(error, OSError) else str(error)
    progreso.print(mensaje, style="red", markup=False)
    raise typer.Exit(2)
