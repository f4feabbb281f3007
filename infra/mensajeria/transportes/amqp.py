"""Transporte AMQP 0-9-1 (RabbitMQ) sobre kombu y py-amqp.

Dos conexiones, una para publicar y declarar y otra para consumir: si el broker frena a quien publica (alarma de memoria
o disco), se sigue pudiendo confirmar y vaciar colas. Sin hilos; con o sin eventlet.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from amqp.exceptions import AccessRefused, ChannelError, NotFound
from amqp.spec import Queue

from infra.mensajeria.topologia import Cola, Intercambio, Topologia
from infra.mensajeria.transportes.base import (
    Entrega,
    Mensaje,
    TopologiaAusente,
    TopologiaIncompatible,
    TransporteCaido,
)
from infra.mensajeria.transportes.consumo import Consumo, Etiqueta
from infra.mensajeria.transportes.enlace import Enlace
from infra.mensajeria.transportes.publicador import Publicador

_registro = structlog.get_logger(__name__)

VENTANA = 500
"""Mensajes publicados sin confirmar a la vez; medido, a partir de ahí no se gana."""
PREFETCH = 500
"""Entregas sin confirmar por cola: lo que se vuelve a entregar si el proceso cae."""
SORDERA = 30.0
"""Segundos sin recibir nada hasta volver a consumir, por si el broker cree que ya se le entregó."""
APLICAR = "quien administra el broker aplica la topología con «senda bus aplicar»"


class TransporteAmqp:
    """`Transporte` sobre RabbitMQ. `url`: `amqp://usuario:clave@host:puerto/vhost` (o `amqps://`; varias con «;»).

    `latido` y `paciencia` en segundos; el reloj (monótono) y el azar solo deciden cuándo reconectar.
    """

    def __init__(
        self,
        url: str,
        *,
        ventana: int = VENTANA,
        prefetch: int = PREFETCH,
        latido: int = 15,
        paciencia: float = 30.0,
        reloj: Callable[[], float] = time.monotonic,
        azar: random.Random | None = None,
    ) -> None:
        sorteo = azar or random.SystemRandom()
        self._salida = Enlace(url, latido=latido, paciencia=paciencia, reloj=reloj, azar=sorteo)
        self._llegada = Enlace(url, latido=latido, paciencia=paciencia, reloj=reloj, azar=sorteo)
        self._publicador = Publicador(self._salida, ventana=ventana, paciencia=paciencia, reloj=reloj)
        self._prefetch = prefetch
        self._reloj = reloj
        self._vedados: set[str] = set()
        self._consumos: dict[str, Consumo] = {}
        self._generacion = 0
        self._gestion: Any = None
        self._gestion_de = 0

    def preparar(self, topologia: Topologia) -> None:
        for intercambio in topologia.intercambios:
            self._declarar_intercambio(intercambio)
        for cola in topologia.colas:
            self.asegurar_cola(cola)

    def _declarar_intercambio(self, intercambio: Intercambio) -> None:
        nombre, reparto = intercambio.nombre, intercambio.reparto.value
        self._declarar(
            nombre,
            lambda canal: canal.exchange_declare(nombre, reparto, durable=True, auto_delete=False),
            lambda canal: canal.exchange_declare(nombre, reparto, passive=True),
        )

    def asegurar_cola(self, cola: Cola) -> None:
        def hacer(canal: Any) -> None:
            canal.queue_declare(cola.nombre, durable=True, auto_delete=False, arguments=cola.argumentos)
            for atadura in cola.ataduras:
                canal.queue_bind(cola.nombre, atadura.intercambio, atadura.clave)

        self._declarar(cola.nombre, hacer, lambda canal: canal.queue_declare(cola.nombre, passive=True))

    def _declarar(self, nombre: str, hacer: Callable[[Any], object], mirar: Callable[[Any], object]) -> None:
        """Declara, o comprueba que está si este usuario no puede declarar nada (un bus con permisos).

        La negativa se recuerda: cada intento es un error en el registro del broker.
        """
        try:
            if nombre not in self._vedados:
                self._en_canal(hacer)
        except AccessRefused:
            self._vedados.add(nombre)
        except NotFound as error:
            raise TopologiaAusente(f"al declarar {nombre}: {error.reply_text}") from None
        except ChannelError as error:
            raise TopologiaIncompatible(
                f"{nombre} ya existe con otros argumentos, o falta permiso: {error.reply_text}. "
                "Bórrala vacía, o usa la versión que la declaró"
            ) from None
        if nombre in self._vedados:
            self._exigir(nombre, mirar)

    def _exigir(self, nombre: str, mirar: Callable[[Any], object]) -> None:
        try:
            self._en_canal(mirar)
        except AccessRefused:
            pass  # desde RabbitMQ 4.2.6, lo que no se usa no se puede ni mirar: lo vigila quien lo usa
        except NotFound:
            # No es TopologiaAusente: quien la recibe la declara y vuelve, y este usuario no puede.
            raise TopologiaIncompatible(f"falta {nombre} y este usuario no puede declararlo: {APLICAR}") from None

    def _en_canal(self, hacer: Callable[[Any], object]) -> Any:
        """Hace algo en el canal de gestión. Deja pasar los errores de canal: el broker lo cierra, y se abre otro."""
        conexion = self._salida.conexion()
        fallo: ChannelError | None = None
        resultado: Any = None
        with self._salida.vigilado():
            if self._gestion is None or self._gestion_de != self._salida.generacion:
                self._gestion, self._gestion_de = conexion.channel(), self._salida.generacion
            try:
                resultado = hacer(self._gestion)
            except ChannelError as error:
                fallo = error
                canal, self._gestion = self._gestion, None
                canal.close()
        if fallo is not None:
            raise fallo
        return resultado

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        return self._publicador.publicar(mensajes)

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        consumo = self._consumo(cola)
        limite = self._reloj() + espera
        with self._llegada.vigilado():
            while len(consumo.listos) < maximo and consumo.activo:
                # Con algo en la mano no se espera más: se entrega lo que ya haya llegado.
                falta = 0.0 if consumo.listos else max(0.0, limite - self._reloj())
                if self._llegada.leer(min(falta, self._llegada.pulso)):
                    continue
                if consumo.listos or self._reloj() >= limite:
                    break
                self._llegada.latir()  # una espera larga también late
        if not consumo.activo:
            self.cancelar(cola)
            raise TopologiaAusente(f"no existe la cola {cola}: declara la topología")
        entregas = consumo.sacar(maximo)
        if consumo.silencio(self._reloj()) >= SORDERA:
            # Borrada y declarada otra vez la cola, RabbitMQ puede dar por entregado lo que aquí no llega, y no decirlo:
            # al cerrar el canal vuelve a su cola, y se consume de nuevo.
            self.cancelar(cola)
        return entregas

    def _consumo(self, cola: str) -> Consumo:
        conexion = self._llegada.conexion()
        if self._generacion != self._llegada.generacion:
            self._generacion = self._llegada.generacion
            self._consumos.clear()  # lo que tenían ya está de vuelta en sus colas
        if cola not in self._consumos:
            ausente = vedada = False
            with self._llegada.vigilado():
                try:
                    self._consumos[cola] = Consumo(conexion, cola, self._prefetch)
                except NotFound:
                    ausente = True
                except AccessRefused:
                    vedada = True
            if ausente:
                raise TopologiaAusente(f"no existe la cola {cola}: declara la topología")
            if vedada:
                # El broker solo cierra ese canal: lo que se consume de las demás colas sigue.
                raise TopologiaIncompatible(f"este usuario no puede leer {cola}: {APLICAR}")
        return self._consumos[cola]

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        por_consumo: defaultdict[Consumo, list[int]] = defaultdict(list)
        for entrega in entregas:
            if (etiqueta := self._vigente(entrega)) is not None:
                por_consumo[etiqueta.consumo].append(etiqueta.numero)
        for consumo, numeros in por_consumo.items():
            with self._llegada.vigilado():
                consumo.confirmar(numeros)

    def rechazar(self, entrega: Entrega, motivo: str) -> None:
        etiqueta = self._vigente(entrega)
        if etiqueta is None:
            return
        with self._llegada.vigilado():
            if etiqueta.consumo.rechazar(etiqueta.numero):
                _registro.warning("mensaje_rechazado", cola=etiqueta.consumo.cola, motivo=motivo)

    def _vigente(self, entrega: Entrega) -> Etiqueta | None:
        """La etiqueta, si su consumo sigue vivo; si no, el broker ya devolvió la entrega a su cola."""
        etiqueta = entrega.etiqueta
        if not isinstance(etiqueta, Etiqueta) or self._generacion != self._llegada.generacion:
            return None
        return etiqueta if self._consumos.get(etiqueta.consumo.cola) is etiqueta.consumo else None

    def pendientes(self, cola: str) -> int:
        """Véase la interfaz. Mientras se consume es aproximado: lo que va por la red no lo cuenta nadie."""
        listos = self._mirar(cola)
        if listos is None:
            return 0
        return listos + (len(self._consumos[cola].listos) if cola in self._consumos else 0)

    def existe(self, cola: str) -> bool:
        return self._mirar(cola) is not None

    def _mirar(self, cola: str) -> int | None:
        """Mensajes que esperan en la cola según el broker; None si no existe."""
        try:
            declarada = self._en_canal(lambda canal: canal.queue_declare(cola, passive=True))
        except NotFound:
            return None
        except AccessRefused:
            raise TopologiaIncompatible(f"este usuario no puede ver {cola}: {APLICAR}") from None
        listos: int = declarada.message_count
        return listos

    def atar(self, intercambio: str, clave: str, colas: Sequence[str]) -> list[str]:
        try:
            self._en_canal(lambda canal: _atar(canal, intercambio, clave, colas))
        except ChannelError:
            # El error cierra el canal sin decir cuál era: de una en una.
            return [cola for cola in colas if not self._atar_sola(intercambio, clave, cola)]
        return []

    def _atar_sola(self, intercambio: str, clave: str, cola: str) -> bool:
        try:
            self._en_canal(lambda canal: _atar(canal, intercambio, clave, [cola]))
        except NotFound:
            return False
        except AccessRefused:
            return self.existe(cola)
        return True

    def cancelar(self, cola: str) -> None:
        consumo = self._consumos.pop(cola, None)
        if consumo is not None and self._generacion == self._llegada.generacion:
            with self._llegada.vigilado():
                consumo.cancelar()

    def viva(self) -> bool:
        try:
            self._salida.conexion()
            if self._consumos:  # quien solo publica no abre la otra
                self._llegada.conexion()
        except TransporteCaido:
            return False
        return True

    def cerrar(self) -> None:
        self._consumos.clear()
        self._llegada.cerrar()
        self._salida.cerrar()


def _atar(canal: Any, intercambio: str, clave: str, colas: Sequence[str]) -> None:
    """Un viaje para todas: no `queue_bind`, que espera la respuesta de cada una antes de pedir la siguiente."""
    for cola in colas:
        canal.send_method(Queue.Bind, "BsssbF", (0, cola, intercambio, clave, False, {}))
    for _ in colas:
        canal.wait(Queue.BindOk)
