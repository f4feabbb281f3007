"""Nameko como anfitrión: inyecta la estación, atiende HTTP y gobierna el ciclo de vida. Sus RPC y eventos no se usan.

Nombre del módulo aparte, nadie fuera de `infra/anfitrion` y de los `servicio.py` sabe que nameko existe.
"""

from __future__ import annotations

import errno
import gc
import os
from functools import partial
from typing import Any, ClassVar

import eventlet
import msgspec
import structlog
from nameko.extensions import DependencyProvider
from nameko.runners import ServiceRunner
from nameko.web.handlers import HttpRequestHandler
from nameko.web.server import WebServer
from werkzeug.wrappers import Request, Response

from infra.anfitrion.anfitrion import Anfitrion
from infra.anfitrion.verde import al_pedir_parada
from infra.observabilidad import metricas

registro = structlog.get_logger(__name__)

#: Con qué clave va el `Anfitrion` en la configuración de nameko.
ANFITRION = "SENDA_ANFITRION"
#: Y el puerto en que escucha el HTTP.
ZOCALO = "SENDA_ZOCALO"


class Alojado(DependencyProvider):
    """La dependencia de un servicio: su anfitrión, que anda mientras el servicio está arriba."""

    @property
    def anfitrion(self) -> Anfitrion:
        anfitrion: Anfitrion = self.container.config[ANFITRION]
        return anfitrion

    def start(self) -> None:
        self.anfitrion.arrancar(partial(self.container.spawn_managed_thread, identifier=self.anfitrion.estacion.nombre))

    def stop(self) -> None:
        self.anfitrion.parar()

    def get_dependency(self, _contexto: object) -> Anfitrion:
        return self.anfitrion


class PuertoOcupado(Exception):
    """No se puede escuchar donde se pidió."""


class Puerto(WebServer):
    """El servidor HTTP de nameko sobre un puerto ya tomado."""

    _starting: bool

    def start(self) -> None:
        if not self._starting:
            self._starting = True
            self._sock = self.container.config[ZOCALO]
            self._serv = self.get_wsgi_server(self._sock, self.get_wsgi_app())
            self._gt = self.container.spawn_managed_thread(self.run)


class Punto(HttpRequestHandler):
    """Un punto HTTP."""

    server = Puerto()

    def response_from_exception(self, exc: Exception) -> Response:
        """De fábrica repite el mensaje de la excepción, que puede llevar valores. De registrarla se ocupa nameko."""
        return _json({"error": type(exc).__name__}, 500)


punto = Punto.decorator


class ServicioSenda:
    """Lo que todo servicio ofrece en producción. Cada ``servicio.py`` declara una subclase con su ``name``."""

    name: ClassVar[str]
    anfitrion: Any = Alojado()

    @punto("GET", "/salud/vivo")
    def vivo(self, _peticion: Request) -> Response:
        """200 si los bucles dan vueltas; 503 si alguno se colgó y conviene reiniciar el proceso."""
        vida = self.anfitrion.vida()
        return _json(vida, 200 if vida.vivo else 503)

    @punto("GET", "/salud/listo")
    def listo(self, _peticion: Request) -> Response:
        """200 si puede trabajar; 503 si falta la base o el bus, o un origen se contradice. El cuerpo dice por qué."""
        salud = self.anfitrion.salud()
        return _json(salud, 200 if salud.listo else 503)

    @punto("GET", "/metricas")
    def metricas(self, _peticion: Request) -> Response:
        """Las mismas cifras, para Prometheus."""
        texto = metricas.exponer(self.anfitrion.salud(), self.anfitrion.del_proceso())
        return Response(texto, content_type=metricas.FORMATO)


def servir(servicio: type[ServicioSenda], anfitrion: Anfitrion, direccion: str, puerto: int) -> None:
    """Sirve hasta SIGTERM o SIGINT. ``direccion`` y ``puerto``, los del HTTP; con 0 toma uno libre y lo registra.

    Errores: `PuertoOcupado`, antes de hacer nada; lo que mate a un hilo gestionado.
    """
    zocalo = _tomar(direccion, puerto)
    registro.info("http", puerto=zocalo.getsockname()[1])
    corredor = ServiceRunner({ANFITRION: anfitrion, ZOCALO: zocalo})
    corredor.add_service(servicio)
    al_pedir_parada(corredor.stop)
    # Lo ya cargado dura lo que el proceso: que el recolector no lo recorra en medio de una solicitud.
    gc.collect()
    gc.freeze()
    corredor.start()
    espera = eventlet.spawn(corredor.wait)
    while True:
        try:
            espera.wait()
        except OSError as error:
            # La señal interrumpe la espera del hilo principal.
            if error.errno != errno.EINTR:
                raise
        else:
            return


def _tomar(direccion: str, puerto: int) -> Any:
    try:
        # Para él solo: compartido (SO_REUSEPORT), dos procesos se creerían los dos el mismo titular del relevo.
        zocalo = eventlet.listen((direccion, puerto), reuse_port=False)
    except OSError as error:
        raise PuertoOcupado(os.strerror(error.errno or 0)) from None
    zocalo.settimeout(None)
    return zocalo


def _json(dato: object, estado: int) -> Response:
    return Response(msgspec.json.encode(dato), status=estado, content_type="application/json")


__all__ = ["Alojado", "PuertoOcupado", "ServicioSenda", "servir"]
