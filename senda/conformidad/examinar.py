"""Examinar a un cliente: monta la caja de arena, lo arranca, le pasa los escenarios y dice en cuáles falla."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

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
from senda.conformidad.puente import Puente
from senda.conformidad.travesuras import Bus, Travieso, ninguna
from senda.despliegue import escribir_secreto
from senda.embebido import BUS

INSTITUCION: Final = "GT-PRUEBA"
_ARRANQUE: Final = 30.0
_LOCAL: Final = "127.0.0.1"
_ESTA_MAQUINA: Final = frozenset({"localhost", _LOCAL})
_DE_TLS: Final = {"ca": "SENDA_CA", "certificado": "SENDA_CERTIFICADO", "llave": "SENDA_CERTIFICADO_CLAVE"}


class BusLejano(Exception):
    """Con TLS, al broker se le cree por su nombre: entre él y el cliente no cabe un puente de otra máquina."""

    def __str__(self) -> str:
        return "Con amqps://, el RabbitMQ del examen ha de estar en esta máquina: localhost o 127.0.0.1."


class Nota(Struct, frozen=True, kw_only=True):
    """Un escenario: si pasa y, si no, por qué."""

    escenario: str
    que: str
    pasa: bool
    motivo: str = ""


def examinar(
    orden: Sequence[str], carpeta: Path, escenarios: Sequence[Escenario], reloj: Reloj, azar: Azar, *,
    bus: str = BUS, bus_del_cliente: str | None = None, entorno: Mapping[str, str] | None = None, plazo: float = PLAZO,
    al_acabar: Callable[[Nota], None] = lambda _: None,
) -> list[Nota]:  # fmt: skip
    """Pasa los escenarios, uno tras otro, con el mismo cliente y su mismo estado.

    ``carpeta``: nueva; la del cliente y la del sistema van dentro. ``bus_del_cliente``: con qué entra él, si no es con
    lo mismo que los servicios. ``entorno``: lo que se añade a `variables`. Errores: `BusLejano`; los de
    `estrenar_arena`; `OSError` si la orden no se puede correr.
    """
    travieso = Bus(INSTITUCION)

    def envolver(transporte: Transporte) -> Transporte:
        return Travieso(transporte, travieso)

    if (bus_del_cliente or bus).startswith("amqps:") and urlsplit(bus_del_cliente or bus).hostname not in _ESTA_MAQUINA:
        raise BusLejano
    arena = estrenar_arena(carpeta / "senda", INSTITUCION, reloj, azar, bus=bus, envolver=envolver)
    suya = carpeta / "cliente"
    suya.mkdir(mode=0o700)
    notas = []
    with ExitStack() as pila:
        puentes = [Puente(_LOCAL, pila.enter_context(_servida(arena)))]
        propio = variables(arena, suya, f"http://{_LOCAL}:{puentes[0].entrada}") | dict(entorno or {})
        if not bus.startswith("memory:"):
            acceso, puente = _por_un_puente(bus_del_cliente or bus)
            puentes.append(puente)
            propio |= acceso
        for puente in puentes:
            pila.callback(puente.cerrar)
        programa = Programa(orden, propio, suya, carpeta / "cliente.log")
        pila.callback(programa.cerrar)
        examen = Examen(arena, travieso, Juez(arena), programa, puentes, plazo)
        for escenario in escenarios:
            nota = _pasar(examen, escenario)
            al_acabar(nota)
            notas.append(nota)
    return notas


def variables(arena: Arena, carpeta: Path, url: str) -> dict[str, str]:
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
    }


def acceso_al_bus(bus: str) -> dict[str, str]:
    """Cómo entra el cliente, de una dirección como las de los servicios: los certificados van en variables aparte.

    Errores: `ValueError` si la dirección no se entiende.
    """
    partes = urlsplit(bus)
    consulta = dict(parse_qsl(partes.query))
    acceso = {variable: str(Path(consulta.pop(p)).absolute()) for p, variable in _DE_TLS.items() if p in consulta}
    if consulta:
        raise ValueError(f"la dirección del bus admite ca, certificado y llave; no {', '.join(sorted(consulta))}")
    # Quién es lo dice el certificado: hay bibliotecas (pika) que no admiten un usuario sin contraseña.
    netloc = partes.netloc.rpartition("@")[2] if acceso and not partes.password else partes.netloc
    return {"SENDA_AMQP": urlunsplit(partes._replace(netloc=netloc, query=""))} | acceso


def _por_un_puente(bus: str) -> tuple[dict[str, str], Puente]:
    partes = urlsplit(bus)
    segura = partes.scheme == "amqps"
    puente = Puente(partes.hostname or _LOCAL, partes.port or (5671 if segura else 5672))
    usuario = partes.netloc.rpartition("@")[0]
    donde = f"{partes.hostname if segura else _LOCAL}:{puente.entrada}"
    directa = urlunsplit(partes._replace(netloc=f"{usuario}@{donde}" if usuario else donde))
    return acceso_al_bus(directa), puente


def _pasar(examen: Examen, escenario: Escenario) -> Nota:
    examen.bus.travesura = ninguna
    motivo = ""
    try:
        examen.empezar()
        escenario(examen)
        if not examen.programa.anda:
            motivo = "el programa acabó solo"
    except NoPasa as fallo:
        motivo = str(fallo)
    finally:
        examen.bus.travesura = ninguna
    que = (escenario.__doc__ or "").strip().splitlines()[0]
    return Nota(escenario=nombre_de(escenario), que=que, pasa=not motivo, motivo=motivo)


@contextmanager
def _servida(arena: Arena) -> Iterator[int]:
    """La arena andando y su HTTP en un puerto libre. Da el puerto."""
    with socket.create_server((_LOCAL, 0)) as zocalo:
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
            yield puerto
        finally:
            servidor.should_exit = True
            hilo.join(_ARRANQUE)


__all__ = ["INSTITUCION", "Nota", "acceso_al_bus", "examinar", "variables"]
