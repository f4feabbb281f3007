"""Esperar a que algo pase, cuando lo hacen otros procesos y no hay a quién esperar."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_CADA = 0.02


def hasta(condicion: Callable[[], T], segundos: float = 30.0, si_no: str = "no llegó a pasar") -> T:
    """Pregunta hasta que la respuesta sea verdadera, y la da. Errores: `AssertionError` con ``si_no`` si no lo es."""
    limite, espera = time.monotonic() + segundos, threading.Event()
    while not (valor := condicion()):
        assert time.monotonic() < limite, si_no
        espera.wait(_CADA)
    return valor


__all__ = ["hasta"]
