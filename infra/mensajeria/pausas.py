"""Las pausas: lo que una persona tiene parado en un servicio. Están en su base: las obedecen todas sus réplicas.

Parar es dejar de atender, de aplicar o de publicar; recibir no se para nunca: lo que llega se guarda y espera.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
import structlog
from msgspec import Struct
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import pausas
from infra.almacen.motor import leyendo
from infra.mensajeria.labor import Labor

registro = structlog.get_logger(__name__)


class Tarea(StrEnum):
    """Lo que se puede parar."""

    ATENDER = "atender"
    """Decidir: solicitudes de instituciones y plazos que vencen."""
    APLICAR = "aplicar"
    """Surtir el efecto de lo que cuentan otros servicios; en auditoría, añadirlo al libro."""
    PUBLICAR = "publicar"
    """Sacar hechos, acuses y avisos de buzón, y latir."""


class MotivoPausa(StrEnum):
    """Por qué se para. Un código y no un texto: lo escrito con prisa acaba nombrando a alguien."""

    DEFECTO = "defecto"
    DATO_DANADO = "dato-danado"
    INVESTIGACION = "investigacion"
    MANTENIMIENTO = "mantenimiento"
    MIGRACION = "migracion"
    SIMULACRO = "simulacro"


class Pausa(Struct, frozen=True, kw_only=True):
    """Una pausa vigente. ``quien``: el seudónimo de quien la puso; ``desde`` en UTC."""

    tarea: str
    motivo: str
    quien: str
    desde: datetime


#: Segundos (monótonos) que una réplica puede tardar en enterarse.
VIGENCIA: Final = 1.0
#: Qué pasos de una estación son cada tarea.
PASOS: Final = {
    "solicitudes.atender": Tarea.ATENDER,
    "plazos": Tarea.ATENDER,
    "entrada.aplicar": Tarea.APLICAR,
    "relevo": Tarea.PUBLICAR,
    # Quien latiera sin publicar anunciaría posiciones que los demás pedirían como perdidas.
    "latido": Tarea.PUBLICAR,
}
_VIGENTES = (
    sa.select(pausas.c.tarea, pausas.c.motivo, pausas.c.quien, pausas.c.desde)
    .where(pausas.c.hasta.is_(None))
    .order_by(pausas.c.tarea)
)
_TERMINAR = sa.update(pausas).where(pausas.c.hasta.is_(None), pausas.c.tarea == sa.bindparam("cual"))


def vigentes(conexion: Connection) -> list[Pausa]:
    """Lo que está parado ahora."""
    return [Pausa(**fila._mapping) for fila in conexion.execute(_VIGENTES)]  # noqa: SLF001  así se llama en SQLAlchemy


def pausar(
    conexion: Connection, tareas: Collection[Tarea], motivo: MotivoPausa, quien: str, ahora: datetime
) -> list[Tarea]:
    """Para esas tareas; devuelve las que no lo estaban ya. La pausa que ya hubiera sigue con su motivo y su quién."""
    ya = {pausa.tarea for pausa in vigentes(conexion)}
    nuevas = [tarea for tarea in Tarea if tarea in tareas and tarea not in ya]
    if nuevas:
        comun = {"motivo": motivo.value, "quien": quien, "desde": ahora}
        conexion.execute(sa.insert(pausas), [{"tarea": tarea.value, **comun} for tarea in nuevas])
    return nuevas


def reanudar(conexion: Connection, tareas: Collection[Tarea], quien: str, ahora: datetime) -> list[Tarea]:
    """Quita la pausa de esas tareas; devuelve las que la tenían. Cuándo y quién queda escrito."""
    fin = _TERMINAR.values(hasta=ahora, reanudo=quien)
    return [t for t in Tarea if t in tareas and conexion.execute(fin, {"cual": t.value}).rowcount]


def nunca() -> bool:
    """Lo de quien no tiene a nadie que pare nada: embebido, en simulación."""
    return False


@dataclass
class Freno:
    """Hace que los pasos de un proceso obedezcan las pausas. Pregunta a la base como mucho cada `VIGENCIA`."""

    almacen: Almacen
    _paradas: frozenset[str] = frozenset()
    _mirado: float = field(default=float("-inf"))

    def parada(self, tarea: Tarea) -> bool:
        """Si esa tarea está en pausa. Errores: los de la base; sin saberlo no se da el paso."""
        ahora = self.almacen.reloj.monotono()
        if ahora - self._mirado >= VIGENCIA:
            with leyendo(self.almacen.motor) as conexion:
                paradas = frozenset(pausa.tarea for pausa in vigentes(conexion))
            for distinta in sorted(paradas ^ self._paradas):
                registro.warning("tarea-en-pausa" if distinta in paradas else "tarea-reanudada", paso=distinta)
            self._paradas, self._mirado = paradas, ahora
        return tarea.value in self._paradas

    def salvo_pausa(self, tarea: Tarea, dar: Callable[[], bool | Labor]) -> Callable[[], bool | Labor]:
        """El mismo paso, que no hace nada mientras su tarea está en pausa."""

        def dar_si_toca() -> bool | Labor:
            return Labor.NADA if self.parada(tarea) else dar()

        return dar_si_toca


__all__ = ["PASOS", "Freno", "MotivoPausa", "Pausa", "Tarea", "nunca", "pausar", "reanudar", "vigentes"]
