"""`senda operar`: cómo están los servicios y qué hacer con lo que se quedó parado."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados
from infra.almacen.motor import leyendo
from infra.azar import AzarReal
from infra.mensajeria.apartados import Reproceso
from infra.mensajeria.transportes.abrir import abrir
from infra.observabilidad.salud import Salud, medir
from infra.rabbitmq.claves import ClaveIlegible
from infra.rabbitmq.permisos import OPERACION
from infra.reloj import reloj_desde
from senda.acceso_bus import Acceso, LlaveAusente
from senda.auditoria.accesos import constar
from senda.composicion import CONTEXTOS, Montaje, instalaciones
from senda.consulta import base_abierta
from senda.despliegue import DespliegueAusente, leer
from senda.despliegue import migrar as llevar
from senda.orden import restauracion
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, Motivo, progreso
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.libro import raiz_y_tamano
from servicios.auditoria.libro import recontar as recontar_libro

app = typer.Typer(no_args_is_help=True, help="Cómo están los servicios y qué se quedó parado.")
app.command("comprobar-restauracion")(restauracion.comprobar_restauracion)
app.command("recuperar")(restauracion.recuperar)
_MEMORIA = "memory:"


@app.command()
def estado(carpeta: Carpeta = CARPETA_DEMO, como_json: ComoJson = False) -> None:
    """Lo pendiente de publicar y de aplicar, huecos, apartados y alarmas de cada servicio. Sale con 1 si algo suena."""
    with _montaje(carpeta) as montaje:
        bus = _hay_bus(Acceso(carpeta, montaje.despliegue).url_de_servicio(OPERACION))
        medidas = [medir(almacen, nombre, montaje.ajustes, bus=bus) for nombre, almacen in _almacenes(montaje)]
    if como_json:
        typer.echo(msgspec.json.encode(medidas))
    else:
        Console().print(_tabla(medidas))
    raise typer.Exit(1 if any(m.alarmas for m in medidas) else 0)


@app.command("apartados")
def ver_apartados(motivo: Motivo = MotivoAcceso.OPERACION, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Los hechos apartados de cada servicio y por qué lo están. De cada ruta que nombra deja constancia."""
    tabla = Table("servicio", "origen", "posición", "sujeto", "motivo", "desde", box=None)
    sujetos = []
    with _montaje(carpeta) as montaje:
        for nombre, almacen in _almacenes(montaje):
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
    if servicio not in CONTEXTOS:
        progreso.print(f"No hay un servicio «{servicio}»; son: {', '.join(CONTEXTOS)}.", style="red")
        raise typer.Exit(2)
    fallidos = 0
    with _montaje(carpeta) as montaje:
        almacen = dict(_almacenes(montaje))[servicio]
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


@app.command()
def migrar(
    base: Annotated[
        str | None, typer.Option(help="URL de PostgreSQL de quien instaló; con SQLite no hace falta.")
    ] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Lleva las bases al esquema de esta versión, con los servicios parados. Repetirlo no cambia nada."""
    try:
        quedan = llevar(leer(carpeta), instalaciones(), base)
    except DespliegueAusente as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None
    if quedan:
        progreso.print(f"Di con --base quién instaló: quedan {', '.join(quedan)}.", style="red")
        raise typer.Exit(2)
    progreso.print("Las bases están en el esquema de esta versión.")


@app.command()
def recontar(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Rehace las cuentas del libro (frontera y nodos del árbol) desde sus hojas, si se dañaron. No toca hechos."""
    with (
        _montaje(carpeta) as montaje,
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


@contextmanager
def _montaje(carpeta: Carpeta) -> Iterator[Montaje]:
    try:
        despliegue = leer(carpeta)
    except DespliegueAusente as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None
    try:
        yield Montaje(carpeta, despliegue, reloj_desde(despliegue.reloj), AzarReal())
    except (LlaveAusente, ClaveIlegible) as error:
        progreso.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def _almacenes(montaje: Montaje) -> Iterator[tuple[str, Almacen]]:
    llavero = montaje.llavero()
    try:
        for nombre in CONTEXTOS:
            almacen = montaje.almacen(nombre, llavero)
            yield nombre, almacen
            almacen.motor.dispose()
    finally:
        llavero.cerrar()


def _hay_bus(direccion: str) -> bool:
    if direccion.startswith(_MEMORIA):
        # Vive dentro del proceso de los servicios: desde fuera no hay nada que mirar.
        return True
    transporte = abrir(direccion)
    try:
        return transporte.viva()
    finally:
        transporte.cerrar()


def _tabla(medidas: list[Salud]) -> Table:
    tabla = Table("servicio", "listo", "por publicar", "por atender", "por aplicar", "apartados", "alarmas", box=None)
    for medida in medidas:
        atrasadas = sum(max(o.recibida, o.anunciada) - o.aplicada for o in medida.entrada.values())
        tabla.add_row(
            medida.servicio,
            "[green]sí[/]" if medida.listo else "[red]no[/]",
            str(medida.relevo.pendientes),
            str(medida.bandeja),
            str(atrasadas),
            str(medida.apartados),
            f"[red]{', '.join(medida.alarmas)}[/]" if medida.alarmas else "—",
        )
    return tabla
