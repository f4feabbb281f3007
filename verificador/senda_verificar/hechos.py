"""Un hecho del libro y lo que dice su sobre, leído de una sola manera."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from senda_verificar import json_unico

SISTEMA: Final = "-SISTEMA"
DE_INSTITUCION: Final = "senda.coordinacion.institucion-"
DESTRUYE: Final = "senda.seguridad.clave-destruida."
_INSCRIBE: Final = (f"{DE_INSTITUCION}inscrita.v", f"{DE_INSTITUCION}actualizada.v")
#: Los campos del sobre que aquí se usan; todos son texto.
_CAMPOS: Final = ("id", "source", "type", "subject", "institucion", "agente", "agregado", "solicitud", "registrado")


class Acto(NamedTuple):
    """Un hecho del libro: su sitio y lo que dice su sobre."""

    origen: str
    posicion: int
    sobre: Mapping[str, Any]

    @property
    def del_sistema(self) -> bool:
        """Si no se atribuye a ninguna institución."""
        return str(self.sobre["institucion"]).endswith(SISTEMA)

    @property
    def de_institucion(self) -> bool:
        """Si es un hecho del directorio de instituciones, y no de una ruta."""
        return str(self.sobre["type"]).startswith(DE_INSTITUCION)

    @property
    def inscribe(self) -> bool:
        """Si fija la clave con que firma una institución."""
        return str(self.sobre["type"]).startswith(_INSCRIBE) and self.origen.endswith("/coordinacion")


def destruidas(actos: Iterable[Acto]) -> set[str]:
    """Las rutas cuya clave consta en unos hechos que se destruyó."""
    return {str(a.sobre["subject"]) for a in actos if str(a.sobre["type"]).startswith(DESTRUYE)}


def leer_acto(origen: str, posicion: int, cuerpo: bytes) -> Acto | None:
    """Lo que dice el sobre de un hecho, o None si no se deja leer de una sola manera."""
    try:
        sobre = json_unico.objeto(cuerpo)
    except json_unico.JsonInvalido:
        return None
    if not all(isinstance(sobre.get(c, ""), str) for c in _CAMPOS) or not isinstance(sobre.get("data"), dict):
        return None
    return Acto(origen, posicion, {**dict.fromkeys(_CAMPOS, ""), **sobre})


__all__ = ["DESTRUYE", "DE_INSTITUCION", "Acto", "destruidas", "leer_acto"]
