"""`senda demo`: el recorrido completo de muchas personas, y la comprobación de todo lo que dejó."""

from __future__ import annotations

import logging
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from infra.azar import AzarReal, AzarSembrado
from infra.mensajeria.transportes.base import TransporteCaido
from infra.observabilidad.registro import configurar
from senda.consulta import historia
from senda.demo import funcion, pantalla
from senda.demo.carpeta import CarpetaAjena, preparar
from senda.demo.ctdc import ArchivoInvalido
from senda.demo.guion import GuionRoto
from senda.demo.informe import Informe
from senda.demo.obra import Obra, de_archivo, de_historias
from senda.demo.procesos import ServicioCaido
from senda.orden import ruta
from senda.orden.comun import CARPETA_DEMO, ComoJson, fin, progreso
from servicios.auditoria.accesos import MotivoAcceso

#: Con semilla, el calendario también es siempre el mismo.
COMIENZO = datetime(2026, 1, 5, 8, tzinfo=UTC)


def demo(
    personas: Annotated[int, typer.Option(min=12, help="Cuántas personas; al menos una por historia.")] = 220,
    semilla: Annotated[
        int | None, typer.Option(help="Misma semilla, mismo libro y misma raíz (solo embebida).")
    ] = None,
    como_json: ComoJson = False,
    entrada: Annotated[
        Path | None, typer.Option(dir_okay=False, exists=True, help="CSV o .csv.gz con las columnas de CTDC.")
    ] = None,
    limite: Annotated[int, typer.Option(min=1, help="Cuántos registros de la entrada, como mucho.")] = 10_000,
    amqp: Annotated[str | None, typer.Option(help="RabbitMQ: cada servicio en su proceso.")] = None,
    base: Annotated[str | None, typer.Option(help="PostgreSQL, con --amqp: URL de quien puede crear esquemas.")] = None,
    carpeta: Annotated[
        Path, typer.Option(help="Dónde queda; se vacía la de una demostración anterior.")
    ] = CARPETA_DEMO,
    conservar: Annotated[bool, typer.Option(help="No borrar lo creado en RabbitMQ y PostgreSQL.")] = False,
) -> None:
    """Recorre muchas rutas con todas sus instituciones, y verifica el libro. Sale con 1 si algo no cuadra."""
    if (amqp is None) != (base is None):
        fin("--amqp y --base van juntas: el bus y la base de los servicios", 2)
    configurar("demo", nivel=logging.CRITICAL)
    # Que también quien la termine con SIGTERM deje parados los servicios y limpios los servidores.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        obra = de_archivo(entrada, limite) if entrada else de_historias(personas)
        preparar(carpeta)
        informe = _representar(obra, carpeta.resolve(), semilla, amqp, base, conservar=conservar)
    except (ArchivoInvalido, CarpetaAjena) as error:
        fin(str(error), 2)
    except (GuionRoto, ServicioCaido) as error:
        fin(f"la demostración se detuvo: {error}", 1)
    except (TransporteCaido, SQLAlchemyError) as error:
        fin(f"no se puede trabajar con esos servidores: {_primera_linea(error)}", 1)
    if como_json:
        typer.echo(msgspec.json.encode(informe))
    else:
        _contar(informe, carpeta, quedan=amqp is None or conservar)
    raise typer.Exit(0 if informe.verificado else 1)


def _representar(
    obra: Obra, carpeta: Path, semilla: int | None, amqp: str | None, base: str | None, *, conservar: bool
) -> Informe:
    azar = AzarReal() if semilla is None else AzarSembrado(semilla)
    with pantalla.Barra(progreso, obra.personas) as barra:
        if amqp is not None and base is not None:
            return funcion.en_procesos(carpeta, obra, azar, amqp, base, barra, conservar=conservar)
        hoy = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return funcion.embebida(carpeta, obra, azar, hoy if semilla is None else COMIENZO, barra)


def _contar(informe: Informe, carpeta: Path, *, quedan: bool) -> None:
    consola = Console()
    pantalla.contar(informe, consola)
    if quedan:
        ruta.contar(historia(carpeta, UUID(informe.ruta_de_muestra), None, None, MotivoAcceso.OPERACION), consola)
    pantalla.veredicto(informe, consola)
    if quedan:
        pantalla.que_probar(informe, consola, "" if carpeta == CARPETA_DEMO else f" --carpeta {carpeta}")
    else:
        pantalla.comprobar_fuera(informe, consola)


def _primera_linea(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
