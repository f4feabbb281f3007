"""El reloj de los plazos: atiende los que vencen, una sola vez; su estado está en la base y sobrevive a un reinicio."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from infra.almacen.almacen import Almacen
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.puertos import Servicio


@dataclass
class Plazos:
    """El paso que vence plazos."""

    almacen: Almacen
    servicio: Servicio
    ajustes: Ajustes = field(default_factory=Ajustes)

    def paso(self) -> bool:
        """Vence un lote de plazos. Dice si venció alguno."""
        proximo = self.proximo()
        if proximo is None or proximo > self.almacen.reloj.ahora():
            return False
        with self.almacen.tanda() as tanda:
            return self.servicio.vencer(tanda, self.ajustes.lote_plazos) > 0

    def proximo(self) -> datetime | None:
        """Cuándo vence el siguiente (UTC)."""
        with self.almacen.consulta() as tanda:
            return self.servicio.proximo_vencimiento(tanda)
