"""`senda instrumentos`: qué instrumentos de detección hay y qué pregunta cada uno, con la fuente de cada indicador."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from contratos import instrumentos
from contratos.instrumentos import Instrumento, InstrumentoDesconocido, VersionDesconocida
from eventos.deteccion import Aplicador
from senda.orden.comun import ComoJson, progreso

app = typer.Typer(no_args_is_help=True, help="Los instrumentos de detección publicados y sus indicadores.")


@app.command()
def listar(
    aplicador: Annotated[Aplicador | None, typer.Option(help="Solo los que se aplican desde esta función.")] = None,
    como_json: ComoJson = False,
) -> None:
    """Los instrumentos que hay: desde qué función se aplican, sus versiones y cuántos indicadores tienen."""
    codigos = [i.instrumento for i in instrumentos.de_funcion(aplicador)] if aplicador else instrumentos.codigos()
    vigentes = [instrumentos.vigente(codigo) for codigo in codigos]
    if como_json:
        typer.echo(msgspec.json.encode([_resumido(i) for i in vigentes]))
        return
    tabla = Table(Column("instrumento", no_wrap=True), "versiones", "lo aplica", "indicadores", "de peligro", box=None)
    for i in vigentes:
        tabla.add_row(
            i.instrumento,
            ", ".join(instrumentos.versiones(i.instrumento)),
            ", ".join(i.aplicadores),
            str(len(i.indicadores)),
            str(_de_peligro(i)),
        )
    Console().print(tabla)


@app.command()
def ver(
    instrumento: Annotated[str, typer.Argument(help="Código del instrumento.")],
    version: Annotated[str | None, typer.Option(help="Qué versión; por omisión, la última.")] = None,
    como_json: ComoJson = False,
) -> None:
    """Un instrumento entero: qué pregunta, de dónde sale cada indicador y cuáles avisan de un peligro."""
    try:
        suyo = instrumentos.cargar(instrumento, version) if version else instrumentos.vigente(instrumento)
    except InstrumentoDesconocido:
        progreso.print(f"No hay ese instrumento; son: {', '.join(instrumentos.codigos())}.", style="red")
        raise typer.Exit(2) from None
    except VersionDesconocida:
        hay = ", ".join(instrumentos.versiones(instrumento))
        progreso.print(f"{instrumento} no está en esa versión; las hay: {hay}.", style="red")
        raise typer.Exit(2) from None
    if como_json:
        typer.echo(msgspec.json.encode(suyo))
    else:
        contar(suyo, Console())


def contar(suyo: Instrumento, consola: Console) -> None:
    """El instrumento para una persona."""
    consola.print(f"[bold]{escape(suyo.nombre)}[/] · {suyo.instrumento} {suyo.version}")
    consola.print(f"Lo aplica: {', '.join(suyo.aplicadores)}")
    consola.print(escape(f"Cómo se concluye: {suyo.regla.texto} [{suyo.regla.fuente}]"))
    consola.print(escape(f"Por qué estos indicadores: {suyo.seleccion}"))
    for limite in suyo.limites:
        consola.print(escape(f"Límite: {limite}"))
    listas: dict[str, str] = {}
    for seccion in suyo.secciones:
        consola.print(f"\n[bold]{escape(seccion.titulo)}[/]")
        tabla = Table(Column("código", no_wrap=True), "indicador", "peligro de ahora", box=None, pad_edge=False)
        for i in seccion.indicadores:
            tabla.add_row(i.codigo, escape(i.texto), f"[red]{i.peligro}[/]" if i.peligro else "")
            listas[i.lista] = i.fuente
        consola.print(tabla)
    consola.print("\n[bold]Fuentes[/]")
    for lista, fuente in listas.items():
        consola.print(escape(f"{lista}: {fuente}"))
    for criterio in dict.fromkeys(i.fuente_peligro for i in suyo.indicadores.values() if i.peligro):
        consola.print(escape(f"Qué señala peligro: {criterio}"))


def _resumido(suyo: Instrumento) -> dict[str, object]:
    return {
        "instrumento": suyo.instrumento,
        "nombre": suyo.nombre,
        "vigente": suyo.version,
        "versiones": instrumentos.versiones(suyo.instrumento),
        "aplicadores": suyo.aplicadores,
        "indicadores": len(suyo.indicadores),
        "de_peligro": _de_peligro(suyo),
    }


def _de_peligro(suyo: Instrumento) -> int:
    return sum(i.peligro is not None for i in suyo.indicadores.values())
