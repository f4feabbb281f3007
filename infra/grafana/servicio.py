"""El tablero de un servicio por dentro: qué le piden, qué tarda, qué hace y qué gasta."""

from __future__ import annotations

from typing import Final

from infra.grafana.panel import Panel, Tablero

_S: Final = 'servicio=~"$servicio"'
#: Lo del proceso no dice de qué servicio es: lo dice otra serie de la misma dirección.
_DE_QUIEN: Final = f"* on (instance) group_left (servicio) (senda_listo{{{_S}}} ^ 0)"
_SERVICIOS: Final = {"servicio": ("Servicio", "label_values(senda_listo, servicio)")}


def _cuantil(cuanto: float, metrica: str, por: str) -> str:
    """Un cuantil de un histograma, de los servicios elegidos."""
    return f"histogram_quantile({cuanto}, sum by ({por}, le) (rate({metrica}_bucket{{{_S}}}[5m])))"


SERVICIO: Final = Tablero(
    "senda-servicio",
    "Senda · por servicio",
    "Un servicio por dentro: qué le piden, qué tarda, qué hace y qué gasta.",
    (
        Panel(
            "Procesos",
            "Cuántos dicen que andan, y cuántos contestan a Prometheus y pueden trabajar.",
            (
                (f"max by (servicio) (senda_procesos{{{_S}}})", "{{servicio}} andan"),
                (f"sum by (servicio) (senda_listo{{{_S}}})", "{{servicio}} listos"),
            ),
        ),
        Panel(
            "Tareas en pausa",
            "1 si una persona la paró.",
            ((f"max by (servicio, tarea) (senda_pausado{{{_S}}})", "{{servicio}} {{tarea}}"),),
        ),
        Panel(
            "Por atender",
            "Solicitudes guardadas y sin contestar; el recuento se queda en 10 000.",
            ((f"max by (servicio) (senda_bandeja{{{_S}}})", "{{servicio}}"),),
        ),
        Panel(
            "Espera de la más vieja",
            "Edad de la solicitud más vieja sin respuesta.",
            ((f"max by (servicio) (senda_bandeja_edad_segundos{{{_S}}})", "{{servicio}}"),),
            unidad="s",
            umbrales=(60, 120),
        ),
        Panel(
            "De la solicitud al acuse",
            "Hasta tenerlo guardado; lo que luego tarda en salir está al lado.",
            (
                (_cuantil(0.5, "senda_respuesta_segundos", "servicio"), "{{servicio}} p50"),
                (_cuantil(0.99, "senda_respuesta_segundos", "servicio"), "{{servicio}} p99"),
            ),
            unidad="s",
        ),
        Panel(
            "Del acuse guardado al bus",
            "Lo que tarda un mensaje en ser confirmado, por destino (p99).",
            ((_cuantil(0.99, "senda_salida_segundos", "destino"), "{{destino}}"),),
            unidad="s",
        ),
        Panel(
            "Respuestas",
            "Por resultado. «devuelta»: no se pudo atribuir a nadie.",
            (
                (
                    f"sum by (servicio, resultado) (rate(senda_solicitudes_total{{{_S}}}[5m]))",
                    "{{servicio}} {{resultado}}",
                ),
            ),
            unidad="ops",
        ),
        Panel(
            "Quien más pide y a quien más se niega",
            "Por minuto. Quién es lo dice «senda operar instituciones».",
            (
                (f"sum by (servicio) (senda_mayor_afluencia{{{_S}}})", "{{servicio}} pide"),
                (f"sum by (servicio) (senda_mayor_rechazo{{{_S}}})", "{{servicio}} negadas"),
            ),
        ),
        Panel(
            "Aplicado de otros",
            "Hechos ajenos que surtieron efecto, por segundo.",
            (
                (
                    f"max by (servicio, origen) (rate(senda_hechos_aplicados_total{{{_S}}}[5m]))",
                    "{{servicio}} ← {{origen}}",
                ),
            ),
            unidad="ops",
        ),
        Panel(
            "Por aplicar",
            "Hechos que se sabe que existen y no se han aplicado.",
            ((f"max by (servicio, origen) (senda_entrada_pendientes{{{_S}}})", "{{servicio}} ← {{origen}}"),),
        ),
        Panel(
            "Plazos vencidos",
            "Los que esperan a que el servicio los atienda, y los que fallan cada vez.",
            (
                (f"max by (servicio) (senda_plazos_vencidos{{{_S}}})", "{{servicio}}"),
                (f"max by (servicio) (senda_plazos_con_fallo{{{_S}}})", "{{servicio}} con fallo"),
            ),
            umbrales=(50, 500),
        ),
        Panel(
            "Lo que dura un paso",
            "Los que tenían trabajo (p99): dice cuál es el cuello.",
            ((_cuantil(0.99, "senda_paso_segundos", "paso"), "{{paso}}"),),
            unidad="s",
        ),
        Panel(
            "Fallos de los bucles",
            "Cada uno se registra y se repite; muchos seguidos son un atasco.",
            (
                (
                    f"sum by (servicio, bucle) (increase(senda_fallos_de_bucle_total{{{_S}}}[10m]))",
                    "{{servicio}} {{bucle}}",
                ),
            ),
        ),
        Panel(
            "Memoria",
            "De cada proceso. Lo normal son unos 150 MB y no crece.",
            ((f"process_resident_memory_bytes {_DE_QUIEN}", "{{servicio}} {{instance}}"),),
            unidad="bytes",
            umbrales=(5e8, 1e9),
        ),
        Panel(
            "CPU",
            "Núcleos que usa cada proceso.",
            ((f"rate(process_cpu_seconds_total[5m]) {_DE_QUIEN}", "{{servicio}} {{instance}}"),),
        ),
    ),
    _SERVICIOS,
)

__all__ = ["SERVICIO"]
