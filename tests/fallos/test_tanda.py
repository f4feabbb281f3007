"""Una corrida larga se corta y se reanuda: lo corrido se suma una vez, y lo de otro código ninguna."""

from __future__ import annotations

from pathlib import Path

from tests.fallos.corrida import Veredicto
from tests.fallos.tanda import Cuenta, Suspenso

SEMILLAS = range(5, 9)


def veredicto(semilla: int, *faltas: str) -> Veredicto:
    return Veredicto(
        semilla=semilla, averias=("zombi", "bus-muere"), faltas=faltas, perdidos=len(faltas), doblados=0, hechos=10,
        enviadas=4, aceptadas=3, segundos=1.5, calma=0.5,
    )  # fmt: skip


def test_reanudada_solo_faltan_las_que_no_se_corrieron(tmp_path: Path):
    anotado = tmp_path / "fallos.jsonl"
    cuenta = Cuenta(SEMILLAS, anotado)
    cuenta.anotar(veredicto(6))
    cuenta.anotar(Suspenso(7, "sin disco"))
    cuenta.anotar(veredicto(8, "falta un hecho"))
    otra = Cuenta(SEMILLAS, anotado)
    assert otra.faltan == [5, 7]
    a_medias = tmp_path / "a-medias.jsonl"
    a_medias.write_text(anotado.read_text() + '{"codigo": "')
    assert Cuenta(SEMILLAS, a_medias).faltan == [5, 7]
    assert Cuenta(range(8, 10), anotado).faltan == [9]
    otra.anotar(veredicto(5))
    otra.anotar(veredicto(7))
    informe = otra.informe()
    assert (informe.semillas, informe.desde, informe.hasta, informe.hechos, informe.perdidos) == (4, 5, 8, 40, 1)
    assert informe.rechazadas == 4
    assert informe.matriz["zombi"].semillas == 4
    assert informe.matriz["zombi"].fallidas == [8]
    assert (otra.malas, cuenta.malas) == (1, 2)


def test_lo_que_se_corrio_con_otro_codigo_no_se_suma(tmp_path: Path):
    anotado = tmp_path / "fallos.jsonl"
    cuenta = Cuenta(SEMILLAS, anotado)
    cuenta.anotar(veredicto(6))
    anotado.write_text(anotado.read_text().replace(cuenta.informe().codigo, "otro"))
    assert Cuenta(SEMILLAS, anotado).faltan == list(SEMILLAS)
