"""Una base en la que no se puede confiar: falla en cualquier sentencia, y antes o después de confirmar."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from tests.simulacion.caos import Caos


def averiar_motor(motor: Engine, caos_de: Callable[[], Caos | None], en_uso: Callable[[], int]) -> None:
    """Hace que una base pueda fallar en cualquier sentencia, y antes o después de confirmar.

    ``caos_de``: el caos de ahora; los motores duran más que una semilla. ``en_uso``: conexiones ocupadas.
    """
    dialecto: Any = motor.dialect
    confirmar_de_verdad = dialecto.do_commit

    @event.listens_for(motor, "checkout")
    def _al_tomar_conexion(*_: Any) -> None:
        # Entre lo que se leyó y el turno para escribir, otra réplica puede haberlo hecho ya.
        # Con otra transacción abierta no: la réplica esperaría un turno que nadie va a soltar.
        caos = caos_de()
        if caos is not None and caos.mientras is not None and en_uso() == 1 and caos.toca("interponer"):
            caos.mientras()

    def fallando(hacer: Callable[..., None]) -> Callable[..., None]:
        # En el dialecto y no con `before_cursor_execute`: el evento se paga en cada sentencia, también en calma.
        def quiza(*lo_pedido: Any) -> None:
            caos = caos_de()
            if caos is not None and caos.activo and caos.corre:
                caos.quiza_morir("morir_en_sentencia")
                if caos.toca("base_caida"):
                    raise sqlite3.OperationalError("la base no responde")
            hacer(*lo_pedido)

        return quiza

    dialecto.do_begin = fallando(dialecto.do_begin)
    dialecto.do_execute = fallando(dialecto.do_execute)
    dialecto.do_executemany = fallando(dialecto.do_executemany)

    def confirmar(conexion: Any) -> None:
        caos = caos_de()
        if caos is None or not (caos.activo and caos.corre):
            confirmar_de_verdad(conexion)
            return
        caos.quiza_morir("morir_al_confirmar")
        confirmar_de_verdad(conexion)
        caos.quiza_morir("morir_al_confirmar")
        if caos.toca("base_ambigua"):
            # Confirmó, y quien confirmaba no lo sabe.
            raise sqlite3.OperationalError("se cortó al confirmar")

    dialecto.do_commit = confirmar
