"""`senda operar comprobar-restauracion` y `recuperar`: tras restaurar una copia y antes de arrancar nada."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from infra.azar import AzarReal
from infra.mensajeria.transportes.base import TransporteCaido
from infra.rabbitmq.claves import ClaveIlegible
from infra.reloj import reloj_desde
from infra.seguridad import llavero
from infra.seguridad.anillo import AnilloIlegible
from infra.seguridad.envoltura import RotacionPendiente
from senda.acceso_bus import LlaveAusente
from senda.composicion import Montaje
from senda.despliegue import DespliegueAusente, leer
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, fin, progreso
from senda.restauracion.bases import Bases, bases_de
from senda.restauracion.boveda import contar_otra_vez
from senda.restauracion.comprobacion import comprobar
from senda.restauracion.hallazgos import Informe, Veredicto
from senda.restauracion.libro import ArchivoAusente, ArchivoIlegible, FaltanHechos, LibroAjeno
from senda.restauracion.linea import aceptar as dar_por_buenas
from senda.restauracion.origenes import HistoriaTorcida
from senda.restauracion.puntos import PuntoIlegible
from senda.restauracion.recuperacion import Recuperado
from senda.restauracion.recuperacion import recuperar as reponer

Puntos = Annotated[
    list[Path], typer.Option("--punto", help="Punto de control retenido («checkpoint»); se puede repetir.")
]
_DICHO = {
    Veredicto.CONTINUA: "[green]✓ está completo: se puede arrancar[/]",
    Veredicto.RECUPERABLE: "[yellow]falta algo que está en otra base: «senda operar recuperar»[/]",
    Veredicto.INCOMPLETO: "[red]✗ falta algo que ninguna base tiene: no arranques[/]",
    Veredicto.BIFURCADO: "[red]✗ hay dos historias: no arranques ni repongas nada[/]",
}


def comprobar_restauracion(
    punto: Puntos = [],  # noqa: B006  typer lo copia
    aceptar: Annotated[
        bool, typer.Option("--aceptar", help="Si está completo, da por buenas las bases: los servicios arrancan.")
    ] = False,
    como_json: ComoJson = False,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Qué falta en cada origen y si el libro continúa lo que prometió. Sin --aceptar, no escribe nada.

    Tras restaurar, con los servicios parados; tras promover una réplica, también con ellos andando.

    Sale con 0 si está completo, 1 si lo que falta se puede recuperar, 3 si no está en ninguna base, 4 si hay dos
    historias, y 2 si no se pudo comprobar.
    """
    with _explicando(), _abiertas(carpeta) as (bases, montaje):
        informe = comprobar(bases, punto)
        if aceptar and informe.veredicto is Veredicto.CONTINUA:
            dar_por_buenas(bases, montaje.reloj.ahora())
    _decir(informe, informe, como_json)


def recuperar(
    punto: Puntos = [],  # noqa: B006  ídem
    libro: Annotated[Path | None, typer.Option(help="Libro exportado más reciente, con entradas o sin ellas.")] = None,
    sin_bus: Annotated[
        bool, typer.Option("--sin-bus", help="No recojas lo que quedó en las colas: se vaciaron o ya no existen.")
    ] = False,
    como_json: ComoJson = False,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Con los servicios parados: devuelve a cada origen lo que perdió y continúa el libro hasta lo que prometió.

    Sale como comprobar-restauracion, según cómo quede. Repetirlo sigue donde se quedó.
    """
    with _explicando(), _abiertas(carpeta) as (bases, montaje):
        en_bus = not sin_bus and not montaje.despliegue.bus.startswith("memory:")
        hecho = reponer(bases, montaje, punto, libro, colas=en_bus, contar=lambda: contar_otra_vez(montaje))
    if isinstance(hecho, Informe):
        _decir(hecho, hecho, como_json)
    else:
        if not como_json:
            _contar(hecho)
        _decir(hecho.despues, hecho, como_json)


@contextmanager
def _abiertas(carpeta: Path) -> Iterator[tuple[Bases, Montaje]]:
    despliegue = leer(carpeta)
    with bases_de(carpeta, despliegue) as bases:
        yield bases, Montaje(carpeta, despliegue, reloj_desde(despliegue.reloj), AzarReal())


@contextmanager
def _explicando() -> Iterator[None]:
    """Lo que impide comprobar o reponer se dice, y sale con 2; un libro ajeno, con 4; bytes que nadie tiene, con 3."""
    try:
        yield
    except (
        DespliegueAusente, PuntoIlegible, LlaveAusente, ClaveIlegible, AnilloIlegible, RotacionPendiente,
        llavero.ClaveIlegible,
    ) as error:  # fmt: skip
        fin(str(error), 2)
    except (ArchivoAusente, ArchivoIlegible) as error:
        fin(f"al libro exportado le falta, o está roto, {error}", 2)
    except (LibroAjeno, HistoriaTorcida) as error:
        fin(str(error), Veredicto.BIFURCADO)
    except FaltanHechos as error:
        fin(str(error), Veredicto.INCOMPLETO)
    except TransporteCaido:
        fin("el bus no contesta: levántalo, o di --sin-bus si sus colas ya no existen", 2)
    except SQLAlchemyError as error:
        fin(f"una base del despliegue no contesta, o no es de esta versión ({type(error).__name__})", 2)


def _decir(informe: Informe, entero: Informe | Recuperado, como_json: bool) -> None:
    if como_json:
        typer.echo(msgspec.json.encode({**_llano(entero), "veredicto": informe.veredicto.name.lower()}))
    else:
        consola = Console()
        consola.print(_tabla(informe))
        for p in informe.puntos:
            signo = "[green]✓[/]" if p.continua else "[red]✗[/]"
            quien = f", refrendado por {', '.join(p.refrendos)}" if p.refrendos else ""
            consola.print(f"{signo} punto {p.archivo}: {p.tamano} entradas{quien}", highlight=False)
        if not informe.puntos:
            progreso.print("Sin puntos retenidos: no se puede saber si el libro prometió más. Da --punto.")
        for h in informe.hallazgos:
            consola.print(f"[red]•[/] {h.codigo} · {h.donde}: {h.que}. {h.que_hacer}", highlight=False, soft_wrap=True)
        consola.print(f"libro: {informe.tamano} entradas, raíz {informe.raiz}", highlight=False)
        consola.print(_DICHO[informe.veredicto])
    raise typer.Exit(int(informe.veredicto))


def _llano(dato: Informe | Recuperado) -> dict[str, Any]:
    llano: dict[str, Any] = msgspec.to_builtins(dato)
    return llano


def _contar(hecho: Recuperado) -> None:
    progreso.print(f"Al libro se le añadieron {hecho.entradas} entradas.")
    for origen, cuantos in hecho.origenes.items():
        progreso.print(f"A {origen} se le devolvieron {cuantos} hechos.", highlight=False)
    progreso.print(f"Solicitudes firmadas repuestas: {hecho.solicitudes}. Claves destruidas otra vez: ", end="")
    progreso.print(f"{hecho.destrucciones}.")


def _tabla(informe: Informe) -> Table:
    tabla = Table("origen", "tiene", "en el libro", "se conocen", "prometió", box=None)
    for o in informe.origenes:
        tabla.add_row(o.origen, *map(str, (o.tiene, o.en_el_libro, o.conocidos, o.prometidos)))
    return tabla


__all__ = ["comprobar_restauracion", "recuperar"]
