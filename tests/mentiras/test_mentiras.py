"""Cada mentira de un operador con todas las claves: se nota con lo que se dice, y sin eso no."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from senda_verificar.faltas import Codigo
from tests.conftest import CARPETA
from tests.mentiras.catalogo import MENTIRAS, en_markdown
from tests.mentiras.demostracion import Demostracion, en_postgresql, en_sqlite, recordar
from tests.mentiras.juicio import Hallazgo, juzgar, sin_mentir
from tests.mentiras.mentira import Mentira

DOCS = Path(__file__).parents[2] / "docs" / "libro.md"
#: Lo que ni con todo lo guardado se nota así: el final de una ruta lo dice el libro entero, y quién hizo lo que ya no
#: se puede leer, la institución a la que se atribuye. `docs/libro.md` lo cuenta.
SIN_REMEDIO = {"ocultar-el-ultimo-hecho-de-la-ruta", "inventar-un-acto-y-la-destruccion-de-la-clave"}


@pytest.fixture(scope="session")
def demostracion() -> Demostracion:
    """Una para toda la corrida: el primer proceso que la pide la monta, los demás la recuerdan."""
    taller = Path(os.environ[CARPETA]) / "mentiras"
    with (taller.parent / "mentiras.cerrojo").open("w") as cerrojo:
        fcntl.flock(cerrojo, fcntl.LOCK_EX)
        if not (taller / "lista").exists():
            taller.mkdir()
            en_sqlite(taller)
            (taller / "lista").touch()
    return recordar(taller)


def fallidos(hallazgos: list[Hallazgo]) -> list[tuple[str, ...]]:
    return [(*h.espera[:2], str(h.espera.codigo), *h.codigos) for h in hallazgos if not h.cumple]


def test_sin_mentir_no_se_nota_nada(demostracion: Demostracion, tmp_path: Path) -> None:
    assert not fallidos(sin_mentir(demostracion, tmp_path / "verdad"))


@pytest.mark.parametrize("mentira", MENTIRAS, ids=lambda m: m.nombre)
def test_se_nota_con_lo_que_se_dice_y_sin_eso_no(mentira: Mentira, demostracion: Demostracion, tmp_path: Path) -> None:
    assert not fallidos(juzgar(mentira, demostracion, tmp_path / "mentira"))


@pytest.mark.real
@pytest.mark.timeout(900)
def test_lo_mismo_como_superusuario_de_postgresql(url_base: str, tmp_path: Path) -> None:
    with en_postgresql(tmp_path, url_base) as demostracion:
        malas = {"sin-mentir": fallidos(sin_mentir(demostracion, tmp_path / "verdad"))}
        for mentira in MENTIRAS:
            if mentira.en_bases:
                malas[mentira.nombre] = fallidos(juzgar(mentira, demostracion, tmp_path / mentira.nombre))
    assert not {nombre: suyos for nombre, suyos in malas.items() if suyos}


def test_toda_mentira_se_nota_con_algo() -> None:
    nunca = {m.nombre for m in MENTIRAS if not any(e.codigo for e in m.esperas)}
    assert nunca == SIN_REMEDIO
    assert len({m.nombre for m in MENTIRAS}) == len(MENTIRAS) > 16


def test_la_documentacion_dice_lo_que_aqui_se_demuestra() -> None:
    """Si esto falla: ``python -m tests.mentiras --tabla`` escribe la tabla que va en ``docs/libro.md``."""
    texto = DOCS.read_text(encoding="utf-8")
    assert en_markdown() in texto
    assert {str(c) for c in Codigo} <= set(texto.replace("`", " ").split()), "falta explicar algún código"
