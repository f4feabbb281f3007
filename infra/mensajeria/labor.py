"""Qué dejó hecho un paso. Vale como verdadero si hizo algo."""

from __future__ import annotations

from enum import IntEnum


class Labor(IntEnum):
    """`HECHA`: hizo todo lo que había. `QUEDA`: llenó su lote y puede quedar más."""

    NADA = 0
    HECHA = 1
    QUEDA = 2

    @classmethod
    def de(cls, hecho: int, lote: int) -> Labor:
        """La de quien hizo ``hecho`` cosas con un lote de como mucho ``lote``."""
        if not hecho:
            return cls.NADA
        return cls.QUEDA if hecho >= lote else cls.HECHA
