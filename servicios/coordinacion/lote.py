"""Lo que un lote de hechos cambia en las lecturas de encargos y derechos: se acumula y se escribe de una vez.

De cada fila vale lo último de cada columna, así que escribir diez cambios cuesta como escribir uno.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from eventos.coordinacion import Etapa
from eventos.listas import Derecho
from infra.almacen.insertar import Altas
from servicios.coordinacion.dominio.derechos import Estado as EnDerecho
from servicios.coordinacion.dominio.derivacion import Estado as EnDerivacion
from servicios.coordinacion.tablas import derechos, derivaciones, plazos

_MOVER = sa.update(derivaciones).where(derivaciones.c.derivacion == sa.bindparam("cual"))
_PARAR = sa.delete(plazos).where(plazos.c.derivacion == sa.bindparam("cual"))
_PARAR_ETAPA = _PARAR.where(plazos.c.etapa == sa.bindparam("en"))
_QUITAR_DERECHO = sa.delete(derechos).where(
    derechos.c.ruta == sa.bindparam("de"), derechos.c.derecho == sa.bindparam("cual")
)


class Lote:
    """Cambios por escribir. ``altas``: las filas que nacen, que se escriben antes que lo demás."""

    def __init__(self, altas: Altas) -> None:
        self.altas = altas
        self._movidas: dict[UUID, dict[str, Any]] = {}
        self._paradas: set[UUID] = set()
        self._etapas_paradas: set[tuple[UUID, Etapa]] = set()
        self._derechos: dict[tuple[UUID, Derecho], dict[str, Any]] = {}
        #: Los de una ruta que nace con este lote: no hay fila suya que quitar.
        self._nacen: set[tuple[UUID, Derecho]] = set()

    def mover(self, derivacion: UUID, estado: EnDerivacion | None = None, /, **valores: Any) -> None:
        """Cambia columnas de un encargo y, si se dice, su estado."""
        movida = self._movidas.setdefault(derivacion, {})
        movida.update(valores)
        if estado is not None:
            movida["estado"] = estado.value

    def parar(self, derivacion: UUID, etapa: Etapa | None = None) -> None:
        """Deja de contar el plazo de una etapa, o todos los del encargo."""
        if etapa is None:
            self._paradas.add(derivacion)
        else:
            self._etapas_paradas.add((derivacion, etapa))

    def derecho(self, ruta: UUID, derecho: Derecho, estado: EnDerecho, desde: datetime) -> None:
        """Pone en un estado un derecho de la matriz; los que se exigen más tarde no tenían fila."""
        fila = {"ruta": ruta, "derecho": derecho.value, "estado": estado.value, "desde": desde}
        self._derechos[ruta, derecho] = fila

    def nace_derecho(self, ruta: UUID, derecho: Derecho, desde: datetime) -> None:
        """Un derecho de una ruta que se abre."""
        self.derecho(ruta, derecho, EnDerecho.PENDIENTE, desde)
        self._nacen.add((ruta, derecho))

    def escribir(self) -> None:
        """Escribe lo acumulado. Hay que llamarla antes de consultar esas tablas, y al final."""
        conexion = self.altas.conexion
        for columnas in {frozenset(m) for m in self._movidas.values()}:
            iguales = [{"cual": d, **m} for d, m in self._movidas.items() if m.keys() == columnas]
            conexion.execute(_MOVER, iguales)
        if self._paradas:
            conexion.execute(_PARAR, [{"cual": d} for d in self._paradas])
        if self._etapas_paradas:
            conexion.execute(_PARAR_ETAPA, [{"cual": d, "en": e.value} for d, e in self._etapas_paradas])
        if cambian := self._derechos.keys() - self._nacen:
            conexion.execute(_QUITAR_DERECHO, [{"de": r, "cual": d.value} for r, d in cambian])
        self.altas.anadir(derechos, list(self._derechos.values()))
        self._movidas, self._paradas, self._etapas_paradas = {}, set(), set()
        self._derechos, self._nacen = {}, set()


__all__ = ["Lote"]
