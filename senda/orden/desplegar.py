"""`senda desplegar`: lo que un despliegue en contenedores necesita una vez, antes de que arranque nadie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import reparto
from senda.despliegue import DespliegueAusente
from senda.orden.comun import Carpeta, fin, progreso
from senda.secretos import Secretos

app = typer.Typer(no_args_is_help=True, help="Contenedores: los secretos de los servidores y la carpeta de cada uno.")


@app.command()
def secretos(
    destino: Annotated[Path, typer.Option(help="Carpeta con una por servidor; lo que está no se toca.")],
    anfitrion: Annotated[
        list[str] | None, typer.Option(help="Nombre o IP con que se llega a ellos desde fuera; se puede repetir.")
    ] = None,
) -> None:
    """Autoridad, certificados y contraseñas de RabbitMQ y PostgreSQL: cada uno en la carpeta de quien lo usa."""
    ademas = ["localhost", "127.0.0.1", *(anfitrion or [])]
    creados = Secretos(destino, AzarReal(), RelojReal().ahora(), ademas).preparar()
    progreso.print(f"Nuevos: {', '.join(creados) or 'ninguno'}.", markup=False, highlight=False)


@app.command()
def repartir(
    carpeta: Carpeta,
    destino: Annotated[Path, typer.Option(help="Donde va la de cada proceso.")],
    maestra: Annotated[Path, typer.Option(help="Donde vive la clave que comparten quienes sellan.")],
) -> None:
    """Da a cada proceso una carpeta con lo suyo y nada más. Repetirlo las pone al día."""
    try:
        hechas = reparto.repartir(carpeta, destino, maestra)
    except DespliegueAusente as error:
        fin(str(error))
    except FileExistsError:
        fin("en ese sitio hay otra maestra: no es de este despliegue")
    progreso.print(f"Repartido: {', '.join(hechas)}.", markup=False, highlight=False)


__all__ = ["app"]
