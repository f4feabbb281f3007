"""`senda conformidad`: examina el cliente de una institución contra un Senda de verdad y un bus que falla."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from infra.azar import AzarReal
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import TopologiaIncompatible, TransporteCaido
from infra.reloj import RelojReal
from senda.arena import ArenaRota
from senda.conformidad.escenarios import PLAZO, TODOS, Escenario, nombre_de
from senda.conformidad.examinar import BusLejano, Nota, examinar
from senda.embebido import BUS
from senda.orden.arena import motivo_de
from senda.orden.comun import progreso


def conformidad(
    orden: Annotated[
        list[str] | None, typer.Argument(help="Cómo se arranca el cliente, tras «--». Corre en una carpeta propia.")
    ] = None,
    escenario: Annotated[list[str] | None, typer.Option(help="Solo estos; se puede repetir.")] = None,
    amqp: Annotated[
        str | None, typer.Option(help="RabbitMQ del examen, con un vhost vacío; sin él, solo por HTTP.")
    ] = None,
    amqp_cliente: Annotated[
        str | None, typer.Option(help="Con qué dirección entra el cliente en ese bus, si no es con la misma.")
    ] = None,
    plazo: Annotated[float, typer.Option(min=1, help="Segundos por escenario para dejarlo todo atendido.")] = PLAZO,
    en_json: Annotated[bool, typer.Option("--json", help="Las notas, en JSON.")] = False,
    lista: Annotated[bool, typer.Option("--lista", help="Decir qué escenarios hay.")] = False,
) -> None:
    """Examina un cliente: encargos, repetidos, desorden, huecos, acuses perdidos, clave nueva, un día sin conexión…

    El cliente encuentra en su entorno SENDA_INSTITUCION, SENDA_CLAVE, SENDA_CLAVES, SENDA_ESTADO, SENDA_URL y, si se
    dio, SENDA_AMQP; con amqps://, también SENDA_CA, SENDA_CERTIFICADO y SENDA_CERTIFICADO_CLAVE. Ha de recibir, aceptar
    y atender, con prueba, todo encargo que le llegue.
    """
    if lista:
        for cada in TODOS:
            typer.echo(f"{nombre_de(cada):18} {(cada.__doc__ or '').strip().splitlines()[0]}")
        return
    if not orden:
        progreso.print("Falta cómo se arranca tu cliente: senda conformidad -- python cliente.py", style="red")
        raise typer.Exit(2)
    escenarios = _elegidos(escenario)
    try:
        for direccion in filter(None, (amqp, amqp_cliente)):
            abrir(direccion).cerrar()  # no conecta: solo la lee
    except ValueError as error:
        progreso.print(motivo_de(error), style="red", markup=False)
        raise typer.Exit(2) from None
    carpeta = Path(tempfile.mkdtemp(prefix="senda-conformidad-"))
    absoluta = [str(Path(parte).absolute()) if Path(parte).is_file() else parte for parte in orden]
    try:
        notas = examinar(
            absoluta, carpeta, escenarios, RelojReal(), AzarReal(), bus=amqp or BUS,
            bus_del_cliente=amqp_cliente, plazo=plazo, al_acabar=_callar if en_json else _decir,
        )  # fmt: skip
    except OSError as error:
        progreso.print(f"No se puede arrancar el cliente: {error.strerror}.", style="red", markup=False)
        raise typer.Exit(2) from None
    except (TransporteCaido, TopologiaIncompatible, ArenaRota, BusLejano) as error:
        progreso.print(motivo_de(error), style="red", markup=False)
        raise typer.Exit(2) from None
    if en_json:
        typer.echo(msgspec.json.encode(notas).decode())
    else:
        progreso.print(f"Lo que dijo tu cliente: {carpeta / 'cliente.log'}", markup=False, highlight=False)
    raise typer.Exit(0 if all(nota.pasa for nota in notas) else 1)


def _elegidos(nombres: list[str] | None) -> list[Escenario]:
    por_nombre = {nombre_de(escenario): escenario for escenario in TODOS}
    if sobran := set(nombres or ()) - por_nombre.keys():
        progreso.print(f"No hay {len(sobran)} de esos escenarios: mira «senda conformidad --lista».", style="red")
        raise typer.Exit(2)
    return [e for nombre, e in por_nombre.items() if not nombres or nombre in nombres]


def _decir(nota: Nota) -> None:
    typer.echo(f"{'pasa ' if nota.pasa else 'FALLA'}  {nota.escenario:18} {nota.motivo or nota.que}")


def _callar(_nota: Nota) -> None:
    return None


__all__ = ["conformidad"]
