"""`senda operar`: cómo están los servicios y qué hacer con lo que se quedó parado."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from infra.almacen.esquema import apartados
from infra.almacen.motor import leyendo
from infra.mensajeria.apartados import Reproceso
from infra.observabilidad.salud import medir
from infra.rabbitmq.permisos import OPERACION
from senda.auditoria.accesos import constar
from senda.composicion import CONTEXTOS, Montaje, instalaciones
from senda.consulta import base_abierta
from senda.despliegue import migrar as llevar
from senda.despliegue import por_migrar
from senda.embebido import EnMarcha, en_exclusiva
from senda.orden import gobernar, restauracion
from senda.orden.bases import almacen_de, almacenes, embebido, en_marcha, hay_bus, montaje_de
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, Motivo, fin, progreso
from senda.orden.estado import contar
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.libro import raiz_y_tamano
from servicios.auditoria.libro import recontar as recontar_libro

app = typer.Typer(no_args_is_help=True, help="Cómo están los servicios y qué se quedó parado.")
app.command("comprobar-restauracion")(restauracion.comprobar_restauracion)
app.command("recuperar")(restauracion.recuperar)


@app.command()
def estado(carpeta: Carpeta = CARPETA_DEMO, como_json: ComoJson = False) -> None:
    """Qué falta por publicar, atender y aplicar en cada servicio, y qué está en pausa. Sale con 1 si algo suena.

    Los recuentos se quedan en 10000. Qué hacer con cada alarma está en docs/guardia.md.
    """
    with montaje_de(carpeta) as montaje:
        bus = hay_bus(montaje, OPERACION)
        medidas = [
            medir(almacen, nombre, montaje.ajustes, bus=bus, contexto=CONTEXTOS[nombre])
            for nombre, almacen in almacenes(montaje)
        ]
        solo = embebido(montaje)
    if como_json:
        typer.echo(msgspec.json.encode(medidas))
    else:
        contar(medidas, Console(), embebido=solo)
    raise typer.Exit(1 if any(m.alarmas for m in medidas) else 0)


@app.command("apartados")
def ver_apartados(motivo: Motivo = MotivoAcceso.OPERACION, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Los hechos apartados de cada servicio y por qué lo están. De cada ruta que nombra deja constancia."""
    tabla = Table("servicio", "origen", "posición", "sujeto", "motivo", "desde", box=None)
    sujetos = []
    with montaje_de(carpeta) as montaje:
        for nombre, almacen in almacenes(montaje):
            with leyendo(almacen.motor) as conexion:
                for fila in conexion.execute(sa.select(apartados).order_by(apartados.c.desde)):
                    sujetos.append(fila.sujeto)
                    tabla.add_row(
                        nombre,
                        fila.origen,
                        str(fila.posicion),
                        fila.sujeto,
                        fila.motivo,
                        f"{fila.desde:%Y-%m-%d %H:%M}",
                    )
        _constar(montaje, sujetos, motivo)
    Console().print(tabla if tabla.row_count else "No hay nada apartado.")


@app.command()
def reprocesar(
    servicio: Annotated[str, typer.Argument(help="Servicio que los tiene apartados.")],
    sujeto: Annotated[str | None, typer.Argument(help="Ruta o institución; sin él, todos.")] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Vuelve a aplicar los hechos apartados, por sujeto y en orden. El que falle sigue apartado."""
    fallidos = 0
    with montaje_de(carpeta) as montaje, almacen_de(montaje, servicio) as almacen:
        reproceso = Reproceso(almacen, CONTEXTOS[servicio])
        sujetos = [sujeto] if sujeto else reproceso.sujetos()
        if not sujeto:  # quien lo da ya lo sabe; a quien no, se los va a nombrar
            _constar(montaje, sujetos, MotivoAcceso.OPERACION)
        for uno in sujetos:
            try:
                cuantos = reproceso.reprocesar(uno)
            except Exception as error:  # noqa: BLE001  se dice cuál sigue fallando y se sigue con los demás
                fallidos += 1
                progreso.print(f"✗ {uno}: {type(error).__name__}; sigue apartado", style="red")
            else:
                progreso.print(f"✓ {uno}: {cuantos} hechos aplicados")
    raise typer.Exit(1 if fallidos else 0)


app.command("pausar")(gobernar.pausar)
app.command("reanudar")(gobernar.reanudar)
app.command("reparar")(gobernar.reparar)
app.command("levantar")(gobernar.levantar)
app.command("instituciones")(gobernar.instituciones)


@app.command()
def migrar(
    base: Annotated[
        str | None, typer.Option(help="URL de PostgreSQL de quien instaló; con SQLite no hace falta.")
    ] = None,
    con_servicios_en_marcha: Annotated[
        bool,
        typer.Option(help="Aunque los haya: solo si las notas de la versión dicen que se puede."),
    ] = False,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Lleva las bases al esquema de esta versión, con los servicios parados si hay algo que llevar."""
    with montaje_de(carpeta) as montaje:
        if not por_migrar(montaje.despliegue, instalaciones()):
            progreso.print("Las bases ya están en el esquema de esta versión.")
            return
        if not con_servicios_en_marcha and (andan := en_marcha(montaje)):
            quienes = ", ".join(f"{nombre} ({len(procesos)})" for nombre, procesos in andan.items())
            fin(
                f"No se migra con servicios en marcha: {quienes}. Páralos y repite; uno que murió de golpe deja de "
                "contar a los 30 segundos. Si la versión admite migrar en caliente: --con-servicios-en-marcha."
            )
        try:
            with en_exclusiva(carpeta) if embebido(montaje) else nullcontext():
                quedan = llevar(montaje.despliegue, instalaciones(), base)
        except EnMarcha as error:
            fin(str(error))
    if quedan:
        fin(f"Di con --base quién instaló: quedan {', '.join(quedan)}.")
    progreso.print("Las bases están en el esquema de esta versión.")


@app.command()
def recontar(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Rehace las cuentas del libro (frontera y nodos del árbol) desde sus hojas, si se dañaron. No toca hechos."""
    with (
        montaje_de(carpeta) as montaje,
        base_abierta(montaje.despliegue.bases["auditoria"]) as motor,
        motor.begin() as conexion,
    ):
        tamano, (raiz, _) = recontar_libro(conexion), raiz_y_tamano(conexion)
    progreso.print(f"{tamano} entradas; raíz {raiz.hex()}", highlight=False)


def _constar(montaje: Montaje, sujetos: Iterable[str], motivo: MotivoAcceso) -> None:
    """Anota, en nombre de la rectora, los sujetos que son rutas; lo apartado puede traer de sujeto cualquier cosa."""
    rutas = []
    for sujeto in sujetos:
        with suppress(ValueError):
            rutas.append(UUID(sujeto))
    constar(montaje.despliegue, rutas, montaje.despliegue.rectora, motivo)
