"""Medir sistemas enteros por turnos: los mismos bytes a cada uno, uno detrás de otro en cada vuelta."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

from senda.banco.medir import Tiempos
from senda.cliente import Compuesta


class PorTurnos(Protocol):
    """Quien recibe solicitudes en su cola y las lleva a su libro."""

    def encolar(self, compuestas: Sequence[Compuesta], /) -> None: ...
    def abrir(self) -> None: ...
    def cerrar(self) -> None: ...
    def anotados(self) -> int: ...
    def esperar(self, cuantos: int, /) -> None: ...
    def esperar_acuses(self, cuantos: int, /) -> None: ...
    def cpu(self) -> float: ...


def turnos(
    sistemas: Mapping[str, PorTurnos], pedir: Callable[[int], list[Compuesta]], cuantas: int | Mapping[str, int],
    vueltas: int, calentar: int = 1,
) -> dict[str, Tiempos]:  # fmt: skip
    """Segundos (y de CPU de sus procesos) que tarda cada sistema en llevar solicitudes de su cola a su libro.

    ``cuantas`` por vuelta; encolarlas no cuenta. Los tiempos van divididos por ellas: no han de ser tantas en todos.
    """
    medidos: dict[str, list[tuple[float, float]]] = {nombre: [] for nombre in sistemas}
    de = cuantas if isinstance(cuantas, Mapping) else dict.fromkeys(sistemas, cuantas)
    for vuelta in range(calentar + vueltas):
        compuestas = pedir(max(de.values()))
        for nombre, sistema in sistemas.items():
            suyas = compuestas[: de[nombre]]
            tardo, cpu = un_turno(sistema, suyas)
            if vuelta >= calentar:
                medidos[nombre].append((tardo / len(suyas), cpu / len(suyas)))
    return {nombre: Tiempos(*zip(*suyos, strict=True)) for nombre, suyos in medidos.items()}


def un_turno(sistema: PorTurnos, compuestas: Sequence[Compuesta]) -> tuple[float, float]:
    """Segundos hasta el libro, y de CPU hasta que salió el último acuse."""
    # Antes de encolar: quien aún no vio la puerta cerrada puede llevarse alguna.
    hasta = sistema.anotados() + len(compuestas)
    sistema.encolar(compuestas)
    antes, desde = sistema.cpu(), perf_counter()
    sistema.abrir()
    sistema.esperar(hasta)
    tardo = perf_counter() - desde
    sistema.esperar_acuses(len(compuestas))
    cpu = sistema.cpu() - antes
    sistema.cerrar()
    return tardo, cpu


__all__ = ["PorTurnos", "turnos", "un_turno"]
