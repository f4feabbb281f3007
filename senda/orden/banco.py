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

from senda.banco.base import DE_LA_MAQUINA, SinBase, Sitio, exigir_postgresql, sitio
from senda.banco.camino.corrida import Corrida
from senda.banco.camino.grafica import dibujar, se_puede
from senda.banco.hostil.corrida import Plan
from senda.banco.hostil.corrida import medir as medir_hostil
from senda.banco.hostil.pais import DEL_BUS, en_marcha
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


@app.command()
def hostil(
    vueltas: Annotated[int, typer.Option(min=1, help="Veces que se alternan reposo y ataque.")] = 3,
    muestras: Annotated[int, typer.Option(min=1, help="Solicitudes normales que se miden en cada una.")] = 60,
    segundos: Annotated[float, typer.Option(min=1, help="Lo que dura como mucho cada medida.")] = 12.0,
    ritmo: Annotated[int, typer.Option(min=100, help="Mensajes hostiles por segundo.")] = 2000,
    amqp: Annotated[str, typer.Option(help="RabbitMQ en que declarar, con prefijo propio.")] = DEL_BUS,
    api: Annotated[
        str | None, typer.Option(help="Su API de gestión: llena la cola de quien no lee y da usuarios propios.")
    ] = None,
    base: Annotated[
        str, typer.Option(envvar="SENDA_BASE_URL", help="PostgreSQL en que crear esquemas y usuarios, que se borran.")
    ] = DE_LA_MAQUINA,
    json: Annotated[Path | None, typer.Option(metavar="ARCHIVO", help="Dónde dejar también el resultado.")] = None,
) -> None:
    """Cuánto retrasa a las demás una institución que inunda, manda basura o no lee. Sale con 1 si pasa de su meta."""
    plan = Plan(vueltas, muestras, segundos, ritmo)
    orden = f"senda bench hostil --vueltas {vueltas} --muestras {muestras} --segundos {segundos:g} --ritmo {ritmo}"
    with (
        TemporaryDirectory(prefix="senda-banco-") as temporal,
        en_marcha(Path(temporal) / "pais", amqp, base, api) as pais,
    ):
        informe = _de("hostil", orden, "PostgreSQL y RabbitMQ")
        for cifra in medir_hostil(pais, plan, _avisar):
            informe.cifras.append(cifra)
    informe.maquina["carga"] += f" → {_carga()}"
    Console().print(en_tabla(informe))
    if json is not None:
        json.write_bytes(informe.en_json())
    raise typer.Exit(1 if any(c.cumple is False for c in informe.cifras) else 0)


def _informe(donde: Sitio, hechos: int, banco: str = "libro") -> Informe:
    informe = _de(banco, f"senda bench {banco} --hechos {hechos}", donde.que_es)
    if not donde.es_postgresql:
        informe.avisos.append("sin PostgreSQL al alcance: todo va en SQLite, que no es la meta")
    return informe


def _de(banco: str, orden: str, base: str) -> Informe:
    return Informe(
        banco=banco,
        instante=datetime.now(UTC).isoformat(timespec="seconds"),
        orden=orden,
        maquina={
            "nucleos": str(len(os.sched_getaffinity(0))),
            "python": platform.python_version(),
            "base": base,
            "carga": _carga(),
        },
        avisos=[],
    )


def _avisar(que: str) -> None:
    progreso.print(f"· {que}", style="dim")


def _carga() -> str:
    return f"{os.getloadavg()[0]:.1f}"


__all__ = ["app"]
