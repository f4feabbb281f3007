"""Las instituciones ante un sistema de verdad: las de la simulación, sobre RabbitMQ y con la hora de la máquina.

Todas entran por una conexión sin usuario propio: lo que no se puede atribuir se responde en una cola común.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from queue import Queue
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from infra.azar import AzarSembrado
from infra.mensajeria.topologia import Cola, Topologia
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.base import Mensaje, TopologiaAusente, Transporte, TransporteCaido
from infra.reloj import RelojReal
from senda.cliente import Compuesta
from senda.composicion import mapa
from tests.fallos.plantilla import Estreno
from tests.simulacion.instituciones import Instituciones, Pedido

RESPUESTAS = "respuestas"
#: Segundos hasta repetir lo que nadie acusó, y hasta volver a mirar una cola que no estaba.
_ESPERA = 2.5
_SIN_COLA = 1.0
#: Segundos que se espera lo que el broker dice tener.
_PLAZO_DE_LECTURA = 10.0


@dataclass
class MundoReal:
    """Lo que las instituciones ven: el directorio, la hora y el bus."""

    plantilla: Estreno
    semilla: int
    reloj: RelojReal = field(default_factory=RelojReal)

    def __post_init__(self) -> None:
        despliegue = self.plantilla.despliegue
        self.topologia: Topologia = mapa(despliegue.prefijo)
        self.azar_de_instituciones = AzarSembrado(self.semilla).hijo("instituciones")
        self._uno: Transporte | None = None
        self.bus_directo = despliegue.bus

    def empezar_peticion(self, _turno: int, _cual: int) -> None:
        """Aquí nada depende de qué petición se está haciendo."""

    def transporte(self, _usuario: str | None = None) -> Transporte:
        """Una sola conexión para todas."""
        if self._uno is None:
            self._uno = TransporteAmqp(self.bus_directo, paciencia=5.0)
        return self._uno

    def cerrar(self) -> None:
        if self._uno is not None:
            self._uno.cerrar()


class SinMandos:
    """Quien opera está ocupado con la avería: no repara, refrenda ni destruye claves por su cuenta."""

    def algo(self, _azar: Random, _rutas: Sequence[UUID]) -> None:
        """Nada."""


class Clientes(Instituciones):
    """Las instituciones de una semilla."""

    def __init__(self, mundo: MundoReal, leer_hechos: Callable[[str, int], list[tuple[int, bytes]]]) -> None:
        """``leer_hechos``: de un servicio, los posteriores a una posición."""
        self._leer_hechos = leer_hechos
        self._sin_cola: dict[str, float] = {}
        self._dudas: Queue[tuple[str, dict[str, bytes]]] = Queue()
        self._olvidados: set[bytes] = set()
        #: Huellas de lo repetido por si se perdió.
        self.dudosas: set[str] = set()
        self.respuestas = f"{mundo.plantilla.despliegue.prefijo}{RESPUESTAS}"
        super().__init__(mundo, SinMandos())  # type: ignore[arg-type]  # tiene lo que se usa del simulado

    def preparar(self) -> None:
        """Declara lo que hace falta para mandar: si el broker lo perdió todo, se repone."""
        transporte = self.mundo.transporte()
        transporte.preparar(self.mundo.topologia)
        transporte.asegurar_cola(Cola(self.respuestas))

    def dudar(self, servicio: str, perdidas: dict[str, bytes]) -> None:
        """Ese servicio volvió de una copia sin ``perdidas`` (acuse por huella): se repiten con los mismos bytes.

        Lo que causó efectos ha de recibir el acuse de entonces. Lo demás, que no está en ningún hecho, se juzga de
        nuevo: su acuse de antes no cuenta. Puede llamarse desde otro hilo.
        """
        self._dudas.put((servicio, perdidas))

    def turno(self, turno: int, cuales: Collection[int] | None = None) -> tuple[int, ...]:
        try:
            return super().turno(turno, cuales)
        except (psycopg.Error, TransporteCaido):
            return ()  # el banco tiene la base o el bus rotos: se sigue en el turno siguiente

    def mandar(self, usuario: str, compuesta: Compuesta) -> None:
        super().mandar(self._firmante(usuario, compuesta), compuesta)

    def reenviar(self) -> None:
        while not self._dudas.empty():
            self._repetir(*self._dudas.get())
        ahora = self.mundo.reloj.ahora()
        for pedido in list(self.pendientes.values()):
            if (ahora - pedido.mandado).total_seconds() >= _ESPERA:
                pedido.veces += 1
                self._publicar(pedido)

    def leer(self) -> int:
        nombres, llegaron = self.mundo.topologia.nombres, 0
        for codigo in sorted({usuario for usuario, _, _ in self.pendientes}):
            llegaron += self._leer_cola(codigo, nombres.acuses_de(codigo), self._acusar)
        llegaron += self._leer_cola("", self.respuestas, self._responder)
        if not self._atendida(self.respuestas):
            self._reponer()  # esta cola es de quien pide: si el broker la perdió, nadie más la declara
        return llegaron

    def leer_todo(self) -> None:
        """También los acuses repetidos y los buzones de todas."""
        nombres = self.mundo.topologia.nombres
        for codigo in self.directorio:
            self._vaciar(codigo, nombres.acuses_de(codigo), self._acusar)
            self._vaciar(codigo, nombres.buzon_de(codigo), self._avisar)

    def _vaciar(self, codigo: str, cola: str, hacer: Callable[[str, Mensaje], None]) -> None:
        """Lee hasta que el broker diga que no queda nada: que al mirar no haya llegado no es que no esté."""
        transporte, limite = self.mundo.transporte(), time.monotonic() + _PLAZO_DE_LECTURA
        while time.monotonic() < limite:
            with suppress(TransporteCaido):
                transporte.cancelar(cola)  # lo que venía de camino vuelve a la cola, y se cuenta
                if not (quedan := transporte.pendientes(cola)):
                    return
                entregas = transporte.recibir(cola, quedan, _PLAZO_DE_LECTURA)
                for entrega in entregas:
                    hacer(codigo, entrega.mensaje)
                transporte.confirmar(entregas)
        raise RuntimeError(f"no se acaba de leer {cola}")

    def _repetir(self, servicio: str, perdidas: dict[str, bytes]) -> None:
        self.dudosas |= perdidas.keys()
        self._olvidados |= {a for a in perdidas.values() if not json.loads(a).get("eventos")}
        self.acuses[:] = [(quien, cuerpo) for quien, cuerpo in self.acuses if cuerpo not in self._olvidados]
        for pedido in self._mandadas:
            if pedido.compuesta.servicio == servicio and pedido.clave[2] in perdidas:
                self.pendientes[pedido.clave] = pedido
                self._publicar(pedido)

    def _acusar(self, codigo: str, mensaje: Mensaje) -> None:
        if mensaje.cuerpo not in self._olvidados:
            super()._acusar(codigo, mensaje)

    def _firmante(self, usuario: str, compuesta: Compuesta) -> str:
        """Sin usuarios en el bus, quien pide es quien firma: «enviada por otra» no se distingue."""
        try:
            quien = json.loads(compuesta.cuerpo).get("institucion")
        except ValueError:
            return usuario
        return str(quien) if usuario in self.directorio and quien in self.directorio else usuario

    def _publicar(self, pedido: Pedido) -> None:
        pedido.mandado = self.mundo.reloj.ahora()
        suya = pedido.compuesta
        mensaje = Mensaje(
            self.mundo.topologia.nombres.solicitudes, suya.servicio, "solicitud", suya.cuerpo, suya.id,
            {"firma": suya.firma}, self.respuestas,
        )  # fmt: skip
        try:
            self._transporte(pedido.usuario).publicar([mensaje])
        except TopologiaAusente:
            self._reponer()
        except TransporteCaido:
            return

    def _reponer(self) -> None:
        try:
            self.preparar()
        except TransporteCaido:
            return

    def _leer_cola(self, codigo: str, cola: str, hacer: object) -> int:
        ahora = time.monotonic()
        if self._sin_cola.get(cola, 0.0) > ahora:
            return 0
        leidos = super()._leer_cola(codigo, cola, hacer)
        if not leidos and not self._atendida(cola):
            self._sin_cola[cola] = ahora + _SIN_COLA
        return leidos

    def _atendida(self, cola: str) -> bool:
        """Si la última lectura dejó un consumo abierto: si no, la cola no está."""
        consumos: dict[str, Any] = self.mundo.transporte()._consumos  # type: ignore[attr-defined]
        return cola in consumos

    def _responder(self, _codigo: str, mensaje: Mensaje) -> None:
        acuse = json.loads(mensaje.cuerpo)
        suyas = [c for c in self.pendientes if c[1:] == (acuse["servicio"], acuse["huella"])]
        conocidas = {
            u for u, s, c in self.enviados if (s, sha256(c).hexdigest()) == (acuse["servicio"], acuse["huella"])
        }
        for usuario in sorted({c[0] for c in suyas} or conocidas):
            self._acusar(usuario, mensaje)

    def _aprender(self) -> None:
        for nombre, leidos in self._leidos.items():
            for posicion, cuerpo in self._leer_hechos(nombre, leidos):
                self._leidos[nombre] = posicion
                self.memoria.anotar(json.loads(cuerpo))


__all__ = ["Clientes", "MundoReal"]
