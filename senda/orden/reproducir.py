"""`senda auditar reproducir`: rehacer desde el libro y comparar, sin cambiar nada. Sale con 1 si halla diferencias."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from eventos.titulos import titulo
from senda.consulta import ConsultaNegada
from senda.despliegue import Despliegue, DespliegueAusente, leer
from senda.directorio import InstitucionAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, Como, ComoJson, Motivo, fin, progreso
from senda.orden.ruta import contar as contar_ruta
from senda.orden.ruta import llana
from senda.reproduccion.acceso import dejar_constancia
from senda.reproduccion.conocimiento import Conocimiento, de_institucion
from senda.reproduccion.lecturas import Reproducidas, con_lecturas, de_servicio
from senda.reproduccion.rehacer import Avance, LibroAtrasado
from senda.reproduccion.ruta import de_ruta
from senda.reproduccion.versiones import Usada, Usadas
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.comparacion import Diferencia
from servicios.auditoria.flujo import CopiaIlegible

app = typer.Typer(no_args_is_help=True, help="Rehacer desde el libro una ruta, unas lecturas o lo que alguien sabía.")

#: Cuántas diferencias se enseñan a una persona; con --json van todas.
_A_LA_VISTA = 50

Hasta = Annotated[
    datetime | None,
    typer.Option(help="Como era en esa fecha (UTC), no después.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
]


@app.callback()
def _reproducir() -> None:
    """Rehacer desde el libro una ruta, unas lecturas o lo que una institución sabía. No cambia nada fuera."""


@app.command()
def ruta(
    id_ruta: Annotated[UUID, typer.Argument(metavar="ID", help="Seudónimo de la ruta.")],
    hasta: Hasta = None,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.SUPERVISION,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Cuenta una ruta como «senda ruta», y con qué versiones de esquemas, protocolos e instrumentos se escribió."""
    with _diciendo_por_que():
        contada, versiones = de_ruta(carpeta, id_ruta, _en_utc(hasta), como, motivo)
    if como_json:
        typer.echo(msgspec.json.encode(llana(contada) | {"versiones": versiones}))
    else:
        consola = Console()
        contar_ruta(contada, consola)
        _versiones(versiones, consola)


@app.command()
def lecturas(
    servicio: Annotated[str | None, typer.Argument(help="Solo las de ese servicio; por omisión, las de todos.")] = None,
    hasta: Hasta = None,
    guardar: Annotated[
        Path | None, typer.Option(help="Deja las rehechas en ese archivo SQLite nuevo (de un solo servicio).")
    ] = None,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.SUPERVISION,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Rehace las lecturas y nombra cada diferencia con las vivas. Con fecha, dice lo que eran y no compara."""
    if guardar is not None and servicio is None:
        fin("di de qué servicio son las lecturas que quieres guardar")
    with _diciendo_por_que():
        despliegue = leer(carpeta)
        hay = con_lecturas(despliegue)
        if servicio is not None and servicio not in hay:
            fin(f"ese servicio no está en el despliegue; los hay: {', '.join(hay)}")
        dejar_constancia(despliegue, como or despliegue.rectora, motivo)
        informes = [
            _de_servicio(despliegue, nombre, _en_utc(hasta), guardar) for nombre in ([servicio] if servicio else hay)
        ]
    if como_json:
        typer.echo(msgspec.json.encode({"servicios": informes}))
    else:
        for informe in informes:
            _contar(informe, Console())
    raise typer.Exit(1 if any(i.diferencias for i in informes) else 0)


@app.command()
def conocimiento(
    institucion: Annotated[str, typer.Argument(metavar="INSTITUCION", help="Código de la institución: GT-PGN.")],
    hasta: Hasta = None,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.SUPERVISION,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Qué avisos le habían sido entregados, cuáles aún no habían salido y qué acuses tenía."""
    with _diciendo_por_que():
        despliegue = leer(carpeta)
        quien = como or despliegue.rectora
        dejar_constancia(despliegue, quien, motivo, lo_suyo=quien == institucion)
        with _avanzando(institucion) as avance:
            hallado = de_institucion(despliegue, institucion, _en_utc(hasta), avance)
    if como_json:
        typer.echo(msgspec.json.encode(hallado))
    else:
        _saber(hallado, Console())
    raise typer.Exit(1 if hallado.sin_libro else 0)


def _de_servicio(despliegue: Despliegue, nombre: str, hasta: datetime | None, guardar: Path | None) -> Reproducidas:
    with _avanzando(nombre) as avance:
        return de_servicio(despliegue, nombre, hasta, avance, guardar)


def _contar(informe: Reproducidas, consola: Console) -> None:
    for diferencia in informe.diferencias[:_A_LA_VISTA]:
        consola.print(f"[red]✗[/] {informe.servicio} · {_nombrada(diferencia)}", highlight=False)
    ocultas = len(informe.diferencias) - _A_LA_VISTA + informe.omitidas
    if ocultas > 0:
        consola.print(f"… y {ocultas} diferencias más")
    hechos = f"{informe.propios} hechos propios y {informe.ajenos} ajenos"
    filas = f"{sum(informe.tablas.values())} filas en {len(informe.tablas)} tablas"
    veredicto = f"eran {filas}"
    if informe.comparado:
        veredicto = "[red]no coincide[/]" if informe.diferencias else f"[green]✓ coincide[/]: {filas}"
    consola.print(f"[bold]{informe.servicio}[/] · {hechos} · {veredicto}", highlight=False)
    for que, motivo in informe.aparte.items():
        consola.print(f"  no se compara {que}: {motivo}", highlight=False)
    if informe.apartados:
        consola.print(f"  {informe.apartados} hechos apartados no han tenido efecto en este servicio")
    if informe.supuestos:
        consola.print(f"  {informe.supuestos} hechos ajenos son de antes de apuntar el orden: van por su registro")
    _versiones(informe.versiones, consola)


def _nombrada(diferencia: Diferencia) -> str:
    clave = ", ".join(f"{columna}={valor}" for columna, valor in diferencia.clave.items())
    columna = f" · {diferencia.columna}" if diferencia.columna else ""
    return f"{diferencia.tabla} ({clave}){columna}: {diferencia.que}"


def _saber(hallado: Conocimiento, consola: Console) -> None:
    for aviso in (*hallado.entregados, *hallado.por_salir):
        cuando = f"{aviso.entregado:%Y-%m-%d %H:%M}" if aviso.entregado else "aún no había salido"
        quien = str(aviso.ruta)[:8] if aviso.ruta else "—"
        consola.print(f"{aviso.numero:>4} · {cuando:<19} · {titulo(aviso.tipo)} · {quien}", highlight=False)
    for mensaje in hallado.sin_libro:
        consola.print(f"[red]✗[/] entregado y no sale del libro: {mensaje}", highlight=False)
    consola.print(
        f"{hallado.institucion}: {len(hallado.entregados)} avisos entregados, {len(hallado.por_salir)} por salir, "
        f"{len(hallado.acuses)} acuses, {len(hallado.acusadas)} derivaciones que dijo haber recibido.",
        highlight=False,
    )
    if hallado.entregas_desde is None:
        consola.print("  no hay ninguna entrega apuntada: no se puede decir cuándo salió nada")
    else:
        consola.print(f"  las entregas se apuntan desde {hallado.entregas_desde:%Y-%m-%d %H:%M} UTC", highlight=False)
    _versiones(hallado.versiones, consola)


def _versiones(versiones: Usadas, consola: Console) -> None:
    consola.print(f"  esquemas: {len(versiones.esquemas)} tipos, {sum(versiones.esquemas.values())} hechos")
    for que, usadas in (("protocolo", versiones.protocolos), ("instrumento", versiones.instrumentos)):
        for usada in usadas:
            consola.print(f"  {que} {usada.codigo} {usada.version}: {usada.veces}{_falta(usada)}", highlight=False)
    for tipo, veces in versiones.desconocidos.items():
        consola.print(f"  [yellow]sin reproducir[/] {tipo}: {veces}; este catálogo no lo tiene", highlight=False)
    if versiones.ilegibles:
        consola.print(f"  [yellow]sin reproducir[/] {versiones.ilegibles} entradas que no se dejan leer")


def _falta(usada: Usada) -> str:
    return "" if usada.aqui else " [yellow](esa versión no está en esta instalación)[/]"


def _en_utc(hasta: datetime | None) -> datetime | None:
    return hasta.replace(tzinfo=UTC) if hasta else None


@contextmanager
def _avanzando(que: str) -> Iterator[Avance]:
    columnas: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columnas, console=progreso, transient=True) as barra:
        tarea = barra.add_task(que, total=None)

        def avance(van: int, de: int) -> None:
            barra.update(tarea, completed=van, total=de)

        yield avance


@contextmanager
def _diciendo_por_que() -> Iterator[None]:
    try:
        yield
    except (ConsultaNegada, DespliegueAusente, InstitucionAusente, LibroAtrasado, CopiaIlegible) as error:
        fin(str(error))
    except FileExistsError:
        fin("ese archivo ya existe; di otro")
    except SQLAlchemyError:
        fin("una base no contesta, o no está al día; «senda operar estado» dice más")


__all__ = ["app"]
