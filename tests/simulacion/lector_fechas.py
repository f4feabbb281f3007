"""La parte del lector que sigue las fechas: ningún aviso se repite ni se adelanta, y toda medida que venció lo dice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_J = "senda.justicia."
#: Los avisos del reloj, por servicio.
_VENCIDO = {
    "justicia": {f"{_J}medida-vencida.v1"},
    "repatriacion": {
        "senda.repatriacion.permanencia-vencida.v1", "senda.repatriacion.seguimiento-vencido.v1",
        "senda.repatriacion.riesgo-retorno-vencido.v1",
    },
    "atencion": {"senda.atencion.riesgo-vencido.v1", "senda.atencion.meta-vencida.v1"},
}  # fmt: skip
_POR_VENCER = {
    "justicia": {f"{_J}medida-por-vencer.v1"},
    "repatriacion": {f"senda.repatriacion.{que}-por-vencer.v1" for que in ("permanencia", "seguimiento")},
    "atencion": set(),
}


def faltas_de_las_fechas(hechos: dict[str, list[Any]], desfase: int, ahora: datetime) -> Iterator[str]:
    """``hechos``: por servicio, en orden. ``desfase``: horas de la oficial sobre UTC. ``ahora`` en UTC."""
    for servicio, vencidos in _VENCIDO.items():
        avisos = [h for h in hechos[servicio] if h.tipo in vencidos | _POR_VENCER[servicio]]
        for (tipo, datos), veces in Counter((h.tipo, json.dumps(h.datos, sort_keys=True)) for h in avisos).items():
            if veces > 1:
                yield f"{servicio}: {tipo} se dijo {veces} veces de {datos}"
        for aviso in avisos:
            ya = datetime.fromisoformat(aviso.sobre["registrado"]) >= _fin(aviso.datos["vence"], desfase)
            if ya != (aviso.tipo in vencidos):
                yield f"{servicio}: {aviso.tipo} el {aviso.sobre['registrado']} de lo que vence {aviso.datos['vence']}"
            if aviso.sobre.get("solicitud"):
                yield f"{servicio}: una institución pidió {aviso.tipo}, que solo lo dice el reloj"
    yield from _medidas(hechos, desfase, ahora)


def _medidas(hechos: dict[str, list[Any]], desfase: int, ahora: datetime) -> Iterator[str]:
    corregidos = {h.datos["corrige"] for h in hechos["justicia"] if "corrige" in h.datos}
    en_pie = [h for h in hechos["justicia"] if h.sobre["id"] not in corregidos]
    levantadas = {h.datos["medida"] for h in en_pie if h.tipo == f"{_J}medida-proteccion-levantada.v1"}
    cerradas = {
        h.datos["ruta"]
        for h in hechos["coordinacion"]
        if h.datos.get("motivo") == "fallecimiento" and "ruta" in h.datos
    }  # fmt: skip
    otorgadas = {
        (h.datos["medida"], h.datos["vence"])
        for h in hechos["justicia"] if h.tipo == f"{_J}medida-proteccion-otorgada.v1"
    }  # fmt: skip
    dichas = {(h.datos["medida"], h.datos["vence"]) for h in hechos["justicia"] if h.tipo in _VENCIDO["justicia"]}
    yield from (f"justicia: venció {medida}, que nadie otorgó hasta {vence}" for medida, vence in dichas - otorgadas)
    for hecho in en_pie:
        datos = hecho.datos
        if hecho.tipo != f"{_J}medida-proteccion-otorgada.v1" or datos["vence"] is None or datos["ruta"] in cerradas:
            continue
        sigue, vencio = datos["medida"] not in levantadas, _fin(datos["vence"], desfase) <= ahora
        if sigue and vencio and (datos["medida"], datos["vence"]) not in dichas:
            yield f"justicia: la medida {datos['medida']} venció el {datos['vence']} y nadie lo dijo"


def _fin(dia: str, desfase: int) -> datetime:
    siguiente = date.fromisoformat(dia) + timedelta(days=1)
    return datetime.combine(siguiente, time.min, UTC) - timedelta(hours=desfase)
