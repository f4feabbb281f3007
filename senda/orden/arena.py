"""`senda caja-de-arena` y `senda portal`: el contrato por HTTP, de prueba o de un despliegue de verdad."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.azar import AzarReal
from infra.mensajeria.transportes.base import TopologiaIncompatible, TransporteCaido
from infra.rabbitmq.claves import ClaveIlegible
from infra.reloj import RelojReal
from infra.seguridad.identidad_servicio import ClavesInvalidas
from senda import portal as portales
from senda.acceso_bus import LlaveAusente
from senda.arena import Arena, ArenaRota, Historia, estrenar_arena
from senda.arranque import BusNoCompartido
from senda.conformidad.examinar import BusLejano
from senda.credencial import CredencialInvalida, archivo_de
from senda.despliegue import DespliegueAusente, escribir_secreto
from senda.embebido import BUS
from senda.orden.comun import Carpeta, progreso
from senda.orden.servir import servir, tomar

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
    zocalo = tomar(_DIRECCION, puerto)
    puerto = zocalo.getsockname()[1]
    carpeta = carpeta or Path(tempfile.mkdtemp(prefix="senda-arena-"))
    try:
        arena = estrenar_arena(carpeta, institucion, RelojReal(), AzarReal(), bus=amqp or BUS)
    except (
        FileExistsError,
        CredencialInvalida,
        ArenaRota,
        TransporteCaido,
        TopologiaIncompatible,
        ValueError,
    ) as error:
        progreso.print(motivo_de(error), style="red", markup=False)
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
        soft_wrap=True,  # una orden partida en dos líneas no se puede copiar
    )
    servir(arena.aplicacion(), zocalo, arena.portal.puerta.timbre.parar)


def motivo_de(error: Exception) -> str:
    """Qué impidió montar una caja de arena, y qué hacer."""
    match error:
        case FileExistsError():
            return "Esa carpeta no está vacía: elige otra con --carpeta."
        case TransporteCaido():
            return "No hay un RabbitMQ en la dirección de --amqp: comprueba máquina, puerto, usuario y vhost."
        case TopologiaIncompatible() | ArenaRota():
            return "Ese vhost ya tiene colas de otro sistema: da a --amqp un vhost solo para esto."
        case CredencialInvalida() | BusLejano():
            return str(error)
        case _:
            return "La dirección de --amqp no vale: se espera amqp://usuario:clave@maquina:5672/vhost."


def portal(
    carpeta: Carpeta,
    puerto: Annotated[int, typer.Option(help="Puerto HTTP.")] = 8080,
    direccion: Annotated[str, typer.Option(help="Dónde escucha; delante, un proxy con TLS.")] = _DIRECCION,
) -> None:
    """El contrato por HTTP de un despliegue sobre RabbitMQ, hasta que se le pida parar."""
    zocalo = tomar(direccion, puerto)
    titular = f"portal@{socket.gethostname()}:{puerto or os.getpid()}"
    try:
        montado = portales.de_carpeta(carpeta, AzarReal(), titular)
    except KeyError:
        progreso.print("Ese despliegue se instaló sin portal; instálalo de nuevo.", style="red")
        raise typer.Exit(2) from None
    except BusNoCompartido:
        progreso.print(
            "Con memory:// todo va en un proceso: instala sobre RabbitMQ o, para probar, usa «senda caja-de-arena».",
            style="red",
        )
        raise typer.Exit(2) from None
    except (DespliegueAusente, ClavesInvalidas, ClaveIlegible, LlaveAusente) as error:
        progreso.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    progreso.print(
        f"Portal en http://{direccion}:{zocalo.getsockname()[1]}; Ctrl-C para parar.", markup=False, highlight=False
    )
    servir(portales.servir_con(montado), zocalo, montado.puerta.timbre.parar)


def _dejar_pem(carpeta: Path, arena: Arena) -> Path:
    archivo = archivo_de(carpeta, arena.propia.codigo).with_suffix(".pem")
    escribir_secreto(archivo, arena.propia.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return archivo


__all__ = ["caja_de_arena", "motivo_de", "portal"]
