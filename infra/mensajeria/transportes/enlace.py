"""Una conexión AMQP que se rehace sola: nota la caída, late, y reintenta con retroceso sin bloquear a quien la usa."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import amqp
import structlog
from kombu.connection import Connection

from infra.mensajeria.transportes import direccion
from infra.mensajeria.transportes.base import TransporteCaido

_registro = structlog.get_logger(__name__)

LECTURA = 8_192
ESCRITURA = 65_536
RETROCESO_INICIAL = 0.25
RETROCESO_MAXIMO = 30.0
ESPERA_CONEXION = 5.0
# py-amqp lanza AttributeError si usa una conexión que acaba de cerrar (lo advierte kombu.transport.pyamqp).
_CAIDAS = (OSError, amqp.exceptions.AMQPError, AttributeError)


class Enlace:
    """Una conexión con el broker.

    Tiempos en segundos. `latido` es el intervalo de heartbeat: dos perdidos dan la conexión por caída. `paciencia` es
    lo que se espera una respuesta del broker. Tras el primer fallo reconecta en el acto; después, con retroceso y azar.
    """

    def __init__(
        self, url: str, *, latido: int, paciencia: float, reloj: Callable[[], float], azar: random.Random
    ) -> None:
        fabrica: Any = Connection
        self._kombu: Any = fabrica(**direccion.leer(url), heartbeat=latido, connect_timeout=ESPERA_CONEXION)
        self.pulso = latido / 3
        """Lo más que conviene estar sin llamar a `latir`."""
        self._paciencia = paciencia
        self._reloj = reloj
        self._azar = azar
        self._conexion: Any = None
        self._cerrado = False
        self._fallos = 0
        self._no_antes = float("-inf")
        self.generacion = 0
        """Cambia al perder la conexión y al rehacerla: lo abierto en otra generación ya no vale."""

    @property
    def usuario(self) -> str:
        """Usuario de la conexión, el que el broker valida en `user_id`."""
        usuario: str = self._kombu.userid or "guest"
        return usuario

    def conexion(self) -> Any:
        """La conexión viva de py-amqp; la rehace si cayó. Lanza `TransporteCaido`."""
        if self._cerrado:
            raise TransporteCaido("el transporte está cerrado")
        if self._conexion is not None:
            with suppress(TransporteCaido):
                self.latir()
        if self._conexion is None:
            self._conectar()
        return self._conexion

    def latir(self) -> None:
        """Lee lo que haya sin esperar y manda el latido si toca. Lanza `TransporteCaido`; no reconecta."""
        if self._conexion is None:
            return
        with self.vigilado():
            while self.leer(0):
                pass
            self._conexion.heartbeat_tick()

    def leer(self, espera: float) -> bool:
        """Atiende la siguiente trama del broker, esperando como mucho `espera`. False si no llegó ninguna."""
        try:
            # No drain_events: no vuelve por un latido, y con latidos puntuales nunca vencería el plazo.
            self._conexion.blocking_read(espera)
        except TimeoutError:
            return False
        return True

    @contextmanager
    def juntando(self) -> Iterator[None]:
        """Junta lo que se escriba y lo manda por tramos. Dentro no se lee: lo que espera respuesta aún no ha salido.

        py-amqp hace una llamada al sistema por mensaje, y es la mitad de lo que cuesta publicar. Se apoya en `_write`,
        que py-amqp guarda por conexión.
        """
        transporte = self._conexion.transport
        enviar = transporte._write  # noqa: SLF001
        junto = bytearray()

        def escribir(trama: memoryview) -> None:
            junto.extend(trama)
            if len(junto) >= ESCRITURA:
                enviar(junto)
                junto.clear()

        transporte._write = escribir  # noqa: SLF001
        try:
            yield
        finally:
            transporte._write = enviar  # noqa: SLF001
        if junto:
            enviar(junto)

    @contextmanager
    def vigilado(self) -> Iterator[None]:
        """Convierte en `TransporteCaido` cualquier fallo de la conexión, y la suelta.

        Un error de canal que nadie esperaba también la suelta: py-amqp reabre el canal con el mismo número, pero sin
        consumidores ni confirmaciones, y callaría para siempre.
        """
        try:
            yield
        except _CAIDAS as error:
            self.soltar()
            _registro.warning("conexion_perdida", error=type(error).__name__)
            raise TransporteCaido(f"se perdió la conexión con el broker ({type(error).__name__})") from None

    def soltar(self) -> None:
        """Olvida la conexión sin despedirse; lo que tuviera sin confirmar vuelve a sus colas."""
        conexion, self._conexion = self._conexion, None
        if conexion is not None:
            self.generacion += 1
            with suppress(*_CAIDAS):
                conexion.collect()

    def cerrar(self) -> None:
        """Se despide del broker y no vuelve a conectar."""
        self._cerrado = True
        conexion, self._conexion = self._conexion, None
        if conexion is not None:
            with suppress(*_CAIDAS):
                conexion.close()

    def _conectar(self) -> None:
        ahora = self._reloj()
        if ahora < self._no_antes:
            raise TransporteCaido("sin conexión con el broker; aún no toca reintentar")
        try:
            self._conexion = self._kombu.transport.establish_connection()
            # Plazo de toda lectura y escritura: sin él, una red cortada deja a quien espera colgado para siempre.
            # Va en el socket porque así lo respeta también eventlet.
            zocalo = self._conexion.transport.sock
            zocalo.settimeout(self._paciencia)
            # py-amqp lee cada trama en tres llamadas al sistema, nueve por mensaje; su búfer admite que sobre.
            self._conexion.transport._quick_recv = lambda falta: zocalo.recv(max(falta, LECTURA))  # noqa: SLF001
        except _CAIDAS as error:
            self.soltar()
            self._fallos += 1
            retroceso = min(RETROCESO_MAXIMO, RETROCESO_INICIAL * 2 ** min(self._fallos, 10))
            self._no_antes = ahora + retroceso * self._azar.uniform(0.5, 1.0)
            with suppress(*_CAIDAS):
                self._kombu.maybe_switch_next()
                if isinstance(self._kombu.ssl, dict):
                    self._kombu.ssl["server_hostname"] = None  # el del anfitrión al que toca ahora
            raise TransporteCaido(f"no se pudo conectar con el broker ({type(error).__name__})") from None
        self._fallos = 0
        self._no_antes = float("-inf")
        self.generacion += 1
