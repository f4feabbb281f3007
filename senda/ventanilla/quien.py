"""Quién actúa por la institución: un seudónimo que solo ella sabe de quién es."""

from __future__ import annotations

import msgspec

from eventos.tipos import Agente


class AgenteInvalido(Exception):
    """Falta, o no es un seudónimo."""

    def __str__(self) -> str:
        return "di quién actúa con --agente ag-7c1e90aa (o SENDA_AGENTE): «ag-» y de 8 a 32 cifras hexadecimales"


def exigir_agente(agente: str | None) -> str:
    """El mismo seudónimo, si lo es. Errores: `AgenteInvalido`."""
    try:
        return msgspec.convert(agente, Agente)
    except msgspec.ValidationError:
        raise AgenteInvalido from None


__all__ = ["AgenteInvalido", "exigir_agente"]
