"""Examinar a un cliente: monta la caja de arena, lo arranca, le pasa los escenarios y dice en cuáles falla."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import msgspec
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec import Struct

from infra.azar import Azar
from infra.mensajeria.transportes.base import Transporte
from infra.reloj import Reloj
from senda import portal
from senda.arena import Arena, estrenar_arena
from senda.conformidad.escenarios import PLAZO, Escenario, Examen, NoPasa, nombre_de
from senda.conformidad.juez import Juez
from senda.conformidad.programa import Programa
from senda.conformidad.travesuras import Bus, Travieso, ninguna
from senda.despliegue import escribir_secreto
from senda.embebido import BUS

INSTITUCION: Final = "GT-PRUEBA"
_ARRANQUE: Final = 30.0


class Nota(Struct, frozen=True, kw_only=True):
    """Un escenario: si pasa y, si no, por qué."""

    escenario: str
    que: str
    pasa: bool
    motivo: str = ""


def examinar(
    orden: Sequence[str], carpeta: Path, escenarios: Sequence[Escenario], reloj: Reloj, azar: Azar, *,
    bus: str = BUS, entorno: Mapping[str, str] | None = None, plazo: float = PLAZO,
    al_acabar: Callable[[Nota], None] = lambda _: None,
) -> list[Nota]:  # fmt: skip
    """Pasa los escenarios, uno tras otro, con el mismo cliente y su mismo estado.

    ``carpeta``: nueva; la del cliente y la del sistema van dentro. ``entorno``: lo que se añade a `variables`.
    """
    travieso = Bus(INSTITUCION)

    def envolver(transporte: Transporte) -> Transporte:
        return Travieso(transporte, travieso)

    arena = estrenar_arena(carpeta / "senda", INSTITUCION, reloj, azar, bus=bus, envolver=envolver)
    suya = carpeta / "cliente"
    suya.mkdir(mode=0o700)
    notas = []
    with _servida(arena) as url:
        propio = variables(arena, suya, url, bus) | dict(entorno or {})
        programa = Programa(orden, propio, suya, carpeta / "cliente.log")
        examen = Examen(arena, travieso, Juez(arena), programa, plazo)
        try:
            for escenario in escenarios:
                nota = _pasar(examen, escenario)
                al_acabar(nota)
                notas.append(nota)
        finally:
            programa.cerrar()
    return notas


def variables(arena: Arena, carpeta: Path, url: str, bus: str) -> dict[str, str]:
    """Lo que un cliente encuentra en su entorno, y los archivos a que apunta, que quedan en su carpeta."""
    pem = arena.propia.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    escribir_secreto(carpeta / "clave.pem", pem)
    claves = portal.claves_publicas(arena.sistema.despliegue)
    (carpeta / "claves.json").write_bytes(msgspec.json.encode(claves))
    return {
        "SENDA_INSTITUCION": INSTITUCION,
        "SENDA_CLAVE": str(carpeta / "clave.pem"),
        "SENDA_CLAVES": str(carpeta / "claves.json"),
        "SENDA_ESTADO": str(carpeta / "estado"),
        "SENDA_URL": url,
    } | ({} if bus.startswith("memory:") else {"SENDA_AMQP": bus})


def _pasar(examen: Examen, escenario: Escenario) -> Nota:
    examen.bus.travesura = ninguna
    antes = examen.juez.respondidas("rechazada")
    motivo = ""
    try:
        examen.programa.arrancar()
        escenario(examen)
        examen.exigir_sin_rechazos(antes)
        if not examen.programa.anda:
            motivo = "el programa acabó solo"
    except NoPasa as fallo:
        motivo = str(fallo)
    finally:
        examen.bus.travesura = ninguna
    que = (escenario.__doc__ or "").strip().splitlines()[0]
    return Nota(escenario=nombre_de(escenario), que=que, pasa=not motivo, motivo=motivo)


@contextmanager
def _servida(arena: Arena) -> Iterator[str]:
    """La arena andando y su HTTP en un puerto libre. Da su dirección."""
    with socket.create_server(("127.0.0.1", 0)) as zocalo:
        puerto = zocalo.getsockname()[1]
        ajustes = uvicorn.Config(arena.aplicacion(), log_level="warning", access_log=False)
        servidor = uvicorn.Server(ajustes)
        hilo = Thread(target=servidor.run, kwargs={"sockets": [zocalo]}, name="http", daemon=True)
        hilo.start()
        espera, reloj = Event(), arena.sistema.montaje.reloj
        limite = reloj.monotono() + _ARRANQUE
        while not servidor.started and reloj.monotono() < limite:
            espera.wait(0.05)
        try:
            yield f"http://127.0.0.1:{puerto}"
        finally:
            servidor.should_exit = True
            hilo.join(_ARRANQUE)


__all__ = ["INSTITUCION", "Nota", "examinar", "variables"]
