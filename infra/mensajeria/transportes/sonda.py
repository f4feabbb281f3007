"""Intentar algo en el broker y ver si deja, sin que deje huella: para comprobar permisos en un bus en marcha.

Se publica dentro de una transacción que se deshace, y se consume pidiendo algo que las colas de quórum no hacen: el
broker mira el permiso antes de negarse por eso, y nadie recibe nada. Lo que destruiría (purgar) lo decide quien llama.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import amqp
from amqp.exceptions import (
    AccessRefused,
    AMQPError,
    AMQPNotImplementedError,
    NotFound,
    PreconditionFailed,
    ResourceLocked,
)
from kombu.connection import Connection

from infra.mensajeria.transportes import direccion

#: Segundos de cada intento de entrar, y cuántos.
_ESPERA = 10.0
_VECES = 3
# Solo estas respuestas dicen que el permiso se tenía y se tropezó con otra cosa. Cualquier otra no dice nada.
_PASAN_EL_PERMISO = (AMQPNotImplementedError, NotFound, PreconditionFailed, ResourceLocked)


class NoEntra(Exception):
    """No se puede entrar con ese usuario: ni una cosa ni la otra se comprobó."""


class Sonda:
    """Una conexión de un usuario. Cada intento dice si el broker lo permite. Errores de todos: `NoEntra`."""

    def __init__(self, url: str) -> None:
        fabrica: Any = Connection
        self._kombu: Any = fabrica(**direccion.leer(url), connect_timeout=_ESPERA)
        self._conexion: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cerrar()

    def cerrar(self) -> None:
        """Cierra la conexión."""
        conexion, self._conexion = self._conexion, None
        if conexion is not None:
            with suppress(OSError, AMQPError, AttributeError):
                conexion.close()

    def publicar(self, intercambio: str, clave: str, como: str | None = None) -> bool:
        """Publicar ahí; ``como``: con el `user_id` de ese otro."""

        def hacer(canal: Any) -> None:
            canal.tx_select()
            propiedades = {} if como is None else {"user_id": como}
            canal.basic_publish(amqp.Message(b"", **propiedades), intercambio, clave)
            canal.tx_rollback()

        return self._intentar(hacer)

    def consumir(self, cola: str) -> bool:
        """Recibir de la cola."""

        def hacer(canal: Any) -> None:
            # Global: las colas de quórum no lo hacen, y lo dicen (540) después de mirar el permiso.
            canal.basic_qos(0, 1, True)  # noqa: FBT003 - py-amqp: a_global
            canal.basic_consume(cola)

        return self._intentar(hacer)

    def purgar(self, cola: str) -> bool:
        """Vaciar la cola. Si se puede, la vacía."""
        return self._intentar(lambda canal: canal.queue_purge(cola))

    def borrar_cola(self, cola: str) -> bool:
        """Borrar la cola. Con condiciones que una cola de quórum no admite: permitirlo no la borra."""
        return self._intentar(lambda canal: canal.queue_delete(cola, if_unused=True, if_empty=True))

    def borrar_intercambio(self, nombre: str) -> bool:
        """Borrar el intercambio, si nadie lo usa."""
        return self._intentar(lambda canal: canal.exchange_delete(nombre, if_unused=True))

    def declarar_cola(self, nombre: str) -> bool:
        """Declarar una cola, que muere con la conexión."""
        return self._intentar(lambda canal: canal.queue_declare(nombre, exclusive=True, auto_delete=True))

    def declarar_intercambio(self, nombre: str) -> bool:
        """Declarar un intercambio, que se borra en seguida."""

        def hacer(canal: Any) -> None:
            canal.exchange_declare(nombre, "direct", durable=False, auto_delete=True)
            canal.exchange_delete(nombre)

        return self._intentar(hacer)

    def atar(self, cola: str, intercambio: str, clave: str) -> bool:
        """Atar la cola al intercambio con esa clave; si se puede, se desata."""

        def hacer(canal: Any) -> None:
            canal.queue_bind(cola, intercambio, clave)
            canal.queue_unbind(cola, intercambio, clave)

        return self._intentar(hacer)

    def mirar(self, cola: str) -> bool:
        """Saber que la cola existe y cuántos mensajes esperan (declaración pasiva)."""
        return self._intentar(lambda canal: canal.queue_declare(cola, passive=True))

    def _intentar(self, hacer: Callable[[Any], object]) -> bool:
        canal = self._canal()
        try:
            hacer(canal)
        except AccessRefused:
            return False
        except _PASAN_EL_PERMISO as error:
            # Publicar con el usuario de otro no es falta de permiso para el broker, pero tampoco pasa.
            return "user_id" not in str(error.reply_text)
        except (OSError, AMQPError) as error:
            self.cerrar()
            raise NoEntra(f"el broker contestó otra cosa ({type(error).__name__})") from None
        finally:
            self._cerrar_canal(canal)
        return True

    def entrar(self) -> None:
        """Conecta, si no lo está. Que el broker tarde no es que niegue la entrada: se prueba más de una vez."""
        if self._conexion is not None and self._conexion.connected:
            return
        for quedan in reversed(range(_VECES)):
            try:
                self._conexion = self._kombu.transport.establish_connection()
            except (OSError, AMQPError) as error:
                if not quedan or isinstance(error, AccessRefused):
                    raise NoEntra(type(error).__name__) from None
            else:
                return

    def _canal(self) -> Any:
        self.entrar()
        try:
            return self._conexion.channel()
        except (OSError, AMQPError) as error:
            self.cerrar()
            raise NoEntra(type(error).__name__) from None

    def _cerrar_canal(self, canal: Any) -> None:
        # Tras una negativa py-amqp deja el canal abierto otra vez, y cada usuario tiene un tope de canales.
        if self._conexion is not None and self._conexion.connected:
            with suppress(OSError, AMQPError, AttributeError):
                canal.close()


__all__ = ["NoEntra", "Sonda"]
