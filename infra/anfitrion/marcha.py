"""Un bucle andando en su hilo verde: escucha, da pasos, y ante un fallo espera y vuelve a intentarlo.

Ningún fallo mata el proceso. El bus caído no para los pasos que solo usan la base; la base caída para el bucle entero y
suelta su cola, para que nada recibido se quede en manos de quien no puede guardarlo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Engine

from infra.almacen.motor import base_caida, comprobar
from infra.anfitrion.estacion import Bucle, Paso
from infra.anfitrion.verde import Despertador, Vencido, ceder, con_plazo, hilo_actual
from infra.mensajeria.transportes.base import TransporteCaido
from infra.observabilidad.medidas import Medidas
from infra.reloj import Reloj

registro = structlog.get_logger(__name__)

#: Segundos de verdad (no del reloj de las instituciones).
ESCUCHA = 1.0
#: Lo más que descansa un bucle que no escucha tras hacer todo lo que había, mientras los que escuchan sigan trayendo:
#: así junta lo que va llegando en vez de pagar un viaje por cada mensaje. Al que estaba ocioso no le cuesta nada.
JUNTAR = 0.1
SONDEO_SIN_ESCUCHA = 1.0
SONDEO = 5.0
CUIDAR_CONEXION = 5.0
SIN_BUS = 0.5
RETROCESO = 0.2
RETROCESO_MAXIMO = 30.0
RETROCESO_SIN_BASE = 5.0
PLAZO_BASE = 5.0


class BaseCaida(Exception):
    """La base no responde."""


@dataclass
class _Intentos:
    """Cuántas veces seguidas falló un trabajo y cuándo se vuelve a intentar (reloj monótono)."""

    fallos: int = 0
    no_antes: float = float("-inf")


@dataclass
class Marcha:
    """Hace andar un bucle hasta que se le pida parar.

    ``cola``: la que escucha, si escucha. ``ritmo``: segundos del reloj de las instituciones por segundo de verdad.
    """

    bucle: Bucle
    cola: str
    motor: Engine
    reloj: Reloj
    ritmo: float = 1.0
    medidas: Medidas | None = None
    #: A quién decir que este bucle, que venía ocupado, se quedó sin nada que hacer ni que oír.
    al_calmarse: Callable[[], None] = lambda: None
    #: Última vuelta, en el reloj monótono; con ella se sabe si el bucle sigue vivo.
    latido: float = field(init=False)
    #: Si el último uso del bus salió bien.
    bus: bool = False
    fallos: int = 0
    parada: bool = False

    def __post_init__(self) -> None:
        self._despertador, self._calma = Despertador(), Despertador()
        self._oyo = self._ocupado = False
        self._intentos: dict[str, _Intentos] = {}
        self._hilo: object = None
        self._sondeo = self._cuidado = float("-inf")
        self.latido = self.reloj.monotono()

    def correr(self) -> None:
        """Anda hasta la parada. Es el cuerpo del hilo verde."""
        self._hilo = hilo_actual()
        with structlog.contextvars.bound_contextvars(bucle=self.bucle.nombre):
            while not self.parada:
                self.latido = self.reloj.monotono()
                try:
                    self._vuelta()
                except BaseCaida:
                    self._esperar_a_la_base()
                ceder()

    def despertar(self) -> None:
        """Puede haber trabajo. Si lo avisa el propio bucle no hace falta: mientras hace algo, no duerme."""
        if hilo_actual() is not self._hilo:
            self._despertador.sonar()

    def calmar(self) -> None:
        """Quien traía trabajo se calmó: no hay más que juntar."""
        self._calma.sonar()

    def parar(self) -> None:
        """Pide la parada; el bucle termina lo que esté haciendo."""
        self.parada = True
        self._despertador.sonar()
        self._calma.sonar()

    def _vuelta(self) -> None:
        ahora = self.reloj.monotono()
        if ahora >= self._sondeo:
            self._sondeo = ahora + (SONDEO_SIN_ESCUCHA if self.bucle.escucha is None else SONDEO)
            for paso in self.bucle.pasos:
                paso.avisar()
        hizo = self._dar_los_que_tocan()
        espera = 0.0 if hizo or self._oyo else self._espera()
        if espera and self._ocupado and not any(paso.descanso() for paso in self.bucle.pasos):
            self._ocupado = False
            self.al_calmarse()
        if self.bucle.escucha is None:
            self._cuidar_conexion()
            if not hizo:
                self._despertador.esperar(espera)
            elif not any(paso.queda for paso in self.bucle.pasos):
                self._calma.esperar(JUNTAR)
        elif self._aplazado("escucha"):
            self._despertador.esperar(espera)
        else:
            self._oyo = self._intentar("escucha", self._escuchar, espera)
        self._ocupado = self._ocupado or hizo or self._oyo

    def _dar_los_que_tocan(self) -> bool:
        # Mientras hay trabajo se cita en la vuelta siguiente: al que ya avisaron otra vez no hace falta.
        self._citar()
        hizo = False
        for paso in self.bucle.pasos:
            if paso.toca(self.reloj.ahora()) and not paso.descanso():
                hizo = self._dar(paso) or hizo
        if not hizo:
            self._citar()
        return hizo

    def _citar(self) -> None:
        for paso in self.bucle.pasos:
            if paso.sin_citar:
                self._intentar(paso.nombre, paso.citar)

    def _dar(self, paso: Paso) -> bool:
        """Da un paso y mide lo que dura. Los que no tenían nada que hacer no cuentan: taparían a los demás."""
        fallos, inicio = self.fallos, self.reloj.monotono()
        hizo = self._intentar(paso.nombre, paso.dar_sin_citar)
        if self.medidas is not None and (hizo or self.fallos > fallos):
            self.medidas.paso(paso.nombre, self.reloj.monotono() - inicio)
        return hizo

    def _escuchar(self, espera: float) -> bool:
        hubo = self.bucle.escucha is not None and self.bucle.escucha(espera)
        self.bus = True
        return hubo

    def _intentar(self, nombre: str, hacer: Callable[..., bool], *argumentos: float) -> bool:
        """Da un paso o escucha. Si falla, lo aplaza; si falla la base, `BaseCaida`."""
        if self._aplazado(nombre):
            return False
        try:
            hizo = hacer(*argumentos)
        except TransporteCaido:
            if self.bus:
                registro.warning("bus-caido", paso=nombre)
            self.bus = False
            self.fallos += 1
            self._intentos[nombre] = _Intentos(1, self.reloj.monotono() + SIN_BUS)
        except Exception as error:  # noqa: BLE001  lo que sea: se registra y se repite; el proceso sigue
            self.fallos += 1
            if base_caida(error) and not self._responde():
                raise BaseCaida from None
            # También si la base está: fue la conexión, que murió, o un interbloqueo.
            self._aplazar(nombre, error)
        else:
            self._intentos.pop(nombre, None)
            return hizo
        return False

    def _aplazado(self, nombre: str) -> bool:
        intentos = self._intentos.get(nombre)
        return intentos is not None and self.reloj.monotono() < intentos.no_antes

    def _aplazar(self, nombre: str, error: Exception) -> None:
        intentos = self._intentos.setdefault(nombre, _Intentos())
        intentos.fallos += 1
        espera = min(RETROCESO_MAXIMO, RETROCESO * 2 ** min(intentos.fallos - 1, 20))
        intentos.no_antes = self.reloj.monotono() + espera
        registro.error("paso-con-fallo", paso=nombre, fallos=intentos.fallos, espera=espera, exc_info=error)

    def _espera(self) -> float:
        """Segundos hasta el próximo trabajo conocido, como mucho `ESCUCHA`."""
        ahora = self.reloj.ahora()
        citas = (self._falta(paso, ahora) for paso in self.bucle.pasos)
        return max(0.0, min(ESCUCHA, *citas)) if self.bucle.pasos else ESCUCHA

    def _falta(self, paso: Paso, ahora: datetime) -> float:
        if paso.toca(ahora) and paso.nombre not in self._intentos:
            return paso.descanso()  # si no se dio es que descansaba
        monotono = self.reloj.monotono()
        aplazado = self._intentos[paso.nombre].no_antes - monotono if paso.nombre in self._intentos else 0.0
        if paso.cita is None:
            return max(aplazado, ESCUCHA)
        return max(aplazado, (paso.cita - ahora).total_seconds() / self.ritmo)

    def _cuidar_conexion(self) -> None:
        """Quien no escucha no nota que el bus cayó, ni late, si nadie pregunta."""
        ahora = self.reloj.monotono()
        if ahora >= self._cuidado:
            self._cuidado = ahora + (CUIDAR_CONEXION if self.bus else SIN_BUS)
            self.bus = self.bucle.transporte.viva()

    def _soltar_cola(self) -> None:
        """Lo que llegue mientras tanto lo puede guardar otra réplica, o espera en la cola."""
        if self.bucle.escucha is not None:
            try:
                self.bucle.transporte.cancelar(self.cola)
            except TransporteCaido:
                self.bus = False

    def _esperar_a_la_base(self) -> None:
        registro.error("base-caida", cola=self.cola)
        self._soltar_cola()
        intentos = 0
        while not self.parada:
            self.latido = self.reloj.monotono()
            self._despertador.esperar(min(RETROCESO_SIN_BASE, RETROCESO * 2 ** min(intentos, 10)))
            if self._responde():
                registro.warning("base-de-vuelta", intentos=intentos + 1)
                return
            intentos += 1

    def _responde(self) -> bool:
        try:
            with con_plazo(PLAZO_BASE):
                comprobar(self.motor)
        except Exception as error:
            if isinstance(error, Vencido) or base_caida(error):
                return False
            raise
        return True


__all__ = ["Marcha"]
