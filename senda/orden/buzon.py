"""`senda buzon`: lo que se dejó a una institución, en su orden y con su número."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from eventos.titulos import titulo
from senda.buzon import Buzon, abrir
from senda.consulta import ConsultaNegada
from senda.despliegue import DespliegueAusente
from senda.directorio import InstitucionAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, Como, ComoJson, Motivo, fin
from servicios.auditoria.accesos import MotivoAcceso

#: El número más alto que cabe en la tabla.
_MAXIMO = 2**31 - 1


def buzon(
    institucion: Annotated[str, typer.Argument(metavar="INSTITUCION", help="Código de la institución: GT-PGN.")],
    desde: Annotated[int, typer.Option(min=1, max=_MAXIMO, help="Primer número, incluido.")] = 1,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.OPERACION,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Lee el buzón de una institución sin mandar nada. De cada ruta que enseña deja constancia de quién y para qué."""
    try:
        hallado = abrir(carpeta, institucion, desde, como, motivo)
    except (InstitucionAusente, ConsultaNegada) as error:
        fin(str(error), 1)
    except DespliegueAusente as error:
        fin(str(error), 2)
    except SQLAlchemyError:
        fin("una base del despliegue no contesta; «senda operar estado» dice más", 2)
    if como_json:
        typer.echo(msgspec.json.encode(hallado))
    else:
        _tabla(hallado, Console())


def _tabla(hallado: Buzon, consola: Console) -> None:
    if hallado.avisos:
        tabla = Table("n.º", "disponible (UTC)", "aviso", "ruta", "", box=None)
        for d in hallado.avisos:
            cuando = f"{d.disponible:%Y-%m-%d %H:%M}"
            urgente = "[red]urgente[/]" if d.urgente else ""
            tabla.add_row(str(d.numero), cuando, titulo(d.tipo), str(d.ruta or "—"), urgente)
        consola.print(tabla)
    cuantos = f"{len(hallado.avisos)} avisos" if hallado.avisos else "Ningún aviso desde ese número"
    consola.print(f"{cuantos}; el último de {hallado.institucion} es el {hallado.ultimo}.", highlight=False)
