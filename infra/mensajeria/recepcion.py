"""Recibir de una cola con una promesa: se confirma después de guardar; lo que no se pudo guardar vuelve a su cola."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from infra.almacen.almacen import Almacen
from infra.almacen.motor import comprobar
from infra.mensajeria.transportes.base import Entrega, Transporte, TransporteCaido


@dataclass
class Recepcion:
    """Una cola y el almacén donde acaba lo suyo. ``lote`` en mensajes."""

    almacen: Almacen
    transporte: Transporte
    cola: str
    lote: int
    _en_duda: bool = False

    def tomar(self, guardar: Callable[[Sequence[Entrega]], Sequence[Entrega]], espera: float) -> bool:
        """Recibe un lote (espera en segundos), lo da a ``guardar`` y confirma lo que este devuelve. Dice si hubo algo.

        Si ``guardar`` falla se cancela el consumo y sale su error; hasta que la base vuelva a responder no se toma nada
        más: cada vuelta de un mensaje a la cola cuenta para su límite de entregas.
        """
        if self._en_duda:
            comprobar(self.almacen.motor)
            self._en_duda = False
        entregas = self.transporte.recibir(self.cola, self.lote, espera)
        if not entregas:
            return False
        try:
            guardadas = guardar(entregas)
        except Exception:
            self._en_duda = True
            with suppress(TransporteCaido):
                self.transporte.cancelar(self.cola)
            raise
        self.transporte.confirmar(guardadas)
        return True
