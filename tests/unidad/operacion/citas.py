"""Qué métricas citan las reglas y los tableros."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from infra.grafana.tableros import TABLEROS

REGLAS = Path(__file__).parents[3] / "infra/prometheus/reglas.yml"
#: No las expone Senda: las pone Prometheus, o RabbitMQ con su complemento.
AJENAS = {"up", "rabbitmq_detailed_queue_messages"}
_METRICA = re.compile(r"\b(?:senda|process|rabbitmq)_[a-z_]+\b|\bup\b")


def reglas() -> list[dict[str, Any]]:
    grupos = yaml.safe_load(REGLAS.read_text())["groups"]
    return [regla for grupo in grupos for regla in grupo["rules"]]


def consultas() -> Iterator[str]:
    """Todo lo que se le pregunta a Prometheus."""
    yield from (regla["expr"] for regla in reglas())
    for tablero in TABLEROS:
        yield from (expresion for panel in tablero.paneles for expresion, _ in panel.consultas)
        yield from (consulta for _, consulta in tablero.variables.values())


def citadas() -> set[str]:
    """Las métricas nombradas en alguna consulta."""
    return {metrica for consulta in consultas() for metrica in _METRICA.findall(consulta)}


def expuestas(texto: str) -> set[str]:
    """Los nombres de serie de lo que contesta un servicio en ``/metricas``."""
    return {re.split(r"[{ ]", linea, maxsplit=1)[0] for linea in texto.splitlines() if not linea.startswith("#")}
