"""Las cifras de salud en el formato de Prometheus.

Las etiquetas son nombres de servicio, de origen y de bucle: nunca un id de ruta, una institución ni una persona. Las
cifras salen de la base, así que dos réplicas de un servicio dicen lo mismo: se combinan con ``max``, no con ``sum``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.observabilidad.salud import Recuento, Salud

FORMATO = "text/plain; version=0.0.4; charset=utf-8"


def exponer(salud: Salud, recuento: Recuento | None, fallos: Mapping[str, int], otras: Iterable[Metric] = ()) -> bytes:
    """El texto que lee Prometheus. ``recuento``: None si no se pudo leer; ``fallos``: por bucle, desde el arranque.

    ``otras``: las que solo tiene quien llama.
    """
    registro = CollectorRegistry(auto_describe=False)
    registro.register(_Cifras(salud, recuento, fallos, otras))
    return generate_latest(registro)


@dataclass(eq=False)
class _Cifras(Collector):
    salud: Salud
    recuento: Recuento | None
    fallos: Mapping[str, int]
    otras: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        salud = self.salud
        yield from self._sueltas()
        yield self._contador("fallos_de_bucle", "Fallos de un bucle desde el arranque", "bucle", self.fallos)
        if salud.base:
            yield from self._relevo()
            yield from self._entrada()
        if self.recuento is not None:
            sin_atender = {"devuelta": self.recuento.devueltas, "rehusada": self.recuento.rehusadas}
            resultados = self.recuento.solicitudes | sin_atender
            yield self._contador("solicitudes", "Solicitudes respondidas, por resultado", "resultado", resultados)
        yield from self.otras

    def _sueltas(self) -> Iterable[Metric]:
        salud = self.salud
        yield self._medida("listo", "1 si el servicio puede trabajar", salud.listo)
        yield self._medida("bus", "1 si el broker responde", salud.bus)
        yield self._medida("base", "1 si la base responde", salud.base)
        yield self._medida("alarmas", "Alarmas que suenan", len(salud.alarmas))
        if salud.base:
            yield self._medida("apartados", "Hechos apartados, en espera de una persona", salud.apartados)
            yield self._medida("bandeja", "Solicitudes recibidas y aún sin respuesta", salud.bandeja)
            urgentes = salud.urgentes_sin_entregar
            yield self._medida("urgentes_sin_entregar", "Avisos urgentes que nadie ha recibido a tiempo", urgentes)

    def _relevo(self) -> Iterable[Metric]:
        relevo = self.salud.relevo
        yield self._medida("relevo_hechos_pendientes", "Hechos guardados y aún sin publicar", relevo.hechos)
        yield self._medida("relevo_mensajes_pendientes", "Acuses y avisos aún sin publicar", relevo.mensajes)
        yield self._medida("relevo_edad_segundos", "Edad del pendiente más viejo", relevo.edad or 0.0)

    def _entrada(self) -> Iterable[Metric]:
        origenes = self.salud.entrada
        aplicados = {nombre: o.aplicada for nombre, o in origenes.items()}
        yield self._contador(
            "hechos_aplicados", "Hechos ajenos aplicados (o apartados), por origen", "origen", aplicados
        )
        for nombre, ayuda, valores in (
            ("anunciada", "Última posición que se sabe que existe", {n: o.anunciada for n, o in origenes.items()}),
            ("hueco_segundos", "Edad del hueco abierto", {n: o.edad_hueco or 0.0 for n, o in origenes.items()}),
            ("alto", "1 si se dejó de aplicar", {n: o.alto is not None for n, o in origenes.items()}),
        ):
            familia = GaugeMetricFamily(f"senda_entrada_{nombre}", ayuda, labels=["servicio", "origen"])
            for origen, valor in valores.items():
                familia.add_metric([self.salud.servicio, origen], float(valor))
            yield familia

    def _medida(self, nombre: str, ayuda: str, valor: float) -> Metric:
        familia = GaugeMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio"])
        familia.add_metric([self.salud.servicio], float(valor))
        return familia

    def _contador(self, nombre: str, ayuda: str, etiqueta: str, valores: Mapping[str, int]) -> Metric:
        familia = CounterMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio", etiqueta])
        for clave, valor in valores.items():
            familia.add_metric([self.salud.servicio, clave], float(valor))
        return familia


__all__ = ["FORMATO", "exponer"]
