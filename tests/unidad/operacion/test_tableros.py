"""Los tableros guardados son los que se generan, y Prometheus entiende todo lo que preguntan."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from infra.grafana.panel import FUENTE
from infra.grafana.tableros import CARPETA, TABLEROS, principal, textos
from tests.unidad.operacion.citas import consultas
from tests.unidad.operacion.test_alarmas import promtool


def test_lo_guardado_es_lo_que_se_genera(capsys):
    assert principal(["--comprobar"]) == 0, capsys.readouterr().err
    assert {archivo.name for archivo in CARPETA.iterdir()} == set(textos())


def test_un_tablero_cambiado_a_mano_se_nota(monkeypatch, tmp_path: Path, capsys):
    monkeypatch.setattr("infra.grafana.tableros.CARPETA", tmp_path)
    assert principal([]) == 0
    (tmp_path / "senda-bus.json").write_text("{}")
    assert principal(["--comprobar"]) == 1
    assert "senda-bus.json" in capsys.readouterr().err


def test_cada_tablero_se_deja_leer_y_nada_se_pisa():
    for texto in textos().values():
        tablero = json.loads(texto)
        ocupadas: set[tuple[int, int]] = set()
        for panel in tablero["panels"]:
            assert panel["description"]
            assert panel["datasource"] == FUENTE
            sitio = panel["gridPos"]
            assert sitio["x"] + sitio["w"] <= 24
            celdas = {
                (x, y)
                for x in range(sitio["x"], sitio["x"] + sitio["w"])
                for y in range(sitio["y"], sitio["y"] + sitio["h"])
            }
            assert not celdas & ocupadas, panel["title"]
            ocupadas |= celdas
    assert len({tablero.uid for tablero in TABLEROS}) == len(TABLEROS)


def test_prometheus_entiende_cada_consulta(tmp_path: Path):
    """Como reglas de grabación: promtool no lee tableros, pero sí PromQL."""
    legibles = (c.replace("$servicio", ".*") for c in consultas() if not c.startswith("label_values"))
    grabadas = [{"record": f"prueba:{n}", "expr": expresion} for n, expresion in enumerate(legibles)]
    archivo = tmp_path / "consultas.yml"
    archivo.write_text(yaml.safe_dump({"groups": [{"name": "tableros", "rules": grabadas}]}))
    promtool("check", "rules", "--lint=none", str(archivo))


def test_la_fuente_que_se_instala_es_la_que_los_paneles_usan():
    provision = CARPETA.parent / "provisioning"
    (fuente,) = yaml.safe_load((provision / "datasources/senda.yml").read_text())["datasources"]
    assert {"type": fuente["type"], "uid": fuente["uid"]} == FUENTE
    assert yaml.safe_load((provision / "dashboards/senda.yml").read_text())["providers"]
