"""`senda auditar exportar`, `prueba` y `claves`: entregar el libro, o la prueba de una ruta, y con qué comprobarlo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.exc import SQLAlchemyError

from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato, exportar_publico
from senda.auditoria.prueba import probar_ruta
from senda.consulta import ConsultaNegada
from senda.despliegue import DespliegueAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, Como, Motivo, fin, progreso
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.exportacion import DirectorioAjeno, DirectorioConEntradas, DirectorioOcupado, LibroSinFirmar
from servicios.auditoria.prueba import RutaSinHechos

_SIN_BASE = "una base del despliegue no contesta; «senda operar estado» dice más"


def exportar(
    destino: Annotated[Path, typer.Argument(metavar="DIRECTORIO", help="Dónde; si ya tiene este libro, lo continúa.")],
    con_entradas: Annotated[
        bool, typer.Option("--con-entradas", help="También los hechos y lo que firmó cada institución: con mandato.")
    ] = False,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.SUPERVISION,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Escribe el libro como directorio C2SP tlog-tiles, para comprobarlo con «senda-verificar»."""
    barra = Progress(
        TextColumn("entradas"), BarColumn(), MofNCompleteColumn(), console=progreso, transient=True,
        disable=not progreso.is_terminal,
    )  # fmt: skip
    try:
        with barra:
            tarea = barra.add_task("", total=None)

            def avance(van: int, de: int) -> None:
                barra.update(tarea, completed=van, total=de)

            if con_entradas:
                cuantas = exportar_con_mandato(carpeta, destino, como, motivo, avance)
            else:
                cuantas = exportar_publico(carpeta, destino, avance)
    except ConsultaNegada as error:
        fin(str(error), 1)
    except (DespliegueAusente, DirectorioAjeno, DirectorioConEntradas, DirectorioOcupado, LibroSinFirmar) as error:
        fin(str(error), 2)
    except SQLAlchemyError:
        fin(_SIN_BASE, 2)
    except OSError:
        fin(
            f"no se puede escribir en {destino}: comprueba que es una carpeta, que existe la de encima y los permisos",
            2,
        )
    typer.echo(f"{cuantas} entradas en {destino}")


def prueba(
    ruta: Annotated[UUID, typer.Argument(metavar="RUTA", help="Seudónimo de la ruta.")],
    a: Annotated[Path, typer.Option("--a", metavar="ARCHIVO.zip", help="Archivo nuevo en que se escribe.")],
    como: Como = None,
    motivo: Motivo = MotivoAcceso.MANDATO_JUDICIAL,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Escribe la prueba de una ruta: sus hechos, que están en el libro firmado y quién firmó cada uno."""
    try:
        cuantos = probar_ruta(carpeta, ruta, a, como, motivo)
    except (ConsultaNegada, RutaSinHechos) as error:
        fin(str(error), 1)
    except FileExistsError:
        fin("ese archivo ya existe: una prueba no se pisa; elige otro", 2)
    except (DespliegueAusente, LibroSinFirmar) as error:
        fin(str(error), 2)
    except SQLAlchemyError:
        fin(_SIN_BASE, 2)
    except OSError:
        fin(f"no se puede escribir {a}: comprueba que existe su carpeta y los permisos", 2)
    typer.echo(f"{cuantos} hechos en {a}")


def claves(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Escribe en la salida el archivo de claves con que «senda-verificar» comprueba este libro."""
    try:
        typer.echo(claves_publicas(carpeta), nl=False)
    except DespliegueAusente as error:
        fin(str(error), 2)


__all__ = ["claves", "exportar", "prueba"]
