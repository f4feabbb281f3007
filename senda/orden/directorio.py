"""`senda directorio`: qué instituciones hay, qué prestan, dónde, y qué tienen pendiente."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from contratos.base import Mandato
from eventos.listas import ServicioPedido
from senda import directorio as consulta
from senda.despliegue import DespliegueAusente
from senda.directorio import Ficha, InstitucionAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, fin

app = typer.Typer(help="Las instituciones: mandatos, servicios, cobertura y lo que tienen pendiente.")
T = TypeVar("T")


@app.callback(invoke_without_command=True)
def directorio(
    contexto: typer.Context,
    servicio: Annotated[ServicioPedido | None, typer.Option(help="Solo quienes lo prestan.")] = None,
    territorio: Annotated[
        str | None, typer.Option(help="Solo quienes lo cubren, entero o en parte: GT, GT-01, GT-01-0101.")
    ] = None,
    mandato: Annotated[Mandato | None, typer.Option(help="Solo quienes están facultadas para ello.")] = None,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Lista las instituciones del directorio."""
    if contexto.invoked_subcommand is not None:
        return
    halladas = _leer(
        lambda: consulta.fichas(
            carpeta, servicio=servicio and servicio.value, territorio=territorio, mandato=mandato and mandato.value
        )
    )
    if como_json:
        typer.echo(msgspec.json.encode(halladas))
    else:
        _tabla(halladas, Console())


@app.command()
def ver(
    codigo: Annotated[str, typer.Argument(metavar="CODIGO", help="Código de la institución, p. ej. GT-PGN.")],
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Todo lo que consta de una institución."""
    hallada = _leer(lambda: consulta.ficha(carpeta, codigo))
    if como_json:
        typer.echo(msgspec.json.encode(hallada))
    else:
        _contar(hallada, Console())


def _leer(mirar: Callable[[], T]) -> T:
    try:
        return mirar()
    except InstitucionAusente as error:
        fin(str(error), 1)
    except DespliegueAusente as error:
        fin(str(error), 2)
    except SQLAlchemyError:
        fin("la base de coordinación no contesta; «senda operar estado» dice más", 2)


def _tabla(halladas: list[Ficha], consola: Console) -> None:
    if not halladas:
        consola.print("Ninguna institución cumple lo que se pide.")
        return
    tabla = Table(box=None)
    for titulo in ("código", "país", "estado", "mandatos", "servicios", "cobertura", "pendientes", "vencidas"):
        tabla.add_column(titulo, no_wrap=titulo not in {"mandatos", "servicios", "cobertura"})
    for f in halladas:
        tabla.add_row(
            f.codigo, f.pais, _estado(f), ", ".join(f.mandatos), ", ".join(f.servicios), _cobertura(f),
            str(f.pendientes), f"[red]{f.vencidas}[/]" if f.vencidas else "0",
        )  # fmt: skip
    consola.print(tabla)


def _contar(f: Ficha, consola: Console) -> None:
    consola.print(f"[bold]{f.codigo}[/] · {f.pais} · {_estado(f)}")
    senal = f"{f.ultima_senal:%Y-%m-%d %H:%M} UTC" if f.ultima_senal else "nunca"
    for rotulo, valor in (
        ("mandatos", ", ".join(f.mandatos)),
        ("servicios", ", ".join(f.servicios) or "ninguno"),
        ("cobertura", ", ".join(f.cobertura) or "sin declarar"),
        ("clave pública de firma", f.clave_firma),
        ("encargos pendientes", str(f.pendientes)),
        ("de ellos, con un plazo vencido", str(f.vencidas)),
        ("última señal", senal),
    ):
        consola.print(f"  {rotulo}: {valor}", markup=False, highlight=False)


def _estado(f: Ficha) -> str:
    return "activa" if f.activa else "[red]suspendida[/]"


def _cobertura(f: Ficha) -> str:
    primeras = ", ".join(f.cobertura[:4])
    return primeras + (f" y {len(f.cobertura) - 4} más" if len(f.cobertura) > 4 else "")  # noqa: PLR2004
