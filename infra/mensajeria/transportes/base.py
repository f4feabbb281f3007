"""Lo que el resto de Senda sabe del bus: publicar con certeza, recibir sin perder, declarar sin sorpresas.

Los adaptadores (`memoria`, `amqp`) se comportan igual hacia fuera y pasan la misma suite. Un transporte tiene un solo
dueño: no se comparte entre hilos ni greenlets (dos lectores de un socket se roban las tramas); cada bucle abre el suyo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from infra.mensajeria.topologia import Cola, Topologia


class TransporteCaido(Exception):
    """No hay conexión con el broker, o se perdió a mitad: lo publicado sin respuesta puede haber llegado o no.

    El siguiente uso reconecta; mientras dura el retroceso falla en el acto, sin bloquear. Quien publica repite.
    """


class TopologiaIncompatible(Exception):
    """El broker tiene algo declarado con otros argumentos, o no deja declararlo. No se arregla reintentando."""


class TopologiaAusente(TopologiaIncompatible):
    """Falta la cola o el intercambio que se usa: hay que volver a llamar a `preparar` (o `asegurar_cola`)."""


@dataclass(frozen=True, slots=True)
class Mensaje:
    """Algo que publicar. Directo a una cola: intercambio "" y clave = nombre de la cola.

    `id` correlaciona lo devuelto por el broker y viaja como `message_id`; `tipo` viaja como `type`.
    """

    intercambio: str
    clave: str
    tipo: str
    cuerpo: bytes
    id: str
    cabeceras: Mapping[str, str | int] = field(default_factory=dict)
    responder_a: str | None = None


@dataclass(frozen=True, slots=True)
class Entrega:
    """Algo recibido y aún sin confirmar.

    `etiqueta` solo la entiende el transporte que la dio. `usuario` es quien publicó según el broker, que lo comprueba
    contra la conexión; None si quien publicó no lo puso.
    """

    mensaje: Mensaje
    etiqueta: object
    redelivered: bool
    usuario: str | None
    responder_a: str | None


class Transporte(Protocol):
    """Un extremo del bus. Todos los métodos pueden lanzar `TransporteCaido`, salvo `viva` y `cerrar`."""

    def preparar(self, topologia: Topologia) -> None:
        """Declara todo; repetirlo no cambia nada y repone lo que falte. Lanza `TopologiaIncompatible`."""

    def asegurar_cola(self, cola: Cola) -> None:
        """Declara una cola con sus ataduras (los intercambios ya existen). Lanza `TopologiaIncompatible`."""

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        """Publica en orden y espera las confirmaciones. Por mensaje: True solo si se confirmó y alguna cola lo recibió.

        Lanza `TopologiaAusente` si el intercambio no existe; entonces del lote no se sabe nada y se repite entero.
        """

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        """Hasta `maximo` entregas en el orden de la cola; `espera` en segundos si no hay ninguna (0 no bloquea).

        Recibir no confirma. Lanza `TopologiaAusente` si la cola no existe.
        """

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        """Da por atendidas las entregas. Las de un consumo ya cancelado o caído se ignoran: volverán repetidas."""

    def rechazar(self, entrega: Entrega, motivo: str) -> None:
        """Manda la entrega a muertos, sin reencolar. `motivo` es un código para el registro, no un valor recibido."""

    def pendientes(self, cola: str) -> int:
        """Mensajes aún por recibir, sin contar los recibidos sin confirmar; 0 si la cola no existe (véase `existe`).

        Lanza `TopologiaIncompatible` si el broker no deja ni mirarla.
        """

    def existe(self, cola: str) -> bool:
        """Si existe la cola. Nunca la crea. Lanza `TopologiaIncompatible` si el broker no deja ni mirarla."""

    def atar(self, intercambio: str, clave: str, colas: Sequence[str]) -> list[str]:
        """Ata esas colas a lo que se publique con esa clave, y devuelve las que no existen, que no crea.

        AMQP no deja preguntar por una atadura; repetirla no cambia nada y dice si falta la cola. La que este usuario no
        puede atar se da por atada si existe: la repone quien publica con esa clave.
        """

    def cancelar(self, cola: str) -> None:
        """Deja de consumir la cola; lo recibido sin confirmar vuelve a su principio. El siguiente `recibir` reanuda."""

    def viva(self) -> bool:
        """Si hay broker al otro lado; intenta reconectar si toca. También late: se llama cada pocos segundos."""

    def cerrar(self) -> None:
        """Suelta todo; lo recibido sin confirmar vuelve a su cola. Después, cada uso lanza `TransporteCaido`."""
