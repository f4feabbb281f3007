"""Con qué versiones de esquemas, protocolos e instrumentos se reprodujo, y si aquí se tienen todas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from contratos import instrumentos, protocolos
from servicios.auditoria.reproduccion import Versiones


class Usada(Struct, frozen=True, kw_only=True):
    """Una versión de un paquete de datos. ``aqui``: si esta instalación la tiene, para leer las reglas de entonces."""

    codigo: str
    version: str
    veces: int
    aqui: bool


class Usadas(Struct, frozen=True, kw_only=True):
    """Lo que `Versiones` contó, en orden. ``esquemas``: veces que sale cada tipo, con la versión en que se guardó."""

    esquemas: dict[str, int]
    protocolos: tuple[Usada, ...]
    instrumentos: tuple[Usada, ...]
    desconocidos: dict[str, int]
    ilegibles: int


def usadas(contadas: Versiones) -> Usadas:
    """Las versiones contadas, como datos llanos."""
    return Usadas(
        esquemas=dict(sorted(contadas.esquemas.items())),
        protocolos=_paquetes(contadas.protocolos, protocolos.cargar),
        instrumentos=_paquetes(contadas.instrumentos, instrumentos.cargar),
        desconocidos=dict(sorted(contadas.desconocidos.items())),
        ilegibles=contadas.ilegibles,
    )


def _paquetes(contados: Mapping[tuple[str, str], int], cargar: Callable[[str, str], Any]) -> tuple[Usada, ...]:
    return tuple(
        Usada(codigo=codigo, version=version, veces=veces, aqui=_esta(cargar, codigo, version))
        for (codigo, version), veces in sorted(contados.items())
    )


def _esta(cargar: Callable[[str, str], Any], codigo: str, version: str) -> bool:
    try:
        cargar(codigo, version)
    except LookupError:
        return False
    return True


__all__ = ["Usada", "Usadas", "usadas"]
