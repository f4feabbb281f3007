"""Pausar con procesos de verdad: toda réplica obedece sin reiniciarse, nada se pierde y al reanudar sale todo."""

from __future__ import annotations

import signal
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from contratos.acuse import Resultado
from infra.almacen.esquema import eventos, pausas
from senda.orden import app
from tests.espera import hasta
from tests.integracion.anfitrion.conftest import Banco, Proceso

pytestmark = pytest.mark.real

QUIEN = "ag-0123abcd"


def operar(banco: Banco, *argumentos: str) -> tuple[int, str]:
    hecho = CliRunner().invoke(app, ["operar", *argumentos, "--carpeta", str(banco.carpeta)])
    return hecho.exit_code, hecho.stdout + hecho.stderr


def pausar(banco: Banco, servicio: str, tarea: str, procesos: int) -> None:
    """Pausa y espera a que tantos procesos digan que obedecen."""
    hecho = operar(banco, "pausar", servicio, "--motivo", "simulacro", "--quien", QUIEN, "--tarea", tarea)
    assert hecho[0] == 0, hecho
    hasta(lambda: obedecen(banco, servicio, tarea) >= procesos)


def obedecen(banco: Banco, servicio: str, tarea: str) -> int:
    lineas = (banco.carpeta / f"{servicio}.jsonl").read_text().splitlines()
    return sum("tarea-en-pausa" in linea and f'"{tarea}"' in linea for linea in lineas)


def entrada(coordinacion: Proceso) -> Any:
    return coordinacion.salud()["entrada"]["/gt/deteccion"]


def test_en_pausa_nada_se_pierde_y_al_reanudar_sale_todo_una_vez(banco: Banco):
    una, otra = banco.en_marcha("deteccion"), banco.en_marcha("deteccion")
    coordinacion = banco.en_marcha("coordinacion")
    pausar(banco, "deteccion", "atender", 2)
    pausar(banco, "coordinacion", "aplicar", 1)
    ids = banco.enviar(20)
    hasta(lambda: una.salud()["bandeja"] == 20)
    # Está en la base: ni una muerte súbita la quita, y lo que llegue mientras tanto se guarda igual.
    otra.terminar(signal.SIGKILL)
    otra = banco.arrancar("deteccion", otra.puerto)
    hasta(lambda: obedecen(banco, "deteccion", "atender") == 3)
    ids += banco.enviar(5)
    hasta(lambda: una.salud()["bandeja"] == 25)
    salud = una.salud()
    assert (salud["hechos"], salud["alarmas"], salud["listo"]) == (0, ["en-pausa"], True)
    assert [(p["tarea"], p["motivo"], p["quien"]) for p in salud["pausas"]] == [("atender", "simulacro", QUIEN)]
    assert 'senda_pausado{servicio="deteccion",tarea="atender"} 1.0' in una.pedir("/metricas")[1].decode()

    assert operar(banco, "reanudar", "deteccion", "--quien", QUIEN)[0] == 0
    acuses = banco.acuses(25)
    assert {a.id for a in acuses} == set(ids)
    assert {a.resultado for a in acuses} == {Resultado.ACEPTADA}
    # Coordinación lo recibe y lo guarda, pero no surte efecto.
    hasta(lambda: entrada(coordinacion)["recibida"] == 25)
    assert entrada(coordinacion)["aplicada"] == 0
    assert operar(banco, "reanudar", "coordinacion", "--quien", QUIEN)[0] == 0
    hasta(lambda: entrada(coordinacion)["aplicada"] == 25)
    sabidos = banco.guion.sabidos
    cuenta = sa.select(sa.func.count(), sa.func.count(sabidos.c.hecho.distinct()))
    assert tuple(banco.leer("coordinacion", cuenta)[0]) == (25, 25)
    (pausa,) = banco.leer("deteccion", sa.select(pausas))
    assert (pausa.motivo, pausa.quien, pausa.reanudo, pausa.hasta > pausa.desde) == ("simulacro", QUIEN, QUIEN, True)
    assert 'senda_pausado{servicio="deteccion",tarea="atender"} 0.0' in una.pedir("/metricas")[1].decode()


def test_sin_publicar_se_sigue_atendiendo_y_migrar_se_niega(banco: Banco):
    deteccion = banco.en_marcha("deteccion")
    pausar(banco, "deteccion", "publicar", 1)
    ids = banco.enviar(5)
    hasta(lambda: banco.leer("deteccion", sa.select(sa.func.count()).select_from(eventos))[0][0] == 5)
    assert banco.enlace.acuses("GT-SVET") == []
    relevo = deteccion.salud()["relevo"]
    assert (relevo["hechos"], relevo["mensajes"]) == (5, 5)

    hasta(lambda: deteccion.salud()["procesos"] == 1)
    codigo, dicho = operar(banco, "migrar")
    assert (codigo, "deteccion (1)" in dicho) == (2, True)
    assert operar(banco, "reanudar", "deteccion", "--quien", QUIEN, "--tarea", "publicar")[0] == 0
    assert {a.id for a in banco.acuses(5)} == set(ids)
    # Quien se despide deja de contar en el acto.
    assert deteccion.terminar()[0] == 0
    codigo, dicho = operar(banco, "migrar")
    assert "Di con --base" in dicho
