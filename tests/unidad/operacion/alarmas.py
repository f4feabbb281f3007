"""Por cada alarma, alguien enfermo y alguien sano: cuándo aún no suena, cuándo ya, y solo por el enfermo."""

from __future__ import annotations

from typing import Any, NamedTuple

#: Series constantes, una muestra por minuto.
MINUTOS = 130
LOS_SEIS = ("deteccion", "atencion", "justicia", "repatriacion", "coordinacion", "auditoria")


class Caso(NamedTuple):
    """``series``: serie -> valor constante, o la notación de promtool. ``aun_no`` y ``ya``: cuándo mirar."""

    series: dict[str, float | str]
    aun_no: str
    ya: str
    de: tuple[dict[str, str], ...]


def _listos(**otros: float) -> dict[str, float | str]:
    return {f'senda_listo{{servicio="{uno}"}}': otros.get(uno, 1.0) for uno in LOS_SEIS}


def _de(metrica: str, mal: float, bien: float, *, otra: str = "") -> dict[str, float | str]:
    """Coordinación está mal, en una de sus réplicas o en las dos; atención, bien."""
    return {
        f'{metrica}{{servicio="coordinacion",instance="a"{otra}}}': mal,
        f'{metrica}{{servicio="coordinacion",instance="b"{otra}}}': bien,
        f'{metrica}{{servicio="atencion",instance="c"{otra}}}': bien,
    }


COORDINACION, AUDITORIA = ({"servicio": "coordinacion"},), ({"servicio": "auditoria"},)
_ORIGEN = ',origen="/gt/deteccion"'
DE_ORIGEN = ({"servicio": "coordinacion", "origen": "/gt/deteccion"},)

CASOS: dict[str, list[Caso]] = {
    "SendaUrgentesSinEntregar": [Caso(_de("senda_urgentes_sin_entregar", 1, 0), "0m", "1m", COORDINACION)],
    "SendaServicioParado": [
        # Una réplica sin base no para el servicio si la otra trabaja.
        Caso(
            {**_listos(justicia=0.0), 'senda_listo{servicio="atencion",instance="b"}': 0.0},
            "1m", "2m", ({"servicio": "justicia"},),
        ),
        # Y de quien ni contesta no hay serie.
        Caso(
            {serie: valor for serie, valor in _listos().items() if "auditoria" not in serie},
            "1m", "2m", ({"servicio": "auditoria"},),
        ),
    ],
    "SendaSolicitudesSinRespuesta": [Caso(_de("senda_bandeja_edad_segundos", 121, 119), "2m", "3m", COORDINACION)],
    "SendaPlazosSinAtender": [
        Caso(_de("senda_plazos_retraso_segundos", 301, 299), "4m", "5m", COORDINACION),
        Caso(_de("senda_plazos_con_fallo", 1, 0), "4m", "5m", COORDINACION),
    ],
    "SendaHechosApartados": [Caso(_de("senda_apartados", 1, 0), "1m", "2m", COORDINACION)],
    "SendaOlvidadoEnPausa": [
        Caso(
            _de("senda_pausado", 1, 0, otra=',tarea="aplicar"'),
            "29m", "30m", ({"servicio": "coordinacion", "tarea": "aplicar"},),
        )
    ],
    "SendaPublicacionAtrasada": [Caso(_de("senda_relevo_hechos_edad_segundos", 121, 119), "2m", "3m", COORDINACION)],
    "SendaEntradaAtrasada": [
        Caso(
            {
                **_de("senda_entrada_edad_segundos", 301, 299, otra=_ORIGEN),
                # De un origen en alto no se aplica nada a propósito: eso ya suena por otro lado.
                'senda_entrada_edad_segundos{servicio="justicia",origen="/gt/atencion"}': 5000,
                'senda_entrada_alto{servicio="justicia",origen="/gt/atencion"}': 1,
            },
            "4m", "5m", DE_ORIGEN,
        )
    ],
    "SendaHueco": [Caso(_de("senda_entrada_hueco_segundos", 181, 179, otra=_ORIGEN), "1m", "2m", DE_ORIGEN)],
    "SendaDivergencia": [Caso(_de("senda_entrada_alto", 1, 0, otra=_ORIGEN), "", "0m", DE_ORIGEN)],
    "SendaOrigenCallado": [Caso(_de("senda_entrada_latido_segundos", 181, 179, otra=_ORIGEN), "2m", "3m", DE_ORIGEN)],
    "SendaReplicaCaida": [
        Caso(
            {'up{job="senda",instance="a"}': 0, 'up{job="senda",instance="b"}': 1, 'up{job="otro",instance="a"}': 0},
            "4m", "5m", ({"job": "senda", "instance": "a"},),
        )
    ],
    "SendaMuertos": [
        Caso(_de("senda_muertos", 1, 0), "4m", "5m", ({},)),
        Caso(
            {
                'rabbitmq_detailed_queue_messages{queue="gt.senda.muertos",vhost="senda"}': 2,
                'rabbitmq_detailed_queue_messages{queue="senda.entrada.atencion",vhost="senda"}': 9,
            },
            "4m", "5m", ({},),
        ),
    ],
    "SendaLibroParado": [
        Caso(
            {
                'senda_punto_de_control_edad_segundos{servicio="auditoria"}': 901,
                'senda_entrada_pendientes{servicio="auditoria",origen="/gt/atencion"}': 1,
            },
            "9m", "10m", AUDITORIA,
        ),
        # Sin nada que anotar, un punto viejo es lo normal.
        Caso(
            {
                'senda_punto_de_control_edad_segundos{servicio="auditoria"}': 90000,
                'senda_entrada_pendientes{servicio="auditoria",origen="/gt/atencion"}': 0,
            },
            "60m", "", (),
        ),
    ],
    "SendaSinRefrendo": [
        Caso({'senda_sin_refrendar_segundos{servicio="auditoria"}': 172801}, "59m", "60m", AUDITORIA),
        Caso({'senda_sin_refrendar_segundos{servicio="auditoria"}': 172799}, "120m", "", ()),
    ],
    "SendaInstitucionInunda": [
        Caso(_de("senda_mayor_afluencia", 590, 20), "4m", "5m", COORDINACION),
        Caso(
            {
                'senda_solicitudes_total{servicio="coordinacion",resultado="rehusada"}': f"0+66x{MINUTOS}",
                'senda_solicitudes_total{servicio="atencion",resultado="rehusada"}': f"0+5x{MINUTOS}",
            },
            "5m", "7m", COORDINACION,
        ),
    ],
    "SendaInstitucionNoLee": [Caso(_de("senda_colas_atascadas", 1, 0), "9m", "10m", COORDINACION)],
    "SendaLlegaBasura": [
        Caso(_de("senda_mayor_rechazo", 50, 20), "4m", "5m", COORDINACION),
        Caso(
            {
                'senda_solicitudes_total{servicio="coordinacion",resultado="devuelta"}': f"0+66x{MINUTOS}",
                'senda_solicitudes_total{servicio="coordinacion",resultado="aceptada"}': f"0+9000x{MINUTOS}",
                'senda_solicitudes_total{servicio="atencion",resultado="devuelta"}': f"0+54x{MINUTOS}",
            },
            "9m", "11m", COORDINACION,
        ),
    ],
    "SendaMemoria": [
        Caso(
            {
                'process_resident_memory_bytes{job="senda",instance="a"}': 1_100_000_000,
                'process_resident_memory_bytes{job="senda",instance="b"}': 900_000_000,
                'process_resident_memory_bytes{job="rabbitmq",instance="c"}': 4_000_000_000,
            },
            "14m", "15m", ({"job": "senda", "instance": "a"},),
        )
    ],
}  # fmt: skip


def para_promtool(reglas: list[dict[str, Any]], archivo: str) -> dict[str, Any]:
    """Los casos, como los quiere ``promtool test rules``; lo que ha de decir cada alarma sale de su regla."""
    por_nombre = {regla["alert"]: regla for regla in reglas}
    pruebas = [_prueba(por_nombre[nombre], caso) for nombre, casos in CASOS.items() for caso in casos]
    return {"rule_files": [archivo], "evaluation_interval": "1m", "tests": pruebas}


def _prueba(regla: dict[str, Any], caso: Caso) -> dict[str, Any]:
    series = [
        {"series": serie, "values": valor if isinstance(valor, str) else f"{valor}+0x{MINUTOS}"}
        for serie, valor in caso.series.items()
    ]
    suenan = [
        {
            "exp_labels": {**regla["labels"], **etiquetas},
            "exp_annotations": {c: _rellenar(t, etiquetas) for c, t in regla["annotations"].items()},
        }
        for etiquetas in caso.de
    ]
    miradas = [{"eval_time": caso.aun_no, "alertname": regla["alert"], "exp_alerts": []}] if caso.aun_no else []
    miradas += [{"eval_time": caso.ya, "alertname": regla["alert"], "exp_alerts": suenan}] if caso.ya else []
    return {"interval": "1m", "input_series": series, "alert_rule_test": miradas}


def _rellenar(texto: str, etiquetas: dict[str, str]) -> str:
    for nombre, valor in etiquetas.items():
        texto = texto.replace(f"{{{{ $labels.{nombre} }}}}", valor)
    return texto
