"""Un transporte que envuelve a otro y se lo pasa todo: quien hereda de él dice solo en qué se aparta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.mensajeria.topologia import Cola, Topologia
from infra.mensajeria.transportes.base import Entrega, Mensaje, Transporte


@dataclass
class TransporteEnvuelto:
    """Véase `Transporte`."""

    dentro: Transporte

    def preparar(self, topologia: Topologia) -> None:
        self.dentro.preparar(topologia)

    def asegurar_cola(self, cola: Cola) -> None:
        self.dentro.asegurar_cola(cola)

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        return self.dentro.publicar(mensajes)

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        return self.dentro.recibir(cola, maximo, espera)

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        self.dentro.confirmar(entregas)

    def rechazar(self, entrega: Entrega, motivo: str) -> None:
        self.dentro.rechazar(entrega, motivo)

    def pendientes(self, cola: str) -> int:
        return self.dentro.pendientes(cola)

    def existe(self, cola: str) -> bool:
        return self.dentro.existe(cola)

    def atar(self, intercambio: str, clave: str, colas: Sequence[str]) -> list[str]:
        return self.dentro.atar(intercambio, clave, colas)

    def cancelar(self, cola: str) -> None:
        self.dentro.cancelar(cola)

    def viva(self) -> bool:
        return self.dentro.viva()

    def cerrar(self) -> None:
        self.dentro.cerrar()


__all__ = ["TransporteEnvuelto"]
