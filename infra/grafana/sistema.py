"""Los tableros de todo el sistema: si llega todo, si se está pudiendo probar, y lo que hay entre servicios."""

from __future__ import annotations

from typing import Final

from infra.grafana.panel import Panel, Tablero, peor

LLEGA: Final = Tablero(
    "senda-llega",
    "Senda · ¿llega todo?",
    "Lo primero que se mira. Si todo está en verde, nadie está esperando algo que no le llega.",
    (
        peor(
            "Urgentes sin entregar",
            "Derivaciones inmediatas que su institución aún no puede ver: llama por teléfono.",
            "max(senda_urgentes_sin_entregar)",
            (1, 1),
        ),
        peor(
            "Servicios sin nadie",
            "Servicios en los que ningún proceso puede trabajar.",
            "count(max by (servicio) (senda_listo) == 0) or vector(0)",
            (1, 1),
        ),
        peor(
            "Rutas detenidas",
            "Hechos apartados: cada uno detiene una ruta.",
            "sum(max by (servicio) (senda_apartados))",
            (1, 1),
        ),
        peor(
            "Plazo sin escalar",
            "Cuánto hace que venció el plazo más viejo que nadie atendió.",
            "max(senda_plazos_retraso_segundos)",
            (120, 300),
            "s",
        ),
        peor("En pausa", "Tareas que una persona paró.", "sum(max by (servicio, tarea) (senda_pausado))", (1, 1)),
        peor("Muertos", "Mensajes que nadie pudo leer.", "max(senda_muertos)", (1, 1)),
        Panel(
            "Lo que tarda un hecho en salir",
            "Edad del hecho más viejo sin publicar. Si crece, los demás no se enteran.",
            (("max by (servicio) (senda_relevo_hechos_edad_segundos)", "{{servicio}}"),),
            unidad="s",
            umbrales=(30, 120),
        ),
        Panel(
            "Lo que tarda en surtir efecto",
            "Edad de lo más viejo recibido y sin aplicar.",
            (("max by (servicio) (senda_entrada_edad_segundos)", "{{servicio}}"),),
            unidad="s",
            umbrales=(120, 300),
        ),
        Panel(
            "Huecos",
            "Desde cuándo falta un hecho que se sabe que existe. Se pide solo.",
            (("max by (servicio, origen) (senda_entrada_hueco_segundos) > 0", "{{servicio}} ← {{origen}}"),),
            unidad="s",
            umbrales=(30, 180),
        ),
        Panel(
            "Latidos",
            "Desde que cada servicio oyó a cada origen. Lo normal, menos de 20 segundos.",
            (("max by (origen) (senda_entrada_latido_segundos)", "{{origen}}"),),
            unidad="s",
            umbrales=(60, 180),
        ),
        Panel(
            "Hechos por segundo",
            "Lo que cada servicio cuenta.",
            (("max by (servicio) (rate(senda_hechos_total[5m]))", "{{servicio}}"),),
            unidad="ops",
        ),
        Panel(
            "Solicitudes por segundo",
            "Lo que piden las instituciones, por resultado.",
            (("sum by (resultado) (rate(senda_solicitudes_total[5m]))", "{{resultado}}"),),
            unidad="ops",
        ),
    ),
)

LIBRO: Final = Tablero(
    "senda-libro",
    "Senda · el libro",
    "Si lo que pasa se está pudiendo probar.",
    (
        peor(
            "Orígenes en alto",
            "Contaron dos historias: no se les aplica nada.",
            "sum(max by (servicio, origen) (senda_entrada_alto))",
            (1, 1),
        ),
        peor(
            "Punto de control",
            "Edad del último. Sin hechos nuevos, que sea viejo es normal.",
            "max(senda_punto_de_control_edad_segundos)",
            (900, 3600),
            "s",
        ),
        peor(
            "Sin refrendar desde",
            "Edad del punto más viejo que ningún testigo ha firmado.",
            "max(senda_sin_refrendar_segundos)",
            (86400, 172800),
            "s",
        ),
        peor(
            "Último refrendo",
            "Cuánto hace que un testigo firmó.",
            "max(senda_refrendo_edad_segundos)",
            (86400, 172800),
            "s",
        ),
        Panel(
            "Entradas",
            "Lo que cubre el último punto de control.",
            (("max(senda_libro_entradas)", "entradas"),),
            ancho=8,
            alto=4,
        ),
        Panel(
            "Por anotar",
            "Hechos que existen y no están en el libro, por origen.",
            (('max by (origen) (senda_entrada_pendientes{servicio="auditoria"})', "{{origen}}"),),
        ),
        Panel(
            "Contado y anotado",
            "Las dos líneas de cada origen han de ir juntas.",
            (
                ("max by (servicio) (senda_hechos_total)", "cuenta {{servicio}}"),
                ('max by (origen) (senda_hechos_aplicados_total{servicio="auditoria"})', "anotado de {{origen}}"),
            ),
        ),
    ),
)

BUS: Final = Tablero(
    "senda-bus",
    "Senda · el bus y la base",
    "Lo que hay entre servicios: si contestan, qué espera y dónde.",
    (
        peor("Sin bus", "Procesos que no llegan al broker.", "count(senda_bus == 0) or vector(0)", (1, 1)),
        peor("Sin base", "Procesos que no llegan a su base.", "count(senda_base == 0) or vector(0)", (1, 1)),
        peor("Muertos", "Mensajes que nadie pudo leer.", "max(senda_muertos)", (1, 1)),
        peor("Colas que no admiten más", "De instituciones que no leen.", "max(senda_colas_atascadas)", (1, 10)),
        Panel(
            "Alarmas que suenan dentro",
            "Las de cada servicio sobre sí mismo.",
            (("max by (servicio) (senda_alarmas)", "{{servicio}}"),),
            ancho=8,
            alto=4,
        ),
        Panel(
            "Hechos por publicar",
            "Guardados y aún sin confirmar por el bus.",
            (("max by (servicio) (senda_relevo_hechos_pendientes)", "{{servicio}}"),),
        ),
        Panel(
            "Mensajes por publicar",
            "Acuses, avisos y peticiones; el recuento se queda en 10 000.",
            (
                ("max by (servicio) (senda_relevo_mensajes_pendientes)", "{{servicio}}"),
                ("max by (servicio) (senda_relevo_edad_segundos)", "{{servicio}}, edad en segundos"),
            ),
        ),
        Panel(
            "Última posición anunciada",
            "Hasta dónde se sabe que llega cada origen.",
            (("max by (origen) (senda_entrada_anunciada)", "{{origen}}"),),
        ),
        Panel(
            "Fondo de las colas",
            "Según RabbitMQ, las del sistema.",
            (("max by (queue) (rabbitmq_detailed_queue_messages)", "{{queue}}"),),
        ),
    ),
)

__all__ = ["BUS", "LIBRO", "LLEGA"]
