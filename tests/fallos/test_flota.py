"""Los procesos del banco: dos no comparten puerto, y el que muere solo consta aunque fuesen a matarlo."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fallos.cuna import Nacer
from tests.fallos.flota import Flota


class CunaDeMentira:
    """Pare procesos que duermen; recuerda lo que le pidieron."""

    def __init__(self) -> None:
        self.pedidos: list[Nacer] = []
        self.hijos: list[subprocess.Popen[bytes]] = []

    def nacer(self, pedido: Nacer) -> int:
        self.pedidos.append(pedido)
        self.hijos.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return self.hijos[-1].pid


@pytest.fixture
def flota(tmp_path: Path) -> Any:
    flota = Flota(CunaDeMentira(), tmp_path)  # type: ignore[arg-type]
    yield flota
    for hijo in flota.cuna.hijos:  # type: ignore[attr-defined]
        hijo.kill()
        hijo.communicate()


def test_dos_procesos_no_nacen_en_el_mismo_puerto(flota: Flota, monkeypatch: pytest.MonkeyPatch):
    """Aunque el primero aún no escuche en el suyo: la semilla 449 no se pudo correr por eso."""
    sorteados = iter([21_000, 21_000, 21_001])
    monkeypatch.setattr(random, "randrange", lambda *_: next(sorteados))
    assert [flota.nacer("justicia").puerto, flota.nacer("auditoria").puerto] == [21_000, 21_001]


def test_matar_al_que_ya_murio_solo_lo_cuenta(flota: Flota):
    vivo = flota.nacer("justicia")
    hijo = flota.cuna.hijos[0]  # type: ignore[attr-defined]
    hijo.kill()
    hijo.wait()
    flota.matar(vivo)
    assert (flota.muertos, flota.vivos) == (["justicia"], [])
