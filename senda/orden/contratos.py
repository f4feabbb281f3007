"""`senda contratos`: los contratos publicados, que se generan del código, y lo que les hace un cambio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from contratos import publicaciones
from contratos.comparacion import Cambio
from contratos.comparacion import comparar as comparar_formas
from contratos.publicaciones import PublicacionInvalida
from contratos.retiradas import RetiradaInvalida, declaradas
from contratos.validacion import validar as validar_mensaje
from infra.reloj import RelojReal
from senda import contratos_previos, publicados
from senda.contratos_previos import SinContratos
from senda.orden.comun import ComoJson, progreso

app = typer.Typer(no_args_is_help=True, help="Los contratos de mensajes: esquemas JSON y AsyncAPI.")
reloj = RelojReal()
_QUE_HACER: Final = """Lo publicado no se rompe. En vez de cambiar esa versión:
  1. añade el campo como opcional o el mensaje como tipo nuevo, si basta; o
  2. declara una versión nueva (version=2) junto a la anterior, con su elevador en eventos/versiones.py si es un hecho
     y su muestra dorada (python -m tests.dorados.generar; la de la versión 1 se queda); y
  3. para dejar de admitir la vieja, anúnciala antes en contratos/retiradas.toml y publica.
docs/contratos.md lo explica."""


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


@app.command()
def comparar(
    referencia: Annotated[
        str | None,
        typer.Argument(metavar="[REF]", help="Commit, etiqueta o rama de git, publicación (0.1.0) o carpeta."),
    ] = None,
    con: Annotated[
        Path | None, typer.Option("--con", help="Carpeta que se compara; por omisión, lo que dice el código.")
    ] = None,
    como_json: ComoJson = False,
) -> None:
    """Qué cambió desde REF, campo a campo, y si rompe a una institución. Sin REF, desde la última publicación.

    Sale con 0 si nada se rompe, con 1 si algo se rompe y con 2 si en REF no hay contratos.
    """
    try:
        desde = referencia or _ultima().version
        viejas = contratos_previos.leer(desde)
        nuevas = publicados.formas() if con is None else contratos_previos.de_carpeta(con)
    except (SinContratos, PublicacionInvalida, RetiradaInvalida) as error:
        progreso.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    cambios = comparar_formas(viejas, nuevas, reloj.ahora().date())
    rotos = sum(c.rompe for c in cambios)
    if como_json:
        resumen = {"desde": desde, "rompen": rotos, "compatibles": len(cambios) - rotos, "cambios": cambios}
        typer.echo(msgspec.json.encode(resumen))
    else:
        _contar(desde, cambios, rotos)
    raise typer.Exit(1 if rotos else 0)


@app.command()
def validar(
    archivo: Annotated[str, typer.Argument(metavar="ARCHIVO|-", help="Un mensaje en JSON; «-», la entrada estándar.")],
    como_json: ComoJson = False,
) -> None:
    """Comprueba una solicitud, acuse, aviso o hecho contra su esquema: línea y campo de cada fallo, nunca el valor.

    Sale con 0 si cumple, con 1 si no y con 2 si no se puede leer el archivo.
    """
    try:
        cuerpo = sys.stdin.buffer.read() if archivo == "-" else Path(archivo).read_bytes()
    except OSError:
        progreso.print("No se puede leer ese archivo.", style="red")
        raise typer.Exit(2) from None
    validado = validar_mensaje(cuerpo, publicados.esquemas())
    if como_json:
        typer.echo(msgspec.json.encode({"vale": not validado.fallos, **msgspec.to_builtins(validado)}))
    else:
        for marca, hallados in (("✗", validado.fallos), ("!", validado.avisos)):
            for fallo in hallados:
                campo = f"{fallo.campo}: " if fallo.campo else ""
                typer.echo(f"{marca} línea {fallo.linea} · {campo}{fallo.que_hacer}")
        if not validado.fallos:
            typer.echo(f"✓ {validado.mensaje} {validado.tipo}: cumple su esquema")
    raise typer.Exit(1 if validado.fallos else 0)


@app.command()
def publicar(version: Annotated[str, typer.Argument(help="Número de la publicación: 0.2.0.")]) -> None:
    """Congela los contratos de hoy como lo publicado para terceros. Desde entonces, romperlos falla en CI."""
    try:
        nueva = publicados.publicar(version, reloj.ahora().date())
    except (PublicacionInvalida, RetiradaInvalida) as error:
        progreso.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    # La versión que dice el AsyncAPI es la de la última publicación.
    publicados.escribir()
    typer.echo(f"{nueva.version} publicada con {len(nueva.huellas)} archivos: confírmala en git y etiquétala")


@app.command()
def retiradas(como_json: ComoJson = False) -> None:
    """Los mensajes que dejarán de existir, desde cuándo y con qué se sustituyen."""
    try:
        hay = sorted(declaradas().values(), key=lambda r: (r.retirada, r.tipo))
    except RetiradaInvalida as error:
        progreso.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    if como_json:
        typer.echo(msgspec.json.encode(hay))
        return
    for retirada in hay:
        typer.echo(f"{retirada.tipo}: {retirada}")
    if not hay:
        typer.echo("Ninguno se retira.")


def _ultima() -> publicaciones.Publicacion:
    publicada = publicaciones.ultima()
    if publicada is None:
        raise SinContratos("Aún no hay ninguna publicación: di con qué comparar.")
    return publicada


def _contar(desde: str, cambios: list[Cambio], rotos: int) -> None:
    if not cambios:
        typer.echo(f"Los contratos son los de {desde}.")
        return
    columnas = (Column("", no_wrap=True), Column("mensaje", overflow="fold"), Column("campo", overflow="fold"))
    tabla = Table(*columnas, "cambio", box=None, pad_edge=False)
    for c in sorted(cambios, key=lambda c: not c.rompe):
        marca, estilo = ("✗ rompe", "red") if c.rompe else ("✓", "")
        que = f"{c.que}: {c.efecto} en lo que {c.direccion}" if c.rompe else c.que
        tabla.add_row(marca, c.archivo.removesuffix(".json"), escape(c.campo) or "—", escape(que), style=estilo)
    Console().print(tabla)
    typer.echo(f"Desde {desde}: {rotos} rompen, {len(cambios) - rotos} compatibles.")
    if rotos:
        typer.echo(_QUE_HACER, err=True)


__all__ = ["app"]
