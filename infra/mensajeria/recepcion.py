"""Recibir de una cola con una promesa: se confirma después de guardar; lo que no se pudo guardar vuelve a su cola."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

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
    _retenidas: list[Entrega] = field(default_factory=list)

    def retener(self, entregas: Sequence[Entrega]) -> None:
        """Lo recibido que ``guardar`` deja para la vez siguiente, delante de lo que llegue; sigue sin confirmar."""
        self._retenidas = list(entregas)

    @property
    def retiene(self) -> bool:
        """Si hay algo recibido y aún sin guardar."""
        return bool(self._retenidas)

    def tomar(self, guardar: Callable[[Sequence[Entrega]], Sequence[Entrega]], espera: float) -> bool:
        """Recibe un lote (espera en segundos), lo da a ``guardar`` y confirma lo que este devuelve. Dice si hubo algo.

        Delante va lo que se retuvo.

        Si ``guardar`` falla se cancela el consumo y sale su error; hasta que la base vuelva a responder no se toma nada
        más: cada vuelta de un mensaje a la cola cuenta para su límite de entregas.
        """
        if self._en_duda:
            comprobar(self.almacen.motor)
            self._en_duda = False
        # Si algo falla no se retiene nada: sin confirmar, vuelve a la cola.
        retenidas, self._retenidas = self._retenidas, []
        caben = self.lote - len(retenidas)
        entregas = [*retenidas, *(self.transporte.recibir(self.cola, caben, espera) if caben else ())]
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
