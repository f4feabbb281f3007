"""Transporte en memoria: kombu `memory://`, determinista y sin hilos.

Añade lo que kombu no tiene en memoria: lo no confirmado vuelve al principio de su cola (marcado `redelivered`) al
cancelar o cerrar, hay muertos, un mensaje sin ruta da False y se nota la cola que falta. No hay caducidad, límite de
entregas ni consumidor activo único: quien recibe primero se lo lleva.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from kombu.transport.virtual.base import NotEquivalentError

from infra.mensajeria.topologia import Atadura, Cola, Topologia
from infra.mensajeria.transportes.base import (
    Entrega,
    Mensaje,
    TopologiaAusente,
    TopologiaIncompatible,
    TransporteCaido,
)
from infra.mensajeria.transportes.kombu_memoria import CanalMemoria, Sobre, conexion_propia

_registro = structlog.get_logger(__name__)


class BrokerMemoria:
    """El «RabbitMQ» de un sistema embebido: lo comparten los transportes de sus servicios y les sobrevive."""

    def __init__(self) -> None:
        self._conexion: Any = conexion_propia()
        self._gestion: Any = self.canal()
        self._declaradas: dict[str, Cola] = {}

    def canal(self) -> CanalMemoria:
        """Un canal nuevo, para un transporte."""
        canal: CanalMemoria = self._conexion.channel()
        return canal

    def existe(self, cola: str) -> bool:
        """Si la cola está declarada."""
        return cola in self._declaradas

    def exigir_intercambio(self, nombre: str) -> None:
        """Lanza `TopologiaAusente` si no está declarado; el de nombre vacío existe siempre."""
        if nombre and nombre not in self._gestion.state.exchanges:
            raise TopologiaAusente(f"no existe el intercambio {nombre}: declara la topología")

    def declarar_intercambio(self, nombre: str, reparto: str) -> None:
        """Declara el intercambio. Lanza `TopologiaIncompatible` si existe con otro reparto."""
        try:
            self._gestion.exchange_declare(nombre, reparto, durable=True)
        except NotEquivalentError:
            raise TopologiaIncompatible(
                f"el intercambio {nombre} ya existe con otro reparto: bórralo y repite"
            ) from None

    def declarar(self, cola: Cola) -> None:
        """Declara la cola y sus ataduras. Lanza `TopologiaIncompatible` o `TopologiaAusente`."""
        previa = self._declaradas.get(cola.nombre, cola)
        if previa.argumentos != cola.argumentos:
            raise TopologiaIncompatible(f"la cola {cola.nombre} ya existe con otros argumentos: bórrala vacía y repite")
        self._gestion.queue_declare(cola.nombre)
        self._declaradas[cola.nombre] = cola
        for atadura in cola.ataduras:
            self.atar(cola.nombre, atadura)

    def atar(self, cola: str, atadura: Atadura) -> None:
        """Ata la cola; repetirlo no cambia nada. Lanza `TopologiaAusente`."""
        self.exigir_intercambio(atadura.intercambio)
        self._gestion.atar(cola, atadura.intercambio, atadura.clave)

    def muertos_de(self, cola: str) -> str:
        """Intercambio al que va lo rechazado en la cola; "" si no tiene."""
        return self._declaradas[cola].muertos if cola in self._declaradas else ""

    def borrar_cola(self, cola: str) -> None:
        """Borra la cola con lo que tenga, como haría quien opera el broker."""
        self._gestion.borrar(cola)
        self._declaradas.pop(cola, None)


class _Etiqueta(NamedTuple):
    """Qué entrega es: su cola y un número que el broker no repite."""

    cola: str
    numero: int


class TransporteMemoria:
    """`Transporte` sobre un `BrokerMemoria`. `usuario` hace de usuario de la conexión, como en RabbitMQ."""

    def __init__(self, broker: BrokerMemoria, usuario: str | None = None) -> None:
        self._broker = broker
        self._usuario = usuario
        self._abierto: CanalMemoria | None = broker.canal()
        self._sin_confirmar: dict[str, dict[int, Sobre]] = {}

    @property
    def _canal(self) -> Any:
        if self._abierto is None:
            raise TransporteCaido("el transporte está cerrado")
        return self._abierto

    def preparar(self, topologia: Topologia) -> None:
        for intercambio in topologia.intercambios:
            self._broker.declarar_intercambio(intercambio.nombre, intercambio.reparto.value)
        for cola in topologia.colas:
            self.asegurar_cola(cola)

    def asegurar_cola(self, cola: Cola) -> None:
        self._broker.declarar(cola)

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        """Como en la interfaz; un publish que vuelve cuenta como confirmado."""
        canal = self._canal
        encaminados: list[bool] = []
        for mensaje in mensajes:
            self._broker.exigir_intercambio(mensaje.intercambio)
            encaminado = bool(canal.destinos(mensaje.intercambio, mensaje.clave))
            if encaminado:
                self._poner(mensaje, self._usuario)
            encaminados.append(encaminado)
        return encaminados

    def _poner(self, mensaje: Mensaje, usuario: str | None) -> None:
        canal = self._canal
        sobre = canal.prepare_message(
            mensaje.cuerpo,
            headers=dict(mensaje.cabeceras),
            properties={
                "message_id": mensaje.id,
                "type": mensaje.tipo,
                "user_id": usuario,
                "reply_to": mensaje.responder_a,
            },
        )
        canal.basic_publish(sobre, mensaje.intercambio, mensaje.clave)

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:  # noqa: ARG002
        """Como en la interfaz, sin esperar nunca: en un solo proceso nadie publicaría mientras tanto."""
        canal = self._canal
        if not self._broker.existe(cola):
            raise TopologiaAusente(f"no existe la cola {cola}: declara la topología")
        sin_confirmar = self._sin_confirmar.setdefault(cola, {})
        entregas: list[Entrega] = []
        while len(entregas) < maximo and (recibido := canal.basic_get(cola)) is not None:
            numero: int = recibido.delivery_tag
            sin_confirmar[numero] = recibido._raw  # noqa: SLF001 - el sobre entero, para poder devolverlo
            entregas.append(_entrega(recibido, _Etiqueta(cola, numero)))
        return entregas

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        canal = self._canal
        for entrega in entregas:
            if etiqueta := self._soltar(entrega):
                canal.basic_ack(etiqueta.numero)

    def rechazar(self, entrega: Entrega, motivo: str) -> None:
        canal = self._canal
        etiqueta = self._soltar(entrega)
        if etiqueta is None:
            return
        canal.basic_reject(etiqueta.numero, requeue=False)
        _registro.warning("mensaje_rechazado", cola=etiqueta.cola, motivo=motivo)
        m = entrega.mensaje
        muertos = self._broker.muertos_de(etiqueta.cola)
        if muertos and canal.destinos(muertos, m.clave):
            cabeceras = {
                "x-first-death-exchange": m.intercambio,
                "x-first-death-queue": etiqueta.cola,
                "x-first-death-reason": "rejected",
                **m.cabeceras,
            }
            self._poner(Mensaje(muertos, m.clave, m.tipo, m.cuerpo, m.id, cabeceras, m.responder_a), entrega.usuario)

    def _soltar(self, entrega: Entrega) -> _Etiqueta | None:
        etiqueta = entrega.etiqueta
        if not isinstance(etiqueta, _Etiqueta):
            return None
        suelta = self._sin_confirmar.get(etiqueta.cola, {}).pop(etiqueta.numero, None)
        return None if suelta is None else etiqueta

    def pendientes(self, cola: str) -> int:
        listos: int = self._canal._size(cola)  # noqa: SLF001 - la consulta pública de kombu crea la cola
        return listos

    def existe(self, cola: str) -> bool:
        return self._broker.existe(cola)

    def atar(self, intercambio: str, clave: str, colas: Sequence[str]) -> list[str]:
        hay = [cola for cola in colas if self._broker.existe(cola)]
        for cola in hay:
            self._broker.atar(cola, Atadura(intercambio, clave))
        return [cola for cola in colas if cola not in hay]

    def cancelar(self, cola: str) -> None:
        canal = self._canal
        devueltos = self._sin_confirmar.pop(cola, {})
        for numero in devueltos:
            canal.basic_reject(numero, requeue=False)
        if self._broker.existe(cola):
            canal.queues[cola].extendleft({**sobre, "redelivered": True} for sobre in reversed(devueltos.values()))

    def viva(self) -> bool:
        return self._abierto is not None

    def cerrar(self) -> None:
        if self._abierto is None:
            return
        for cola in list(self._sin_confirmar):
            self.cancelar(cola)
        self._abierto.close()
        self._abierto = None


def _entrega(recibido: Any, etiqueta: _Etiqueta) -> Entrega:
    propiedades = recibido.properties
    mensaje = Mensaje(
        intercambio=recibido.delivery_info["exchange"],
        clave=recibido.delivery_info["routing_key"],
        tipo=propiedades["type"],
        cuerpo=recibido.body or b"",
        id=propiedades["message_id"],
        cabeceras=recibido.headers,
        responder_a=propiedades["reply_to"],
    )
    repetido = bool(recibido._raw.get("redelivered"))  # noqa: SLF001 - no lo expone
    return Entrega(mensaje, etiqueta, repetido, propiedades["user_id"], mensaje.responder_a)
