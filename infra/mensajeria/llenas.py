"""Las colas de institución que no admiten más: las llena quien no lee, y no se insiste con todo lo suyo.

De una cola así se prueba un solo mensaje cada vez, con retroceso; lo demás espera a esa prueba. Insistir con cada uno
costaba más que atender a quien sí lee.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from infra.mensajeria.ajustes import Ajustes

BUZON = "buzon"
DE_INSTITUCION = ("acuses", BUZON)
#: Intercambio y clave: la de acuses de una institución, o su buzón.
_Cola = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Llena:
    fallos: int
    #: Cuándo se vuelve a probar (UTC).
    hasta: datetime


@dataclass
class Llenas:
    """Lo que sabe de ellas quien publica. En memoria: quien lo releve las prueba otra vez."""

    ajustes: Ajustes
    _colas: dict[_Cola, _Llena] = field(default_factory=dict)

    @property
    def instituciones(self) -> set[str]:
        """De quién son."""
        return {clave for _, clave in self._colas}

    def olvidar(self) -> None:
        """Publica otro: lo sabe él."""
        self._colas.clear()

    def por_probar(self, filas: Sequence[Row[Any]], ahora: datetime) -> list[Row[Any]]:
        """Las filas de la salida que se intentan: de una cola llena una sola, y si ya toca. Lo urgente nuevo, siempre.

        La menos probada: si la que falla es ella y no la cola, la siguiente prueba es con otra.
        """
        pruebas: dict[_Cola, Row[Any]] = {}
        for fila in filas:
            cola = _cola(fila)
            if (llena := self._colas.get(cola)) and self.ajustes.toca(llena.hasta, ahora):
                pruebas[cola] = min(pruebas.get(cola, fila), fila, key=_probada)
        return [f for f in filas if _cola(f) not in self._colas or f is pruebas.get(_cola(f)) or _urgente_nueva(f)]

    def anotar(self, filas: Sequence[Row[Any]], llegaron: Sequence[bool], ahora: datetime) -> None:
        """Qué fue de cada una de las publicadas. La cola que admite unas y no otras acaba de llenarse."""
        suerte = list(zip(filas, llegaron, strict=False))
        salio = {_cola(f) for f, llego in suerte if llego}
        volvio = {_cola(f) for f, llego in suerte if not llego and f.intercambio in DE_INSTITUCION}
        for cola in salio - volvio:
            self._colas.pop(cola, None)
        for cola in volvio:
            antes = self._colas.get(cola)
            fallos = antes.fallos + 1 if antes and cola not in salio else 1
            self._colas[cola] = _Llena(fallos, ahora + self.ajustes.retroceso(fallos))

    def hasta(self, fila: Row[Any]) -> datetime | None:
        """Cuándo se vuelve a probar su cola, si está llena."""
        llena = self._colas.get(_cola(fila))
        return llena.hasta if llena else None


def _cola(fila: Row[Any]) -> _Cola:
    return fila.intercambio, fila.clave


def _probada(fila: Row[Any]) -> tuple[bool, int]:
    return not fila.urgente, fila.intentos


def _urgente_nueva(fila: Row[Any]) -> bool:
    return bool(fila.urgente) and not fila.intentos


__all__ = ["BUZON", "DE_INSTITUCION", "Llenas"]
