"""`senda boveda destruir`: dos personas, una espera y ningún mandato en pie."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from eventos.seguridad import MotivoDestruccion
from infra.seguridad.boveda.puertos import Quien
from senda.orden.comun import CARPETA_DEMO, Carpeta, progreso
from senda.orden.en_boveda import Agente, Institucion, Ruta, montada

app = typer.Typer(no_args_is_help=True, help="Destruir la clave de una persona: dos personas y una espera.")

Peticion = Annotated[UUID, typer.Argument(metavar="PETICION", help="Id que dio «destruir pedir».")]


@app.command()
def pedir(
    ruta: Ruta, motivo: MotivoDestruccion, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO
) -> None:
    """Pide destruir la clave de una persona. Escribe el id de la petición."""
    with montada(carpeta) as abierta:
        typer.echo(abierta.destruccion.pedir(Quien(institucion, agente), ruta, motivo))


@app.command()
def confirmar(peticion: Peticion, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Otra persona confirma. Desde entonces corre la espera."""
    with montada(carpeta) as abierta:
        desde = abierta.destruccion.confirmar(Quien(institucion, agente), peticion)
        progreso.print(f"Se podrá ejecutar desde {desde:%Y-%m-%d %H:%M} UTC.")


@app.command()
def desistir(peticion: Peticion, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Para una petición en curso."""
    with montada(carpeta) as abierta:
        abierta.destruccion.desistir(Quien(institucion, agente), peticion)


@app.command()
def ejecutar(peticion: Peticion, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Destruye la clave, pasada la espera. No tiene vuelta."""
    with montada(carpeta) as abierta:
        abierta.ejecutar(Quien(institucion, agente), peticion)
        progreso.print("Destruida. Si guardas copia del paquete de recuperación, sustitúyela y destruye la anterior.")


@app.command()
def ver(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Las peticiones de destruir y en qué está cada una."""
    tabla = Table("petición", "ruta", "motivo", "estado", "pedida (UTC)", "ejecutable desde", box=None)
    with montada(carpeta) as abierta:
        for p in abierta.destruccion.peticiones():
            desde = f"{p.ejecutable:%Y-%m-%d %H:%M}" if p.ejecutable else "—"
            tabla.add_row(str(p.id), str(p.ruta), p.motivo, p.estado, f"{p.pedida:%Y-%m-%d %H:%M}", desde)
    Console(width=200).print(tabla)


__all__ = ["app"]
