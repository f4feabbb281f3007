"""`senda bench`: cuánto tarda, como razón contra las primitivas en la misma corrida."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from senda.banco.base import SinBase, Sitio, exigir_postgresql, sitio
from senda.banco.camino.corrida import Corrida
from senda.banco.camino.grafica import dibujar, se_puede
from senda.banco.informe import Informe, en_tabla
from senda.banco.libro.corrida import medir
from senda.orden.comun import progreso

app = typer.Typer(
    no_args_is_help=True, help="Medir contra las primitivas, sobre los mismos bytes y en la misma corrida."
)


@app.callback()
def _bench() -> None:
    """Medir contra las primitivas, en la misma corrida."""


_PARA_LAS_METAS = 1_000_000


@app.command()
def libro(
    hechos: Annotated[int, typer.Option(min=1_000, help="Cuántos hechos tiene el libro mayor.")] = 1_000_000,
    json: Annotated[Path | None, typer.Option(metavar="ARCHIVO", help="Dónde dejar también el resultado.")] = None,
    base: Annotated[
        str | None,
        typer.Option(envvar="SENDA_BASE_URL", help="PostgreSQL en que crear una base, que se borra al final."),
    ] = None,
    semilla: Annotated[int, typer.Option(help="Los mismos bytes con la misma.")] = 1,
) -> None:
    """El libro: ingerir, verificar, probar inclusión, reproducir y memoria. Sale con 1 si algo no llega a su meta."""
    with TemporaryDirectory(prefix="senda-banco-") as temporal:
        carpeta = Path(temporal)
        try:
            with sitio(base, carpeta) as donde:
                informe = _informe(donde, hechos)
                for cifra in medir(donde, carpeta, hechos, semilla, _avisar):
                    informe.cifras.append(cifra)
        except SinBase as error:
            progreso.print(str(error), style="red")
            raise typer.Exit(2) from None
    _acabar(informe, json, hechos)


def _acabar(informe: Informe, json: Path | None, hechos: int) -> None:
    """Lo enseña, lo guarda y sale: con 1 si algo no llega a su meta."""
    informe.maquina["carga"] += f" → {_carga()}"
    Console().print(en_tabla(informe))
    for aviso in informe.avisos:
        progreso.print(aviso, style="yellow")
    if json is not None:
        json.write_bytes(informe.en_json())
    cortas = [c.que.strip() for c in informe.cifras if c.cumple is False]
    if cortas:
        progreso.print(f"No llegan a su meta aquí: {'; '.join(cortas)}.", style="yellow")
    # Las metas son para un millón de hechos en una máquina sin más trabajo: con menos, solo se dicen.
    raise typer.Exit(1 if cortas and hechos >= _PARA_LAS_METAS else 0)


@app.command()
def camino(
    hechos: Annotated[int, typer.Option(min=1_000, help="Hasta cuántos hechos crece.")] = 1_000_000,
    json: Annotated[Path | None, typer.Option(metavar="ARCHIVO", help="Dónde dejar también el resultado.")] = None,
    grafico: Annotated[Path | None, typer.Option(metavar="ARCHIVO", help="Dónde dibujarlo (.svg o .png).")] = None,
    base: Annotated[
        str | None,
        typer.Option(envvar="SENDA_BASE_URL", help="PostgreSQL en que crear una base, que se borra al final."),
    ] = None,
    amqp: Annotated[
        str, typer.Option(envvar="SENDA_AMQP_URL", help="RabbitMQ en que crear colas, que se borran al final.")
    ] = "amqp://guest:guest@127.0.0.1:5672/",
    vueltas: Annotated[int, typer.Option(min=1, help="Turnos de cada uno.")] = 5,
    semilla: Annotated[int, typer.Option(help="Los mismos ids con la misma.")] = 1,
) -> None:
    """De la solicitud en su cola al libro, con procesos de verdad. Sale con 1 si algo no llega a su meta."""
    with TemporaryDirectory(prefix="senda-banco-") as temporal:
        carpeta = Path(temporal)
        try:
            with sitio(base, carpeta) as donde:
                exigir_postgresql(donde)
                corrida = Corrida(donde, amqp, carpeta, hechos, semilla, _avisar, vueltas)
                informe = _informe(donde, hechos, "camino")
                informe.cifras.extend(corrida.medir())
        except SinBase as error:
            progreso.print(str(error), style="red")
            raise typer.Exit(2) from None
    if corrida.faltan:
        informe.avisos.append(f"sin instalar (requisitos-banco.txt): {', '.join(corrida.faltan)}")
    if grafico is not None and se_puede():
        dibujar(informe, grafico)
    _acabar(informe, json, hechos)


def _informe(donde: Sitio, hechos: int, banco: str = "libro") -> Informe:
    avisos = [] if donde.es_postgresql else ["sin PostgreSQL al alcance: todo va en SQLite, que no es la meta"]
    return Informe(
        banco=banco,
        instante=datetime.now(UTC).isoformat(timespec="seconds"),
        orden=f"senda bench {banco} --hechos {hechos}",
        maquina={
            "nucleos": str(len(os.sched_getaffinity(0))),
            "python": platform.python_version(),
            "base": donde.que_es,
            "carga": _carga(),
        },
        avisos=avisos,
    )


def _avisar(que: str) -> None:
    progreso.print(f"· {que}", style="dim")


def _carga() -> str:
    return f"{os.getloadavg()[0]:.1f}"


__all__ = ["app"]
