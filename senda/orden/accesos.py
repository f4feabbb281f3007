"""`senda auditar accesos`: el informe de quién leyó las rutas de una persona, para imprimirlo y entregárselo."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from senda.auditoria.accesos import InformeDeAccesos, Leida, informe
from senda.consulta import ConsultaNegada
from senda.despliegue import DespliegueAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, Como, ComoJson, Motivo, fin
from servicios.auditoria.accesos import TODAS, MotivoAcceso

PARA_QUE: Final = {
    MotivoAcceso.ATENCION: "atenderla",
    MotivoAcceso.SUPERVISION: "supervisar a quienes la atienden",
    MotivoAcceso.OPERACION: "hacer funcionar el sistema",
    MotivoAcceso.PETICION_DE_LA_PERSONA: "lo pidió ella",
    MotivoAcceso.MANDATO_JUDICIAL: "lo mandó un tribunal",
    MotivoAcceso.ESTADISTICA: "hacer estadística",
}


def accesos(
    ruta: Annotated[UUID, typer.Argument(metavar="RUTA", help="Seudónimo de la ruta.")],
    como: Como = None,
    motivo: Motivo = MotivoAcceso.PETICION_DE_LA_PERSONA,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Quién leyó las rutas de una persona, cuándo y para qué. Sacarlo también consta. Sale con 1 si no está íntegro."""
    try:
        contado = informe(carpeta, ruta, como, motivo)
    except (ConsultaNegada, DespliegueAusente) as error:
        fin(str(error))
    except SQLAlchemyError:
        fin("una base del despliegue no contesta; «senda operar estado» dice más")
    if como_json:
        typer.echo(msgspec.json.encode(contado))
    else:
        contar(contado, Console())
    raise typer.Exit(0 if contado.integra else 1)


def contar(contado: InformeDeAccesos, consola: Console) -> None:
    """El informe para una persona."""
    consola.print(f"[bold]Quién leyó la ruta {contado.ruta}[/]")
    if otras := contado.rutas[1:]:
        consola.print(f"  y las otras de la misma persona: {', '.join(otras)}")
    if contado.ocultas:
        consola.print(f"  sin contar {contado.ocultas} rutas más, en las que no participa quien saca este informe")
    tabla = Table("n.º", "cuándo (UTC)", "quién", "para qué", "qué leyó", box=None, pad_edge=False)
    for leida in contado.accesos:
        tabla.add_row(
            str(leida.numero),
            leida.instante[:19].replace("T", " "),
            escape(leida.institucion),
            escape(_para_que(leida.motivo)),
            _que(leida, contado.ruta),
        )
    consola.print(tabla)
    consola.print("Quién abrió su identidad se guarda aparte: lo dice «senda boveda accesos».")
    if contado.accesos:
        ultima = contado.accesos[-1]
        consola.print(f"La última es la de sacar este informe: n.º {ultima.numero}, con hoja {ultima.hoja}.")
        consola.print("Guarda ese número y esa hoja: si el registro se reescribe, dejará de tenerlos.")
    if contado.rota_en is None:
        consola.print("[green]✓ el registro de accesos está íntegro[/]")
    else:
        consola.print(f"[red]✗ el registro de accesos no está íntegro: no casa desde el n.º {contado.rota_en}[/]")


def _para_que(motivo: str) -> str:
    # Quien altere la base puede haber escrito otra cosa: se enseña tal cual.
    return PARA_QUE[MotivoAcceso(motivo)] if motivo in set(MotivoAcceso) else motivo


def _que(leida: Leida, ruta: str) -> str:
    if leida.ruta == TODAS:
        return "todas las rutas"
    return "esta ruta" if leida.ruta == ruta else f"la ruta {leida.ruta[:8]}"


__all__ = ["PARA_QUE", "accesos", "contar"]
