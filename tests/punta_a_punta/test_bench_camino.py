"""`senda bench camino` en pequeño y con procesos de verdad: cada sistema lleva al libro lo que se le pide."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.almacen.motor import leyendo
from senda.banco.base import Sitio
from senda.banco.camino import latencia
from senda.banco.camino.comparados.encolado import COMPARADOS
from senda.banco.camino.corrida import MODOS, Corrida
from senda.banco.camino.siembra import sembrar
from senda.banco.camino.solicitudes import Solicitante
from senda.banco.camino.turnos import turnos
from senda.orden import app
from servicios.auditoria.libro import raiz_y_tamano, recontar

SEMBRADOS, PEDIDAS, SUELTAS = 300, 20, 2


@pytest.mark.real
def test_cada_uno_lleva_al_libro_lo_que_se_le_pide(url_base: str, bus, tmp_path: Path) -> None:
    corrida = Corrida(Sitio(url_base, "PostgreSQL"), bus.url, tmp_path, 1000, 1, lambda _: None)
    quien = Solicitante(1)
    senda = corrida.sistema("senda", "senda.banco.camino.en_marcha", MODOS["lotes"])
    senda.antes_de_arrancar = lambda plano: sembrar(plano, SEMBRADOS, quien.pedir(1)[0])
    modulo, ajeno = COMPARADOS["nameko"]
    prototipo = corrida.sistema("prototipo", "senda.banco.camino.prototipo.procesos", MODOS["uno"])
    with senda, prototipo, corrida.sistema("nameko", modulo, MODOS["uno"], ajeno) as nameko:
        sistemas = {"senda": senda, "prototipo": prototipo, "nameko": nameko}
        tiempos = turnos(sistemas, quien.pedir, PEDIDAS, vueltas=1, calentar=0)
        assert all(suyos.veces[0] > 0 for suyos in tiempos.values())
        assert {n: s.anotados() for n, s in sistemas.items()} == {
            "senda": SEMBRADOS + PEDIDAS, "prototipo": PEDIDAS, "nameko": PEDIDAS,
        }  # fmt: skip
        p99, primitivas, acuse = latencia.medir(senda, prototipo, quien.pedir, SUELTAS)
        assert (p99.meta, primitivas.meta, acuse.meta) == (20, None, None)
        assert prototipo.anotados() == PEDIDAS + SUELTAS + 1
        # El último acuse llega antes que su hecho al libro; y de cada medida, la primera es para calentar.
        senda.esperar(SEMBRADOS + PEDIDAS + 2 * (SUELTAS + 1))
        # Lo sembrado y lo atendido después son un mismo libro: contarlo de nuevo da la misma raíz.
        with leyendo(senda.motor) as conexion:
            raiz, tamano = raiz_y_tamano(conexion)
        with senda.motor.begin() as conexion:
            assert recontar(conexion) == tamano
            assert raiz_y_tamano(conexion) == (raiz, tamano)


def test_sin_postgresql_se_dice() -> None:
    salida = CliRunner().invoke(app, ["bench", "camino", "--base", "sqlite://"])
    assert salida.exit_code == 2
    assert "Traceback" not in salida.output
