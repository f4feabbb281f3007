"""Las cifras de un servicio en el formato de Prometheus.

Son de dos clases. Las del estado salen de la base, así que dos réplicas dicen lo mismo: se combinan con ``max``. Las
del proceso (`medidas.Medidas`, `DelProceso` y ``process_*``) las cuenta cada uno: se combinan con ``sum``.

Las etiquetas son nombres de servicio, de origen, de bucle o de paso: nunca un id de ruta, una
institución ni una persona.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.mensajeria.pausas import Tarea
from infra.observabilidad.salud import EstadoOrigen, Salud

FORMATO = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class DelProceso:
    """Lo que sabe un proceso y no está en la base.

    ``fallos``: por bucle, desde el arranque. ``muertos``: None si no se pudo mirar. ``atascadas``: instituciones cuya
    cola no admite más. ``mas_pide`` y ``mas_falla``: por minuto, de la institución que más. ``contadas``: las de
    `Medidas` y las que solo tiene quien llama.
    """

    fallos: Mapping[str, int] = field(default_factory=dict)
    muertos: int | None = None
    atascadas: int = 0
    plazos_con_fallo: int = 0
    mas_pide: float = 0.0
    mas_falla: float = 0.0
    contadas: Iterable[Metric] = ()


def exponer(salud: Salud, proceso: DelProceso) -> bytes:
    """El texto que lee Prometheus."""
    registro = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registro)
    registro.register(_Cifras(salud, proceso))
    return generate_latest(registro)


@dataclass(eq=False)
class _Cifras(Collector):
    salud: Salud
    proceso: DelProceso

    def collect(self) -> Iterable[Metric]:
        salud = self.salud
        yield self._medida("listo", "1 si el servicio puede trabajar", salud.listo)
        yield self._medida("bus", "1 si el broker responde", salud.bus)
        yield self._medida("base", "1 si la base responde", salud.base)
        yield self._medida("alarmas", "Alarmas que suenan", len(salud.alarmas))
        if salud.base:
            yield from self._del_estado()
            yield from self._entrada()
        yield from self._del_proceso()
        yield from self.proceso.contadas

    def _del_estado(self) -> Iterable[Metric]:
        salud, relevo = self.salud, self.salud.relevo
        for nombre, ayuda, valor in (
            ("procesos", "Procesos del servicio que dijeron hace poco que andan", salud.procesos),
            ("apartados", "Hechos apartados, en espera de una persona", salud.apartados),
            ("bandeja", "Solicitudes recibidas y aún sin respuesta", salud.bandeja),
            ("bandeja_edad_segundos", "Edad de la solicitud más vieja sin respuesta", salud.edad_bandeja),
            ("urgentes_sin_entregar", "Avisos urgentes que nadie ha recibido a tiempo", salud.urgentes_sin_entregar),
            ("relevo_hechos_pendientes", "Hechos guardados y aún sin publicar", relevo.hechos),
            ("relevo_mensajes_pendientes", "Acuses y avisos aún sin publicar", relevo.mensajes),
            ("relevo_edad_segundos", "Edad del pendiente más viejo", relevo.edad),
            ("relevo_hechos_edad_segundos", "Edad del hecho más viejo sin publicar", relevo.edad_hechos),
            ("plazos_retraso_segundos", "Desde que venció el plazo más viejo sin atender", salud.retraso_plazos),
            *salud.propias,
        ):
            yield self._medida(nombre, ayuda, valor or 0.0)
        yield self._contador("hechos", "Hechos que este servicio ha contado", salud.hechos)
        paradas = {pausa.tarea for pausa in salud.pausas}
        tareas = {tarea.value: tarea.value in paradas for tarea in Tarea}
        yield self._medidas("pausado", "1 si una persona paró esa tarea", "tarea", tareas)

    def _entrada(self) -> Iterable[Metric]:
        for nombre, ayuda, valor in _DE_ORIGEN:
            valores = {origen: valor(estado) for origen, estado in self.salud.entrada.items()}
            conocidos = {origen: float(v) for origen, v in valores.items() if v is not None}
            yield self._medidas(f"entrada_{nombre}", ayuda, "origen", conocidos)
        aplicados = {nombre: origen.aplicada for nombre, origen in self.salud.entrada.items()}
        ayuda = "Hechos ajenos aplicados (o apartados), por origen"
        yield self._contadores("hechos_aplicados", ayuda, "origen", aplicados)

    def _del_proceso(self) -> Iterable[Metric]:
        proceso = self.proceso
        yield self._contadores("fallos_de_bucle", "Fallos de un bucle desde el arranque", "bucle", proceso.fallos)
        if proceso.muertos is not None:
            yield self._medida("muertos", "Mensajes en la cola de muertos, que mira una persona", proceso.muertos)
        for nombre, ayuda, valor in (
            ("plazos_con_fallo", "Plazos vencidos que fallan cada vez que se atienden", proceso.plazos_con_fallo),
            ("colas_atascadas", "Instituciones cuya cola no admite más: no la leen", proceso.atascadas),
            ("mayor_afluencia", "Solicitudes por minuto de la institución que más manda", proceso.mas_pide),
            ("mayor_rechazo", "Negativas por minuto a la institución que más recibe", proceso.mas_falla),
        ):
            yield self._medida(nombre, ayuda, valor)

    def _medida(self, nombre: str, ayuda: str, valor: float) -> Metric:
        familia = GaugeMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio"])
        familia.add_metric([self.salud.servicio], float(valor))
        return familia

    def _medidas(self, nombre: str, ayuda: str, etiqueta: str, valores: Mapping[str, float]) -> Metric:
        familia = GaugeMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio", etiqueta])
        for clave, valor in valores.items():
            familia.add_metric([self.salud.servicio, clave], float(valor))
        return familia

    def _contador(self, nombre: str, ayuda: str, valor: float) -> Metric:
        familia = CounterMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio"])
        familia.add_metric([self.salud.servicio], float(valor))
        return familia

    def _contadores(self, nombre: str, ayuda: str, etiqueta: str, valores: Mapping[str, int]) -> Metric:
        familia = CounterMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio", etiqueta])
        for clave, valor in valores.items():
            familia.add_metric([self.salud.servicio, clave], float(valor))
        return familia


#: De cada origen: nombre, qué es y de dónde sale; None, si aún no se sabe (no se expone: un cero mentiría).
_DE_ORIGEN: tuple[tuple[str, str, Callable[[EstadoOrigen], float | None]], ...] = (
    ("anunciada", "Última posición que se sabe que existe", lambda o: o.anunciada),
    ("pendientes", "Hechos que existen y aún no se han aplicado", lambda o: o.pendientes),
    ("edad_segundos", "Lo que lleva esperando lo más viejo recibido y sin aplicar", lambda o: o.edad or 0.0),
    ("hueco_segundos", "Edad del hueco abierto", lambda o: o.edad_hueco or 0.0),
    ("alto", "1 si se dejó de aplicar", lambda o: o.alto is not None),
    ("latido_segundos", "Desde que se oyó latir al origen", lambda o: o.edad_latido),
)


__all__ = ["FORMATO", "DelProceso", "exponer"]
