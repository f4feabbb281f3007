"""`senda caja-de-arena` y `senda portal`: el contrato por HTTP, de prueba o de un despliegue de verdad."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from litestar import Litestar

from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import portal as portales
from senda.arena import Arena, Historia, estrenar_arena
from senda.arranque import BusNoCompartido
from senda.credencial import CredencialInvalida, archivo_de
from senda.despliegue import DespliegueAusente, escribir_secreto
from senda.orden.comun import Carpeta, progreso

_DIRECCION = "127.0.0.1"


def caja_de_arena(
    institucion: Annotated[str, typer.Option(help="Código de la institución de prueba.")] = "GT-PRUEBA",
    puerto: Annotated[int, typer.Option(help="Puerto HTTP.")] = 8080,
    carpeta: Annotated[Path | None, typer.Option(help="Dónde dejarla; vacía. Sin ella, una temporal.")] = None,
    amqp: Annotated[
        str | None, typer.Option(help="RabbitMQ en que probar además por AMQP: un vhost solo para esto.")
    ] = None,
    rutas: Annotated[int, typer.Option(min=0, help="Rutas que abrir al empezar.")] = 1,
) -> None:
    """Un Senda entero en este proceso con una institución de prueba, su clave y su buzón, para integrar contra él."""
    carpeta = carpeta or Path(tempfile.mkdtemp(prefix="senda-arena-"))
    try:
        arena = (
            estrenar_arena(carpeta, institucion, RelojReal(), AzarReal(), bus=amqp)
            if amqp
            else estrenar_arena(carpeta, institucion, RelojReal(), AzarReal())
        )
    except (FileExistsError, CredencialInvalida) as error:
        motivo = "esa carpeta ya tiene un despliegue; elige otra" if isinstance(error, FileExistsError) else str(error)
        progreso.print(motivo, style="red", markup=False)
        raise typer.Exit(2) from None
    pem = _dejar_pem(carpeta, arena)
    for numero in range(rutas):
        arena.abrir_ruta(Historia(nna=numero % 2 == 1, extranjera=numero % 4 > 1))
    progreso.print(
        f"Caja de arena en http://{_DIRECCION}:{puerto} · institución {institucion}\n"
        f"  clave (base64url): {archivo_de(carpeta, institucion)}\n"
        f"  clave (PEM):       {pem}\n"
        f"  contrato:          http://{_DIRECCION}:{puerto}/v1/contrato/openapi.json\n"
        f"  otra ruta:         curl -X POST http://{_DIRECCION}:{puerto}/arena/rutas -d '{{\"nna\": true}}'\n"
        "Ctrl-C para parar.",
        markup=False,
        highlight=False,
    )
    _servir(arena.aplicacion(), _DIRECCION, puerto)


def portal(
    carpeta: Carpeta,
    puerto: Annotated[int, typer.Option(help="Puerto HTTP.")] = 8080,
    direccion: Annotated[str, typer.Option(help="Dónde escucha; delante, un proxy con TLS.")] = _DIRECCION,
) -> None:
    """El contrato por HTTP de un despliegue sobre RabbitMQ, hasta que se le pida parar."""
    titular = f"portal@{socket.gethostname()}:{puerto or os.getpid()}"
    try:
        montado = portales.de_carpeta(carpeta, AzarReal(), titular)
    except KeyError:
        progreso.print("Ese despliegue se instaló sin portal; instálalo de nuevo.", style="red")
        raise typer.Exit(2) from None
    except (DespliegueAusente, BusNoCompartido) as error:
        progreso.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    _servir(portales.servir_con(montado), direccion, puerto)


def _servir(aplicacion: Litestar, direccion: str, puerto: int) -> None:
    # Sin registro de accesos: la ruta de una llamada lleva ids, y quién leyó qué se registra en otro sitio.
    uvicorn.run(aplicacion, host=direccion, port=puerto, log_level="warning", access_log=False, server_header=False)


def _dejar_pem(carpeta: Path, arena: Arena) -> Path:
    archivo = archivo_de(carpeta, arena.propia.codigo).with_suffix(".pem")
    escribir_secreto(archivo, arena.propia.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return archivo


__all__ = ["caja_de_arena", "portal"]
