"""Las piezas de un tablero de Grafana: lo que dice un panel, sin lo que Grafana necesita para pintarlo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FUENTE: Final = {"type": "prometheus", "uid": "senda"}
_ANCHO: Final = 24
_VERDE, _AMBAR, _ROJO = "green", "orange", "red"


@dataclass(frozen=True)
class Panel:
    """Un panel. ``consultas``: (PromQL, leyenda). ``umbrales``: a partir de cuánto preocupa y cuándo suena la alarma.

    ``explica``: qué es y qué significa que crezca, para quien no lo ha visto nunca. ``unidad``: la de Grafana.
    """

    titulo: str
    explica: str
    consultas: tuple[tuple[str, str], ...]
    clase: str = "timeseries"
    unidad: str = "short"
    umbrales: tuple[float, float] | None = None
    ancho: int = 12
    alto: int = 8

    def en_json(self, numero: int, x: int, y: int) -> dict[str, Any]:
        """Como lo lee Grafana, en su sitio."""
        pasos: list[dict[str, Any]] = [{"color": _VERDE, "value": None}]
        if self.umbrales:
            pasos += [{"color": c, "value": v} for c, v in zip((_AMBAR, _ROJO), self.umbrales, strict=True)]
        estilo = {"lineWidth": 2, "fillOpacity": 10, "thresholdsStyle": {"mode": "dashed" if self.umbrales else "off"}}
        return {
            "id": numero,
            "type": self.clase,
            "title": self.titulo,
            "description": self.explica,
            "datasource": FUENTE,
            "gridPos": {"x": x, "y": y, "w": self.ancho, "h": self.alto},
            "fieldConfig": {
                "defaults": {
                    "unit": self.unidad,
                    "min": 0,
                    "thresholds": {"mode": "absolute", "steps": pasos},
                    "custom": estilo if self.clase == "timeseries" else {},
                },
                "overrides": [],
            },
            "options": _OPCIONES.get(self.clase, {}),
            "targets": [
                {"datasource": FUENTE, "refId": chr(ord("A") + n), "expr": expresion, "legendFormat": leyenda}
                for n, (expresion, leyenda) in enumerate(self.consultas)
            ],
        }


_OPCIONES: Final[dict[str, dict[str, Any]]] = {
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background", "graphMode": "none"},
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
}


def peor(titulo: str, explica: str, expresion: str, umbrales: tuple[float, float], unidad: str = "short") -> Panel:
    """Una cifra grande: la peor de todo el sistema."""
    return Panel(titulo, explica, ((expresion, ""),), "stat", unidad, umbrales, ancho=4, alto=4)


@dataclass(frozen=True)
class Tablero:
    """Un tablero. ``variables``: nombre -> (título, consulta de sus valores). ``alarmas``: si enseña las que suenan."""

    uid: str
    titulo: str
    explica: str
    paneles: tuple[Panel, ...]
    variables: dict[str, tuple[str, str]] = field(default_factory=dict)

    def en_json(self) -> dict[str, Any]:
        """Como lo lee Grafana."""
        return {
            "uid": self.uid,
            "title": self.titulo,
            "description": self.explica,
            "tags": ["senda"],
            "timezone": "utc",
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "refresh": "15s",
            "time": {"from": "now-3h", "to": "now"},
            "links": [
                {"type": "dashboards", "tags": ["senda"], "asDropdown": True, "title": "Senda", "keepTime": True}
            ],
            "templating": {"list": [_variable(n, titulo, q) for n, (titulo, q) in self.variables.items()]},
            "annotations": {"list": [_ALARMAS]},
            "panels": _colocados(self.paneles),
        }


#: Cada alarma que empieza a sonar se ve como una marca en todas las gráficas.
_ALARMAS: Final = {
    "name": "Alarmas",
    "datasource": FUENTE,
    "enable": True,
    "iconColor": _ROJO,
    "expr": 'ALERTS{alertstate="firing",alertname=~"Senda.*"}',
    "titleFormat": "{{alertname}}",
    "textFormat": "{{servicio}} {{origen}}",
}


_LOS_DEMAS: Final = {"type": "dashboards", "tags": ["senda"], "asDropdown": True, "title": "Senda", "keepTime": True}


def _variable(nombre: str, titulo: str, consulta: str) -> dict[str, Any]:
    return {
        "name": nombre,
        "label": titulo,
        "type": "query",
        "datasource": FUENTE,
        "query": {"query": consulta, "refId": nombre},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _colocados(paneles: Sequence[Panel]) -> list[dict[str, Any]]:
    """De izquierda a derecha y de arriba abajo, sin que ninguno se salga."""
    puestos, x, y, alto = [], 0, 0, 0
    for numero, panel in enumerate(paneles, 1):
        if x + panel.ancho > _ANCHO:
            x, y, alto = 0, y + alto, 0
        puestos.append(panel.en_json(numero, x, y))
        x, alto = x + panel.ancho, max(alto, panel.alto)
    return puestos


__all__ = ["FUENTE", "Panel", "Tablero", "peor"]
