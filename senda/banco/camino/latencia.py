"""Cuánto tarda una solicitud sola, con los servicios ociosos: hasta su acuse y hasta el libro."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

from senda.banco.camino.sistema import Sistema, SistemaParado
from senda.banco.informe import Cifra, Sentido
from senda.banco.medir import percentil
from senda.cliente import Compuesta

#: Milisegundos, del p99 de la solicitud al libro.
META: Final = 20.0
#: Segundos: lo que se les deja sin nada que hacer entre una y otra, para que se duerman; y lo que se mira el libro.
_OCIO: Final = 0.06
_MIRADA: Final = 0.0005
_PACIENCIA: Final = 30.0


def medir(senda: Sistema, prototipo: Sistema, pedir: Callable[[int], list[Compuesta]], veces: int) -> Iterator[Cifra]:
    """``veces`` solicitudes sueltas a cada uno mirando su libro y, a Senda, otras tantas esperando el acuse."""
    yield _cifra("latencia-libro", "solicitud → libro", veces, _tardan(senda, _hasta_el_libro, pedir, veces), META)
    primitivas = _tardan(prototipo, _hasta_el_libro, pedir, veces)
    yield _cifra("latencia-libro-prototipo", "  lo mismo con las primitivas", veces, primitivas)
    yield _cifra("latencia-acuse", "solicitud → acuse", veces, _tardan(senda, _hasta_el_acuse, pedir, veces))


def _tardan(
    sistema: Sistema, hasta: Callable[[Sistema, Compuesta], float], pedir: Callable[[int], list[Compuesta]], veces: int
) -> list[float]:
    """Milisegundos de cada una; la primera, que lo encuentra frío, no cuenta."""
    sistema.abrir()
    _, *tardaron = (hasta(sistema, compuesta) * 1000 for compuesta in pedir(veces + 1))
    sistema.cerrar()
    return tardaron


def _cifra(clave: str, que: str, veces: int, tardaron: list[float], meta: float | None = None) -> Cifra:
    p50, p99 = percentil(tardaron, 0.5), percentil(tardaron, 0.99)
    return Cifra(
        clave=f"{clave}-p99", que=f"{que}, ociosos, p99", valor=p99, minimo=p50, maximo=max(tardaron), unidad="ms",
        meta=meta, sentido=Sentido.COMO_MUCHO, detalle={"p50": p50, "veces": veces},
    )  # fmt: skip


def _hasta_el_libro(sistema: Sistema, compuesta: Compuesta) -> float:
    time.sleep(_OCIO)
    antes, desde = sistema.anotados(), perf_counter()
    sistema.encolar([compuesta])
    while sistema.anotados() == antes:
        if perf_counter() - desde > _PACIENCIA:
            raise SistemaParado("una solicitud suelta no llega al libro")
        time.sleep(_MIRADA)
    tardo = perf_counter() - desde
    _recoger(sistema)
    return tardo


def _hasta_el_acuse(sistema: Sistema, compuesta: Compuesta) -> float:
    time.sleep(_OCIO)
    desde = perf_counter()
    sistema.encolar([compuesta])
    _recoger(sistema)
    return perf_counter() - desde


def _recoger(sistema: Sistema) -> None:
    transporte = sistema.enlace.transporte
    entregas = transporte.recibir(
        sistema.plano.topologia.nombres.acuses_de(sistema.plano.institucion), 10, _PACIENCIA
    )  # fmt: skip
    if not entregas:
        raise SistemaParado("una solicitud suelta se queda sin acuse")
    transporte.confirmar(entregas)


__all__ = ["META", "medir"]
