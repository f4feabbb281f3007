"""Las colas de institución que no admiten más: las llena quien no lee, y no se insiste con todo lo suyo.

De una cola así se prueba un solo mensaje cada vez, con retroceso; lo demás espera a esa prueba. Insistir con cada uno
costaba más que atender a quien sí lee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    def por_probar(self, filas: Iterable[Row[Any]], ahora: datetime) -> list[Row[Any]]:
        """Las filas de la salida que se intentan: de una cola llena, la primera, y solo si ya toca."""
        elegidas, probadas = [], set()
        for fila in filas:
            cola = _cola(fila)
            if llena := self._colas.get(cola):
                if cola in probadas or not self.ajustes.toca(llena.hasta, ahora):
                    continue
                probadas.add(cola)
            elegidas.append(fila)
        return elegidas

    def anotar(self, filas: Iterable[Row[Any]], suerte: Mapping[int, bool], ahora: datetime) -> None:
        """``suerte``: número de cada fila intentada -> si salió. La cola que admite solo unas acaba de llenarse."""
        probadas = [f for f in filas if f.numero in suerte]
        salio = {_cola(f) for f in probadas if suerte[f.numero]}
        volvio = {_cola(f) for f in probadas if not suerte[f.numero] and f.intercambio in DE_INSTITUCION}
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


__all__ = ["BUZON", "DE_INSTITUCION", "Llenas"]
