"""Lo que en producción se añade a una estación para que una persona la gobierne: pausas, presencia, muertos y medidas.

No está en la estación: embebida o en simulación no hay réplicas que obedezcan ni nadie que lea métricas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from infra.anfitrion.estacion import Bucle, Estacion, Paso
from infra.mensajeria.muertos import Muertos
from infra.mensajeria.pausas import PASOS, Freno, Tarea
from infra.mensajeria.presencia import Presencia
from infra.observabilidad.medidas import Medidas
from infra.observabilidad.metricas import DelProceso
from infra.reloj import Reloj


@dataclass
class Gobierno:
    """Una estación gobernada. ``bucles``: los suyos, con lo añadido."""

    estacion: Estacion
    reloj: Reloj
    bucles: tuple[Bucle, ...] = field(init=False)

    def __post_init__(self) -> None:
        estacion = self.estacion
        self.medidas = Medidas(estacion.nombre)
        estacion.solicitudes.atencion.medidas = estacion.relevo.medidas = self.medidas
        self._freno = Freno(estacion.almacen)
        self._presencia = Presencia(estacion.almacen, estacion.titular, estacion.ajustes)
        for paso in estacion.pasos:
            if paso.nombre in PASOS:
                # En el propio paso: otros ya lo conocen para avisarlo.
                paso.dar = self._freno.salvo_pausa(PASOS[paso.nombre], paso.dar)
        estacion.entrada.en_pausa = lambda: self._freno.parada(Tarea.APLICAR)
        estacion.solicitudes.en_pausa = lambda: self._freno.parada(Tarea.ATENDER)
        self.bucles = tuple(self._con_lo_suyo(bucle) for bucle in estacion.bucles)

    def despedir(self) -> None:
        """Este proceso ya no anda. Errores: los de la base."""
        self._presencia.despedir()

    def del_proceso(self, fallos: Mapping[str, int]) -> DelProceso:
        """Lo que este proceso sabe y no está en la base. ``fallos``: de cada bucle, desde el arranque."""
        afluencia = self.estacion.solicitudes.atencion.afluencia
        return DelProceso(
            fallos=fallos,
            muertos=self._muertos.cuantos,
            atascadas=len(self.estacion.relevo.atascadas),
            plazos_con_fallo=self.estacion.plazos.con_fallo,
            mas_pide=afluencia.de_quien_mas_pide(),
            mas_falla=afluencia.de_quien_mas_falla(),
            contadas=self.medidas.familias(),
        )

    def _con_lo_suyo(self, bucle: Bucle) -> Bucle:
        """Al bucle del relevo, que usa el bus y no escucha, se le suman los pasos de quien opera."""
        if bucle.nombre != "relevo":
            return bucle
        self._muertos = Muertos(bucle.transporte, self.estacion.topologia.nombres, self.reloj)
        suyos = (Paso("presencia", self._presencia.paso), Paso("muertos", self._muertos.paso))
        return replace(bucle, pasos=(*bucle.pasos, *suyos))


__all__ = ["Gobierno"]
