"""Muchas solicitudes de una institución por una sola conexión: se abre el destino una vez, y no una por solicitud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

from contratos.acuse import Acuse
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import TransporteCaido
from senda.cliente import Compuesta, Enlace
from senda.embebido import en_exclusiva, reabrir
from senda.ventanilla.claves import ClavesDeServicio
from senda.ventanilla.destino import Destino, EnLaCarpeta, NoSalio, PorBus, asegurar_cola, enviar, reconocer

_ENTREGAS: Final = 500
_MIRADA: Final = 1.0


class _Huella(msgspec.Struct):
    """De qué solicitud dice ser un acuse; si lo es de verdad lo dice su firma."""

    huella: str


@dataclass
class Sesion:
    """Una conexión abierta. ``rondas``: cada vuelta, algo pudo pasar al otro lado; se acaban con la paciencia."""

    enlace: Enlace
    institucion: str
    claves: ClavesDeServicio
    rondas: Callable[[], Iterator[None]]
    mirada: float

    def tramitar(self, compuestas: Sequence[Compuesta]) -> dict[str, Acuse]:
        """Envía y espera; los acuses, por id de solicitud. Falta el que no llegó a tiempo. Errores: `NoSalio`."""
        cola = self.enlace.nombres.acuses_de(self.institucion)
        enviar(self.enlace, compuestas, cola)
        faltan = {sha256(c.cuerpo).hexdigest(): c for c in compuestas}
        acuses: dict[str, Acuse] = {}
        for _ in self.rondas() if faltan else ():
            for entrega in self.enlace.transporte.recibir(cola, _ENTREGAS, self.mirada):
                suya = faltan.get(_huella(entrega.mensaje.cuerpo))
                acuse = reconocer(entrega, suya, self.claves) if suya else None
                if suya and acuse:
                    self.enlace.transporte.confirmar([entrega])
                    acuses[suya.id] = acuse
                    del faltan[acuse.huella]
            if not faltan:
                break
        return acuses


@contextmanager
def sesion(destino: Destino, institucion: str, espera: float) -> Iterator[Sesion]:
    """Abre el destino para muchas solicitudes. ``espera``: segundos por lote. Errores: los de `Destino.tramitar`."""
    if isinstance(destino, EnLaCarpeta):
        with _en_la_carpeta(destino, institucion, espera) as abierta:
            yield abierta
    elif isinstance(destino, PorBus):
        with _por_bus(destino, institucion, espera) as abierta:
            yield abierta
    else:
        raise TypeError("ese destino no admite lotes")


@contextmanager
def _en_la_carpeta(destino: EnLaCarpeta, institucion: str, espera: float) -> Iterator[Sesion]:
    with en_exclusiva(destino.carpeta):
        sistema = reabrir(destino.carpeta, destino.reloj, destino.azar)

        def rondas() -> Iterator[None]:
            limite = destino.reloj.ahora() + timedelta(seconds=espera)
            sistema.planificador.hasta_reposo()
            yield
            while destino.reloj.ahora() < limite:
                destino.dejar_pasar(sistema)
                sistema.planificador.hasta_reposo()
                yield

        try:
            enlace = sistema.enlace()
            asegurar_cola(enlace, institucion)
            sistema.planificador.hasta_reposo()
            yield Sesion(enlace, institucion, destino.claves, rondas, 0.0)
        finally:
            sistema.cerrar()


@contextmanager
def _por_bus(destino: PorBus, institucion: str, espera: float) -> Iterator[Sesion]:
    try:
        transporte = abrir(destino.url_de(institucion) or destino.url)
    except ValueError as error:
        raise NoSalio(str(error)) from None

    def rondas() -> Iterator[None]:
        limite = destino.reloj_de_espera() + espera
        while destino.reloj_de_espera() < limite:
            yield

    try:
        enlace = Enlace(transporte, Nombres(destino.claves.prefijo))
        try:
            asegurar_cola(enlace, institucion)
        except TransporteCaido:
            raise NoSalio("no se puede conectar con el bus: comprueba la dirección, el usuario y la red") from None
        yield Sesion(enlace, institucion, destino.claves, rondas, _MIRADA)
    finally:
        transporte.cerrar()


def _huella(cuerpo: bytes) -> str:
    try:
        return msgspec.json.decode(cuerpo, type=_Huella).huella
    except msgspec.DecodeError:
        return ""


__all__ = ["Sesion", "sesion"]
