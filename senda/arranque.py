"""De un despliegue en disco a un servicio montado con el reloj y el azar de verdad, listo para alojarse."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from infra.anfitrion.anfitrion import Anfitrion
from infra.azar import AzarReal
from infra.mensajeria.ajustes import Ajustes
from infra.reloj import RelojAcelerado, reloj_desde
from senda.composicion import Montaje, inscribir_rectora, mapa
from senda.despliegue import leer
from senda.restauracion.linea import exigir_linea
from senda.trazas import encender


class BusNoCompartido(Exception):
    """El bus del despliegue vive dentro de un solo proceso."""

    def __str__(self) -> str:
        return "con memory:// los seis servicios van en un proceso: usa «senda todo»"


def montar(carpeta: Path, nombre: str, puerto: int) -> Anfitrion:
    """Monta un servicio de ``carpeta``. ``puerto``: el de su HTTP; 0 si será uno cualquiera.

    Errores: `DespliegueAusente`, `BusNoCompartido`, `ClavesInvalidas`.
    """
    despliegue = leer(carpeta)
    if despliegue.bus.startswith("memory:"):
        raise BusNoCompartido
    reloj = reloj_desde(despliegue.reloj)
    ritmo = reloj.factor if isinstance(reloj, RelojAcelerado) else 1.0
    montaje = Montaje(carpeta, despliegue, reloj, AzarReal(), ajustes=Ajustes().por(ritmo))
    trazas = encender(carpeta, nombre, mapa(despliegue.prefijo).nombres)
    if trazas is not None:
        montaje.envolver, montaje.observar = trazas.transporte, trazas.servicio
    # El puerto es de un solo proceso: quien rearranca en él es el mismo titular y sigue sin esperar a que caduque
    # su propio arriendo.
    titular = f"{nombre}@{socket.gethostname()}:{puerto or f'pid{os.getpid()}'}"
    llavero = montaje.llavero_por_preparar()
    estacion = montaje.estacion(nombre, llavero, titular)

    def al_preparar() -> None:
        exigir_linea(carpeta, despliegue, nombre, estacion.almacen.motor, reloj.ahora())
        # Aquí, que se repite hasta que haya base: al montar, quien arrancase con la base caída moriría.
        llavero.crear_esquema()
        if nombre == "coordinacion":
            inscribir_rectora(estacion, despliegue)

    return Anfitrion(estacion, reloj, ritmo, al_preparar, trazas.cerrar if trazas else lambda: None)
