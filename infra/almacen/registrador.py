"""El registrador de eventos: la interfaz de `eventsourcing` sobre SQLAlchemy Core, igual en SQLite y PostgreSQL.

Posiciones contiguas y encadenadas: la transacción que escribe toma primero la fila `cabecera`, así que hay un solo
escritor a la vez por servicio y nadie confirma la posición 4 antes que la 3 (decisión 003). Cada almacén tiene su
propia conexión: no se comparte estado entre dos registradores del mismo proceso.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.exc
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Connection, Engine

from infra.almacen.candado import Candado, con_candado
from infra.almacen.esquema import cabecera, eventos
from infra.almacen.insertar import Altas
from infra.seguridad.cadena import encadenar

_CABECERA = sa.select(cabecera.c.posicion, cabecera.c.hoja)
_MOVER_CABECERA = sa.update(cabecera).values(posicion=sa.bindparam("hasta"), hoja=sa.bindparam("ultima"))


class Cabeza(NamedTuple):
    """La última posición guardada y su hoja."""

    posicion: int
    hoja: bytes


class Turno(NamedTuple):
    """Hasta dónde llega todo al tomar el turno. ``aplicado``: la última fila de `aplicaciones` (lo ajeno)."""

    cabeza: Cabeza
    aplicado: int


class SuscripcionNoSoportada(NotImplementedError):
    """`subscribe()` no existe en SQLite y no convive con eventlet: se sondea desde el relevo."""


class Registrador(ApplicationRecorder):
    """Guarda y lee los hechos de un origen (``/gt/deteccion``).

    Suelto abre una transacción por llamada; con `en` o `aplazando` se une a la que ya hay.
    """

    def __init__(
        self, motor: Engine, origen: str, altas: Altas | None = None, cabeza: Cabeza | None = None, *,
        aplaza: bool = False,
    ) -> None:  # fmt: skip
        self.motor = motor
        self.origen = origen
        self._altas = altas
        self._cabeza = cabeza
        self._aplaza = aplaza

    def en(self, conexion: Connection) -> Self:
        """El mismo registrador dentro de una transacción ya abierta."""
        return type(self)(self.motor, self.origen, Altas(conexion))

    def aplazando(self, altas: Altas, cabeza: Cabeza | None) -> Self:
        """El mismo, que deja entre esas altas lo que se le añade; sus errores son los de escribirlas.

        ``cabeza``: la que dio el turno, si aún vale.
        """
        return type(self)(self.motor, self.origen, altas, cabeza, aplaza=True)

    @contextmanager
    def _escribiendo(self) -> Iterator[Altas]:
        """Con el turno de escritura tomado desde el principio."""
        if self._altas is not None:
            yield self._altas
            return
        with _errores_de_la_libreria(), con_turno(self.motor) as (conexion, _):
            yield Altas(conexion)

    @contextmanager
    def _leyendo(self) -> Iterator[Connection]:
        if self._altas is not None:
            yield self._altas.conexion
            return
        with self.motor.connect().execution_options(solo_lee=True) as conexion:
            yield conexion

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> Sequence[int]:
        """Añade hechos al final y devuelve sus posiciones. Errores: `IntegrityError` si la versión ya existe."""
        if not stored_events:
            return []
        with _errores_de_la_libreria(), self._escribiendo() as altas:
            posicion, anterior = self._cabeza or altas.conexion.execute(_CABECERA).one()
            eslabones = encadenar(self.origen, posicion + 1, anterior, [e.state for e in stored_events])
            filas = [
                {
                    "posicion": eslabon.posicion,
                    "agregado": evento.originator_id,
                    "version": evento.originator_version,
                    "tipo": evento.topic,
                    "cuerpo": evento.state,
                    "anterior": eslabon.anterior,
                    "hoja": eslabon.hoja,
                }
                for evento, eslabon in zip(stored_events, eslabones, strict=True)
            ]
            ultimo = eslabones[-1]
            altas.anadir(eventos, filas)
            altas.mover(_MOVER_CABECERA, {"hasta": ultimo.posicion, "ultima": ultimo.hoja})
            if not self._aplaza:
                altas.escribir()
            self._cabeza = None
        return [eslabon.posicion for eslabon in eslabones]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Los hechos de un flujo, por versión."""
        consulta = sa.select(eventos.c.agregado, eventos.c.version, eventos.c.tipo, eventos.c.cuerpo).where(
            eventos.c.agregado == originator_id
        )
        if gt is not None:
            consulta = consulta.where(eventos.c.version > gt)
        if lte is not None:
            consulta = consulta.where(eventos.c.version <= lte)
        consulta = consulta.order_by(eventos.c.version.desc() if desc else eventos.c.version).limit(limit)
        with self._leyendo() as conexion:
            return [StoredEvent(*fila) for fila in conexion.execute(consulta)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Los hechos del origen, por posición."""
        consulta = sa.select(
            eventos.c.agregado, eventos.c.version, eventos.c.tipo, eventos.c.cuerpo, eventos.c.posicion
        )
        if start is not None:
            desde = eventos.c.posicion >= start if inclusive_of_start else eventos.c.posicion > start
            consulta = consulta.where(desde)
        if stop is not None:
            consulta = consulta.where(eventos.c.posicion <= stop)
        if topics:
            consulta = consulta.where(eventos.c.tipo.in_(topics))
        with self._leyendo() as conexion:
            filas = conexion.execute(consulta.order_by(eventos.c.posicion).limit(limit))
            return [Notification(*fila) for fila in filas]

    def max_notification_id(self) -> int | None:
        """La última posición, o None si no hay hechos."""
        with self._leyendo() as conexion:
            ultima: int | None = conexion.scalar(sa.select(sa.func.max(eventos.c.posicion)))
        return ultima

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:  # noqa: ARG002
        """No se ofrece. Errores: `SuscripcionNoSoportada`."""
        raise SuscripcionNoSoportada("sondea con select_notifications")


#: El turno de escritura: quien lo toma ve hasta dónde llega lo propio y lo ajeno.
_TURNO: Final = Candado(
    tomar="SELECT 1 FROM cabecera FOR UPDATE",
    mirar="SELECT posicion, hoja, (SELECT coalesce(max(numero), 0) FROM aplicaciones) FROM cabecera",
)


@contextmanager
def con_turno(motor: Engine) -> Iterator[tuple[Connection, Turno]]:
    """Una transacción con el turno de escritura del servicio: mientras dure nadie más mueve hasta dónde llega todo."""
    with con_candado(motor, _TURNO) as (conexion, (posicion, hoja, aplicado)):
        yield conexion, Turno(Cabeza(posicion, hoja), aplicado)


@contextmanager
def _errores_de_la_libreria() -> Iterator[None]:
    """Los errores de la base, con los nombres que `eventsourcing` promete. Sin el texto, que repite los valores."""
    try:
        yield
    except sqlalchemy.exc.IntegrityError:
        raise IntegrityError("la versión ya existe en ese flujo") from None
    except sqlalchemy.exc.OperationalError as error:
        raise OperationalError(type(error.orig).__name__) from None
