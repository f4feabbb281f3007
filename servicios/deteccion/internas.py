"""Lo que detección hace sin que una institución lo pida por el bus."""

from __future__ import annotations

from uuid import UUID

from servicios.comun.mesa import Interna


class ProponerVinculo(Interna, frozen=True, kw_only=True):
    """El registro único, que no está en el bus, halló que dos rutas parecen de la misma persona. Puede repetirse."""

    ruta: UUID
    otra: UUID
