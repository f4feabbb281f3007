"""El anfitrión de producción de una estación: prepara, hace andar sus bucles, dice cómo está y los para con orden.

Quien lo usa pone los hilos verdes (``lanzar``); aquí no se conoce nameko.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from infra.anfitrion.estacion import Bucle, Estacion
from infra.anfitrion.gobierno import Gobierno
from infra.anfitrion.marcha import RETROCESO, RETROCESO_SIN_BASE, Marcha
from infra.anfitrion.verde import Despertador, Vencido, con_plazo
from infra.observabilidad.metricas import DelProceso
from infra.observabilidad.salud import Salud, Vida, medir, sin_base
from infra.reloj import Reloj

registro = structlog.get_logger(__name__)

#: Segundos sin dar una vuelta a partir de los que un bucle se da por colgado.
SIN_LATIR = 120.0
PLAZO_SALUD = 3.0
PLAZO_PARADA = 3.0
PLAZO_DESPEDIDA = 1.0


class Hilo(Protocol):
    """Un hilo verde."""

    def wait(self) -> object: ...

    def kill(self) -> object: ...


Lanzar = Callable[[Callable[[], None]], Hilo]


def _nada() -> None:
    return None


@dataclass
class Anfitrion:
    """Aloja una estación.

    ``ritmo``: cuánto corre el reloj de las instituciones respecto al de verdad. ``al_preparar``: lo que hay que hacer
    una vez, con la base y el bus listos y antes de atender; repetirlo no ha de cambiar nada. ``al_acabar``: lo último.
    """

    estacion: Estacion
    reloj: Reloj
    ritmo: float = 1.0
    al_preparar: Callable[[], None] = _nada
    al_acabar: Callable[[], None] = _nada
    marchas: tuple[Marcha, ...] = field(init=False)
    _hilos: list[Hilo] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gobierno = Gobierno(self.estacion, self.reloj)
        self.marchas = tuple(self._marcha(bucle) for bucle in self._gobierno.bucles)
        self._despertador = Despertador()
        self._parada = False
        self._preparado = False

    def arrancar(self, lanzar: Lanzar) -> None:
        """Prepara y echa a andar en hilos verdes. Vuelve en seguida; si no hay base o bus, espera a que los haya."""
        for marcha in self.marchas:
            if marcha.bucle.escucha is None:
                self.estacion.almacen.al_confirmar(marcha.despertar)
            else:
                marcha.al_calmarse = self._calmar
        self.estacion.solicitudes.al_mezclar = self._calmar

        def arranque() -> None:
            if self._preparar():
                self._hilos += [lanzar(marcha.correr) for marcha in self.marchas]

        self._hilos.append(lanzar(arranque))

    def parar(self) -> None:
        """Deja de escuchar, termina lo empezado (hasta `PLAZO_PARADA`) y suelta bus y base."""
        self._parada = True
        self._despertador.sonar()
        for marcha in self.marchas:
            marcha.parar()
        try:
            with con_plazo(PLAZO_PARADA):
                for hilo in self._hilos:
                    hilo.wait()
        except Vencido:
            # Lo que quede a medias se revierte en la base y vuelve a su cola: para eso está.
            registro.warning("parada-con-prisa", segundos=PLAZO_PARADA)
            for hilo in self._hilos:
                hilo.kill()
        self._despedir()
        self.estacion.cerrar()
        self.al_acabar()

    def vida(self) -> Vida:
        """Si los bucles dan vueltas. No toca la base ni el bus."""
        ahora = self.reloj.monotono()
        bucles = {m.bucle.nombre: round(ahora - m.latido, 3) for m in self.marchas}
        return Vida(vivo=all(edad < SIN_LATIR for edad in bucles.values()), bucles=bucles)

    def salud(self) -> Salud:
        """El estado del servicio, en `PLAZO_SALUD` como mucho. Sin preparar o parando no está listo."""
        bus = self._preparado and not self._parada and all(marcha.bus for marcha in self.marchas)
        try:
            with con_plazo(PLAZO_SALUD):
                estacion = self.estacion
                return medir(estacion.almacen, estacion.nombre, estacion.ajustes, bus=bus, contexto=estacion.servicio)
        except Vencido:
            return sin_base(self.estacion.nombre, self.reloj.ahora(), bus=bus)

    def del_proceso(self) -> DelProceso:
        """Lo que este proceso lleva contado. No toca la base ni el bus."""
        return self._gobierno.del_proceso({marcha.bucle.nombre: marcha.fallos for marcha in self.marchas})

    def _calmar(self) -> None:
        for marcha in self.marchas:
            marcha.calmar()

    def _despedir(self) -> None:
        """Que conste que ya no anda; si la base no deja, se sabrá cuando venza lo que dijo."""
        try:
            with con_plazo(PLAZO_DESPEDIDA):
                self._gobierno.despedir()
        except (Vencido, SQLAlchemyError) as error:
            registro.warning("sin-despedida", error=type(error).__name__)

    def _preparar(self) -> bool:
        intentos = 0
        while not self._parada:
            for marcha in self.marchas:
                marcha.latido = self.reloj.monotono()
            try:
                self.estacion.preparar()
                self.al_preparar()
            except Exception as error:  # noqa: BLE001  falte lo que falte, se espera a que esté: la salud dice que no
                intentos += 1
                espera = min(RETROCESO_SIN_BASE, RETROCESO * 2 ** min(intentos, 10))
                registro.warning("aun-sin-preparar", intentos=intentos, espera=espera, exc_info=error)
                self._despertador.esperar(espera)
            else:
                self._preparado = True
                registro.info("servicio-en-marcha")
                return True
        return False

    def _marcha(self, bucle: Bucle) -> Marcha:
        nombres, nombre = self.estacion.topologia.nombres, self.estacion.nombre
        colas = {
            "solicitudes": nombres.solicitudes_de(nombre),
            "entrada": nombres.entrada_de(nombre),
            "reparaciones": nombres.reparaciones_de(nombre),
        }
        return Marcha(
            bucle, colas.get(bucle.nombre, ""), self.estacion.almacen.motor, self.reloj, self.ritmo,
            self._gobierno.medidas,
        )  # fmt: skip


__all__ = ["Anfitrion"]
