"""Reproducir el libro desde su base, hecho a hecho, contra leer las filas sin más."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Final

from sqlalchemy import Engine

from senda.banco.informe import Cifra, razon, ritmo
from senda.banco.medir import alternar
from servicios.auditoria.flujo import leer_libro
from servicios.auditoria.reproduccion import Versiones, reproducir

META: Final = 100_000


class ReproduccionMala(RuntimeError):
    """Del libro del propio banco hubo hechos que no se entendieron: lo que se midiera no valdría."""


def medir(motor: Engine, hechos: int, veces: int = 3) -> Iterator[Cifra]:
    """Un proceso; en PostgreSQL, el servidor trabaja a la vez en otro núcleo."""
    base = motor.dialect.name
    tiempos = alternar({"filas": partial(_filas, motor), "hechos": partial(_hechos, motor)}, veces, calentar=0)
    meta = META if base == "postgresql" else None
    yield ritmo(f"reproducir-{base}-filas", f"leer las filas desde {base} sin más", hechos, tiempos["filas"])
    yield ritmo(f"reproducir-{base}", f"reproducir desde {base}, un proceso", hechos, tiempos["hechos"], meta)
    yield razon(
        f"reproducir-{base}-razon", "  razón: reproducir / leer", tiempos["filas"], tiempos["hechos"]
    )  # fmt: skip


def _filas(motor: Engine) -> None:
    deque(leer_libro(motor), maxlen=0)


def _hechos(motor: Engine) -> None:
    versiones = Versiones()
    deque(reproducir(leer_libro(motor), versiones), maxlen=0)
    if versiones.sin_entender:
        raise ReproduccionMala


__all__ = ["META", "ReproduccionMala", "medir"]
