"""Lo que quien opera manda: pausar, reanudar, reparar lo que no llega, levantar un alto y ver quién abusa o no lee."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
import structlog
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from contratos.acuse import Resultado
from infra.almacen.esquema import salida, solicitudes
from infra.almacen.motor import leyendo
from infra.mensajeria.altos import HistoriaDistinta
from infra.mensajeria.altos import levantar as levantar_alto
from infra.mensajeria.pausas import VIGENCIA, MotivoPausa, Tarea
from infra.mensajeria.pausas import pausar as poner_pausas
from infra.mensajeria.pausas import reanudar as quitar_pausas
from infra.mensajeria.reparaciones import Huecos
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import TopologiaIncompatible, TransporteCaido
from senda.acceso_bus import Acceso
from senda.composicion import CONTEXTOS, Montaje, mapa
from senda.orden.bases import almacen_de, almacenes, embebido, montaje_de
from senda.orden.comun import CARPETA_DEMO, Carpeta, fin, progreso

registro = structlog.get_logger(__name__)

Nombre = Annotated[str, typer.Argument(metavar="SERVICIO", help=f"{', '.join(CONTEXTOS)}.")]
Quien = Annotated[str, typer.Option(help="Tu seudónimo de agente (ag-1a2b3c4d); nunca tu nombre.")]
Tareas = Annotated[list[Tarea] | None, typer.Option("--tarea", help="Se puede repetir; por omisión, las tres.")]
_AGENTE = r"ag-[0-9a-f]{8,32}"


def pausar(
    servicio: Nombre,
    motivo: Annotated[MotivoPausa, typer.Option(help="Por qué; queda escrito y se ve en la salud.")],
    quien: Quien,
    tarea: Tareas = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Para un servicio en todas sus réplicas, sin reiniciarlas: deja de atender, de aplicar o de publicar.

    Sigue recibiendo y guardando: nada se pierde. Pero lo que no se atiende es alguien que espera: que dure lo justo.
    """
    with _escribiendo(carpeta, servicio, quien) as (conexion, ahora):
        nuevas = poner_pausas(conexion, tarea or list(Tarea), motivo, quien, ahora)
    if not nuevas:
        fin(f"{servicio} ya estaba en pausa; «senda operar estado» dice desde cuándo y por qué.", 1)
    progreso.print(
        f"{servicio} deja de {_lista(nuevas)} en {VIGENCIA + 1:.0f} segundos como mucho, cuando acabe lo empezado. "
        f"Para seguir: senda operar reanudar {servicio} --quien {quien}",
        soft_wrap=True,
    )


def reanudar(servicio: Nombre, quien: Quien, tarea: Tareas = None, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Quita la pausa: todas las réplicas siguen por donde iban. Quién la quitó y cuándo queda escrito."""
    with _escribiendo(carpeta, servicio, quien) as (conexion, ahora):
        quitadas = quitar_pausas(conexion, tarea or list(Tarea), quien, ahora)
    if not quitadas:
        fin(f"{servicio} no estaba en pausa.", 1)
    progreso.print(f"{servicio} vuelve a {_lista(quitadas)} en unos segundos.")


def reparar(
    servicio: Nombre,
    origen: Annotated[str | None, typer.Argument(help="De quién falta; sin él, de todos los que sigue.")] = None,
    desde: Annotated[int | None, typer.Option(min=1, help="Primera posición; por omisión, la que falta.")] = None,
    hasta: Annotated[int | None, typer.Option(min=1, help="Última posición; por omisión, la última anunciada.")] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Vuelve a declarar las colas de un servicio y pide ya a sus orígenes lo que le falta, sin esperar a que toque.

    Repetirlo no daña: lo que llega dos veces se descarta. Con --desde se pide ese tramo aunque no falte.
    """
    with montaje_de(carpeta) as montaje, almacen_de(montaje, servicio) as almacen:
        sigue = CONTEXTOS[servicio].sigue
        if origen is not None:
            _exigir_que_siga(servicio, origen)
        if desde is not None and origen is None:
            fin("Con --desde hay que decir de qué origen: cada uno tiene sus posiciones.")
        _declarar(montaje, servicio)
        huecos = Huecos(almacen, servicio, {n: montaje.despliegue.origenes[n] for n in sigue}, montaje.ajustes)
        for nombre in [origen] if origen else sigue:
            pedido = huecos.pedir_ya(nombre, desde, hasta)
            if pedido is None:
                progreso.print(f"{nombre}: no falta nada")
            else:
                progreso.print(f"{nombre}: pedidas de la {pedido.desde} a la {pedido.hasta}")


def levantar(
    servicio: Nombre,
    origen: Annotated[str, typer.Argument(help="El servicio que se contradijo.")],
    quien: Quien,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Vuelve a aplicar lo de un origen en alto, si lo recibido de él es, hoja por hoja, lo que él guarda hoy.

    Después de investigar y, si hizo falta, de recuperarlo (docs/guardia.md, SendaDivergencia). La denuncia que el alto
    dejó en el libro no se quita.
    """
    _exigir_seudonimo(quien)
    with montaje_de(carpeta) as montaje, almacen_de(montaje, servicio) as almacen:
        _exigir_que_siga(servicio, origen)
        with almacen_de(montaje, origen) as el_suyo:
            try:
                habia = levantar_alto(almacen, el_suyo.origen, el_suyo.motor)
            except HistoriaDistinta as no:
                fin(f"{no.codigo} ({no.campo}), en la posición {no.posicion}: {no.que_hacer}", 1)
    if not habia:
        fin(f"{servicio} no tiene en alto a {origen}.", 1)
    registro.warning("alto-levantado", servicio=servicio, origen=origen, quien=quien)
    progreso.print(f"{servicio} vuelve a aplicar lo de {origen} en unos segundos.")


def instituciones(
    minutos: Annotated[int, typer.Option(min=1, help="Cuánto se mira hacia atrás.")] = 60,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Qué instituciones piden más, a cuáles se les niega más y cuáles no admiten lo suyo, por servicio.

    Recorre las solicitudes: no la repitas en bucle.
    """
    tabla = Table("servicio", "institución", "solicitudes", "negadas", "mensajes sin admitir", box=None)
    with montaje_de(carpeta) as montaje:
        for nombre, almacen in almacenes(montaje):
            negada = solicitudes.c.resultado == Resultado.RECHAZADA.value
            piden = (
                sa.select(solicitudes.c.institucion, sa.func.count(), sa.func.count().filter(negada))
                .where(solicitudes.c.atendida > almacen.reloj.ahora() - timedelta(minutes=minutos))
                .group_by(solicitudes.c.institucion)
            )
            atascos = (
                sa.select(salida.c.clave, sa.func.count())
                .where(salida.c.intercambio.in_(("acuses", "buzon")), salida.c.intentos > 0)
                .group_by(salida.c.clave)
            )
            with leyendo(almacen.motor) as conexion:
                cuentas = {quien: (pedidas, negadas) for quien, pedidas, negadas in conexion.execute(piden)}
                atascadas: dict[str, int] = dict(conexion.execute(atascos).tuples().all())
            for quien in sorted(cuentas.keys() | atascadas.keys(), key=lambda q: cuentas.get(q, (0, 0)), reverse=True):
                pedidas, negadas = cuentas.get(quien, (0, 0))
                tabla.add_row(nombre, quien, str(pedidas), str(negadas), str(atascadas.get(quien, 0)))
    Console().print(tabla if tabla.row_count else "Nadie ha pedido nada en ese tiempo, ni hay nada sin admitir.")


@contextmanager
def _escribiendo(carpeta: Carpeta, servicio: str, quien: str) -> Iterator[tuple[Connection, datetime]]:
    """Una transacción en la base de un servicio que corre en sus procesos, y la hora (UTC)."""
    _exigir_seudonimo(quien)
    with montaje_de(carpeta) as montaje:
        if embebido(montaje):
            fin("Los seis servicios van en un proceso («senda todo»): no hay réplicas que pausar; páralo con Ctrl-C.")
        with almacen_de(montaje, servicio) as almacen, almacen.motor.begin() as conexion:
            yield conexion, almacen.reloj.ahora()


def _exigir_seudonimo(quien: str) -> None:
    if not re.fullmatch(_AGENTE, quien):
        fin("--quien es un seudónimo de agente, como ag-1a2b3c4d: aquí no se escribe el nombre de nadie.")


def _exigir_que_siga(servicio: str, origen: str) -> None:
    sigue = CONTEXTOS[servicio].sigue
    if origen not in sigue:
        fin(f"{servicio} no sigue a «{origen}»; sigue a: {', '.join(sigue)}.")


def _lista(tareas: Sequence[Tarea]) -> str:
    *primeras, ultima = [tarea.value for tarea in tareas]
    return f"{', '.join(primeras)} y {ultima}" if primeras else ultima


def _declarar(montaje: Montaje, servicio: str) -> None:
    if embebido(montaje):
        return
    transporte = abrir(Acceso(montaje.carpeta, montaje.despliegue).url_de_servicio(servicio))
    try:
        transporte.preparar(mapa(montaje.despliegue.prefijo))
    except TopologiaIncompatible:
        fin("Las colas no están como deben y este usuario no puede declararlas: «senda bus aplicar» y repite.", 1)
    except TransporteCaido:
        fin("El bus no contesta: sin él no hay nada que reparar.", 1)
    finally:
        transporte.cerrar()


__all__ = ["instituciones", "levantar", "pausar", "reanudar", "reparar"]
