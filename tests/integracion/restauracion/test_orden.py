"""Lo que ve el operador: la salida dice si se puede arrancar, y el texto, qué hacer."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from typer.testing import CliRunner

from senda.despliegue import leer
from senda.orden import app
from senda.restauracion.bases import bases_de
from senda.restauracion.hallazgos import Codigo
from senda.restauracion.historias import historia


def correr(orden: str, carpeta: Path, *opciones: str):
    return CliRunner().invoke(app, ["operar", orden, "--carpeta", str(carpeta), *opciones])


def test_de_lo_que_falta_a_poder_arrancar(ensayo, desastre) -> None:
    carpeta = desastre("deteccion")
    antes = correr("comprobar-restauracion", carpeta, "--punto", str(ensayo.punto))
    assert antes.exit_code == 1
    assert "origen-atrasado · /gt/deteccion" in antes.output
    assert "senda operar recuperar" in antes.output
    despues = correr("recuperar", carpeta, "--punto", str(ensayo.punto))
    assert despues.exit_code == 0, despues.output
    assert "se puede arrancar" in despues.output
    assert correr("comprobar-restauracion", carpeta).exit_code == 0
    assert correr("recuperar", carpeta).exit_code == 0


def test_aceptar_lo_incompleto_no_lo_da_por_bueno(desastre, monkeypatch) -> None:
    aceptadas = []
    monkeypatch.setattr("senda.orden.restauracion.dar_por_buenas", lambda bases, _: aceptadas.append(bases))
    assert correr("comprobar-restauracion", desastre("deteccion"), "--aceptar").exit_code == 1
    assert not aceptadas


def test_se_pregunta_antes_a_los_demas_que_al_origen(archivado) -> None:
    """Así se puede comprobar con los servicios andando: lo que los demás saben ya lo tiene él."""
    carpeta = archivado.al_final
    preguntas: list[tuple[str, str]] = []

    def anotar(conexion, _cursor, sentencia, *_):
        preguntas.append((str(conexion.engine.url), sentencia))

    with bases_de(carpeta, leer(carpeta)) as bases:
        suya = str(bases.motores["deteccion"].url)
        for motor in bases.motores.values():
            sa.event.listen(motor, "before_cursor_execute", anotar)
        historia(bases, "deteccion")
    primera = next(i for i, (base, _) in enumerate(preguntas) if base == suya)
    de_los_demas = [i for i, (_, sentencia) in enumerate(preguntas) if "max(" in sentencia or "cabeceras" in sentencia]
    assert len(de_los_demas) >= 3
    assert max(de_los_demas) < primera


def test_lo_mismo_para_una_maquina(ensayo, desastre) -> None:
    carpeta = desastre()
    hecho = correr("comprobar-restauracion", carpeta, "--json")
    dicho = json.loads(hecho.stdout)
    assert (hecho.exit_code, dicho["veredicto"]) == (3, "incompleto")
    corto = next(h for h in dicho["hallazgos"] if h["codigo"] == "libro-corto")
    assert corto["faltan"] == dicho["puntos"][0]["tamano"] - dicho["tamano"] > 0
    hecho = correr("recuperar", carpeta, "--libro", str(ensayo.entero), "--json")
    dicho = json.loads(hecho.stdout)
    assert (hecho.exit_code, dicho["veredicto"], dicho["entradas"]) == (0, "continua", corto["faltan"])


def test_lo_que_no_es_un_punto_o_un_libro_se_dice(ensayo, desastre, tmp_path) -> None:
    carpeta = desastre("deteccion")
    (tmp_path / "nada").write_text("hola")
    hecho = correr("comprobar-restauracion", carpeta, "--punto", str(tmp_path / "nada"))
    assert (hecho.exit_code, "no es un punto de control" in hecho.output) == (2, True)
    hecho = correr("recuperar", carpeta, "--libro", str(tmp_path))
    assert (hecho.exit_code, "no es un punto de control" in hecho.output) == (2, True)
    assert correr("comprobar-restauracion", tmp_path / "vacia").exit_code == 2


def test_todo_codigo_esta_en_la_guia() -> None:
    guia = (Path(__file__).parents[3] / "docs" / "respaldo.md").read_text()
    assert [c for c in Codigo if f"`{c.value}`" not in guia] == []
