"""Un servicio de Senda del banco en su proceso: el de producción, sobre el plano y con puerta.

``python -m senda.banco.camino.en_marcha CARPETA NOMBRE``. El proceso pasa a hilos verdes antes de importar lo demás.
"""

from __future__ import annotations

import importlib
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from infra.anfitrion.estacion import Estacion
    from infra.mensajeria.transportes.base import Entrega, Transporte
    from senda.banco.camino.plano import Plano

#: Segundos entre dos miradas a la puerta cerrada.
_MIRADA = 0.02


class ConPuerta:
    """Un transporte que, con la puerta cerrada, no toma nada de una cola. Todo lo demás pasa tal cual."""

    def __init__(self, transporte: Transporte, cola: str, puerta: Path) -> None:
        self._transporte, self._cola, self._puerta = transporte, cola, puerta
        self._consume = False

    def __getattr__(self, nombre: str) -> Any:
        return getattr(self._transporte, nombre)

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        if cola != self._cola:
            return self._transporte.recibir(cola, maximo, espera)
        if not self._puerta.exists():
            if self._consume:
                self._transporte.cancelar(cola)
                self._consume = False
            time.sleep(min(espera, _MIRADA))
            return []
        self._consume = True
        return self._transporte.recibir(cola, maximo, espera)


def montar(plano: Plano, nombre: str) -> Estacion:
    """La estación de un servicio con los lotes del plano."""
    from infra.almacen.almacen import Almacen  # noqa: PLC0415
    from infra.almacen.motor import abrir_motor  # noqa: PLC0415
    from infra.anfitrion.estacion import Estacion  # noqa: PLC0415
    from infra.azar import AzarReal  # noqa: PLC0415
    from infra.mensajeria.ajustes import Ajustes  # noqa: PLC0415
    from infra.mensajeria.transportes.abrir import abrir  # noqa: PLC0415
    from infra.reloj import RelojReal  # noqa: PLC0415
    from infra.seguridad.firma import publica_a_texto  # noqa: PLC0415
    from infra.seguridad.identidad_servicio import ClavesServicio  # noqa: PLC0415
    from infra.seguridad.llavero import Llavero  # noqa: PLC0415
    from senda.composicion import CONTEXTOS  # noqa: PLC0415

    contexto = replace(CONTEXTOS[nombre], sigue=plano.sigue[nombre])
    reloj, azar = RelojReal(), AzarReal()
    claves = {n: ClavesServicio.leer(Path(plano.carpeta) / "claves" / n) for n in plano.servicios}
    almacen = Almacen(
        motor=abrir_motor(plano.base, plano.esquema(nombre)),
        origen=f"/gt/{nombre}",
        llavero=Llavero(plano.base, bytes(32), azar, reloj, esquema=plano.esquema("llavero")),
        claves=claves[nombre],
        reloj=reloj,
        azar=azar,
        lecturas=contexto.lecturas,
    )
    nombres = plano.topologia.nombres
    lotes = plano.lotes
    return Estacion(
        servicio=contexto,
        almacen=almacen,
        topologia=plano.topologia,
        origenes={n: f"/gt/{n}" for n in plano.servicios},
        claves_de_origen={f"/gt/{n}": publica_a_texto(c.firma.public_key()) for n, c in claves.items()},
        abrir_transporte=lambda: cast(
            "Transporte", ConPuerta(abrir(plano.bus), nombres.solicitudes_de("deteccion"), plano.puerta)
        ),
        titular=f"{nombre}@{socket.gethostname()}:{plano.prefijo}",
        ajustes=Ajustes(
            lote_solicitudes=lotes.solicitudes, lote_relevo=lotes.relevo, lote_entrada=lotes.libro, turnos=lotes.turnos
        ),
    )


def principal(carpeta: str, nombre: str) -> None:
    """Sirve hasta SIGTERM."""
    from infra.anfitrion.anfitrion import Anfitrion  # noqa: PLC0415
    from infra.anfitrion.produccion import servir  # noqa: PLC0415
    from infra.observabilidad.registro import configurar  # noqa: PLC0415
    from infra.reloj import RelojReal  # noqa: PLC0415
    from senda.banco.camino.plano import leer  # noqa: PLC0415

    plano = leer(carpeta)
    configurar(nombre)
    servicio = importlib.import_module(f"servicios.{nombre}.servicio").SERVICIO
    estacion = montar(plano, nombre)
    servir(servicio, Anfitrion(estacion, RelojReal(), al_preparar=plano.listo(nombre).touch), "127.0.0.1", 0)


if __name__ == "__main__":
    from infra.anfitrion.verde import preparar_proceso

    preparar_proceso()
    principal(*sys.argv[1:])
