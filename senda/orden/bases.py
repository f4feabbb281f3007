"""Abrir las bases de un despliegue desde una orden de quien opera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.almacen.almacen import Almacen
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import AzarReal
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.presencia import en_marcha as procesos_de
from infra.mensajeria.transportes.abrir import abrir
from infra.rabbitmq.claves import ClaveIlegible
from infra.reloj import RelojAcelerado, reloj_desde
from senda.acceso_bus import Acceso, LlaveAusente
from senda.composicion import CONTEXTOS, Montaje
from senda.despliegue import DespliegueAusente, leer
from senda.orden.comun import Carpeta, fin

_MEMORIA = "memory:"


@contextmanager
def montaje_de(carpeta: Carpeta) -> Iterator[Montaje]:
    """El despliegue de la carpeta, con su reloj y sus ajustes. Si no se puede abrir, lo dice y sale con 2."""
    try:
        despliegue = leer(carpeta)
    except DespliegueAusente as error:
        fin(str(error))
    reloj = reloj_desde(despliegue.reloj)
    ritmo = reloj.factor if isinstance(reloj, RelojAcelerado) else 1.0
    try:
        yield Montaje(carpeta, despliegue, reloj, AzarReal(), ajustes=Ajustes().por(ritmo))
    except (LlaveAusente, ClaveIlegible) as error:
        fin(str(error))


def almacenes(montaje: Montaje) -> Iterator[tuple[str, Almacen]]:
    """Los de los seis servicios, uno detrás de otro; cada uno se cierra al pasar al siguiente."""
    for nombre in CONTEXTOS:
        with almacen_de(montaje, nombre) as almacen:
            yield nombre, almacen


@contextmanager
def almacen_de(montaje: Montaje, nombre: str) -> Iterator[Almacen]:
    """El de un servicio. Si no hay uno con ese nombre, lo dice y sale con 2."""
    if nombre not in CONTEXTOS:
        fin(f"No hay un servicio «{nombre}»; son: {', '.join(CONTEXTOS)}.")
    llavero = montaje.llavero()
    almacen = montaje.almacen(nombre, llavero)
    try:
        yield almacen
    finally:
        almacen.motor.dispose()
        llavero.cerrar()


def en_marcha(montaje: Montaje) -> dict[str, list[str]]:
    """Qué procesos de cada servicio dicen que andan; los servicios sin ninguno no salen."""
    andan = {}
    for nombre, base in montaje.despliegue.bases.items():
        if nombre not in CONTEXTOS:
            continue
        # Sin llavero: el suyo también puede estar por migrar.
        motor = abrir_motor(base.url, base.esquema)
        with leyendo(motor) as conexion:
            if procesos := procesos_de(conexion, montaje.reloj.ahora()):
                andan[nombre] = procesos
        motor.dispose()
    return andan


def embebido(montaje: Montaje) -> bool:
    """Si el bus vive dentro del proceso de los servicios: desde fuera no hay nada que mirar ni que parar."""
    return montaje.despliegue.bus.startswith(_MEMORIA)


def hay_bus(montaje: Montaje, usuario: str) -> bool:
    """Si el broker atiende a ese usuario."""
    if embebido(montaje):
        return True
    transporte = abrir(Acceso(montaje.carpeta, montaje.despliegue).url_de_servicio(usuario))
    try:
        return transporte.viva()
    finally:
        transporte.cerrar()


__all__ = ["almacen_de", "almacenes", "embebido", "en_marcha", "hay_bus", "montaje_de"]
