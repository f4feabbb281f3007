"""La demostración contra servicios en procesos aparte, con RabbitMQ y PostgreSQL de verdad."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra.azar import AzarReal
from senda.demo import ctdc, funcion
from senda.demo.funcion import Marcha
from senda.demo.obra import de_archivo
from senda.demo.procesos import Procesos, ServicioCaido

REGISTROS = 8


@pytest.fixture
def entrada(tmp_path: Path) -> Path:
    destino = tmp_path / "entrada.csv"
    filas = [",".join("1" if c == "isForcedLabour" else "0" for c in ctdc.COLUMNAS)] * REGISTROS
    destino.write_text("\n".join([",".join(ctdc.COLUMNAS), *filas]) + "\n")
    return destino


def esquemas_de_demo(url_base: str) -> set[str]:
    motor = sa.create_engine(url_base, poolclass=sa.NullPool)
    with motor.connect() as conexion:
        return set(conexion.scalars(sa.text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'senda\\_demo%'")))


def test_seis_procesos_recorren_los_registros_y_no_dejan_nada(tmp_path, entrada, url_amqp, url_base):
    informe = funcion.en_procesos(
        tmp_path / "demo", de_archivo(entrada, 100), AzarReal(), url_amqp, url_base, lambda _: None, conservar=False
    )
    assert informe.verificado, informe.faltas
    assert informe.rutas == REGISTROS
    assert informe.rechazos == {}
    assert set(informe.eventos_por_servicio) >= {"deteccion", "coordinacion", "atencion", "justicia"}
    assert not esquemas_de_demo(url_base)


def test_si_un_servicio_muere_se_dice_cual_y_se_limpia(tmp_path, entrada, url_amqp, url_base, monkeypatch):
    lanzados: list[Procesos] = []

    class Apuntados(Procesos):
        def __enter__(self):
            lanzados.append(self)
            return super().__enter__()

    monkeypatch.setattr(funcion, "Procesos", Apuntados)

    def matar(_marcha: Marcha) -> None:
        os.kill(lanzados[0]._procesos["justicia"].pid, signal.SIGKILL)

    with pytest.raises(ServicioCaido, match=r"«justicia» terminó con -9"):
        funcion.en_procesos(
            tmp_path / "demo", de_archivo(entrada, 100), AzarReal(), url_amqp, url_base, matar, conservar=False
        )
    assert all(proceso.poll() is not None for proceso in lanzados[0]._procesos.values())
    assert not esquemas_de_demo(url_base)
