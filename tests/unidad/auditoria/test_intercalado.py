"""El orden en que un servicio conoció las cosas, desde su diario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from eventos.sobre import Anotado
from servicios.auditoria.intercalado import Cauce, Corte, Intercalado, Tramo, Vuelta
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import INICIO, anotado, id_de

UNO, OTRO = "/gt/atencion", "/gt/justicia"


def hecho(n: int, minuto: int = 0, causa: int = 0) -> Anotado:
    suyo = anotado(deteccion(), n, ocurrido=INICIO + timedelta(minutes=minuto))
    return replace(suyo, causa=str(id_de(causa)) if causa else "")


def tramo(origen: str, desde: int, hasta: int, tras: int) -> Tramo:
    return Tramo(origen, desde, hasta, tras, INICIO)


def orden(
    propios: Sequence[Anotado], ajenos: Mapping[str, Sequence[Anotado]], diario: Sequence[Tramo],
    fuera: frozenset[tuple[str, int]] = frozenset(),
) -> tuple[list[int], int]:  # fmt: skip
    intercalado = Intercalado(
        propio=Cauce(enumerate(propios, 1)),
        ajenos={o: Cauce(enumerate(hs, 1)) for o, hs in ajenos.items()},
        vuelta=Vuelta.de(diario),
        fuera=fuera,
        una=lambda origen, posicion: ajenos[origen][posicion - 1],
    )
    corte = Corte(len(propios), {o: len(hs) for o, hs in ajenos.items()})
    dichos = [a.id.int & 0xFFFF for a in intercalado.hechos(diario, corte)]
    return dichos, intercalado.supuestos


def test_cada_tramo_va_tras_el_hecho_propio_que_dice_el_diario():
    propios = [hecho(n) for n in (1, 2, 3)]
    ajenos = {UNO: [hecho(11), hecho(12)], OTRO: [hecho(21)]}
    diario = [tramo(OTRO, 1, 1, 1), tramo(UNO, 1, 2, 2)]
    assert orden(propios, ajenos, diario) == ([1, 21, 2, 11, 12, 3], 0)


def test_lo_que_un_hecho_ajeno_causo_va_antes_que_el_siguiente_de_su_lote():
    propios = [hecho(1), hecho(2, causa=11), hecho(3, causa=11), hecho(4, causa=12)]
    assert orden(propios, {UNO: [hecho(11), hecho(12)]}, [tramo(UNO, 1, 2, 1)]) == ([1, 11, 2, 3, 12, 4], 0)


def test_lo_apartado_no_esta_y_lo_reprocesado_va_cuando_surtio_efecto():
    ajenos = {UNO: [hecho(11), hecho(12), hecho(13), hecho(14)]}
    diario = [tramo(UNO, 1, 3, 0), tramo(UNO, 4, 4, 1), tramo(UNO, 2, 2, 2)]
    assert orden([hecho(1), hecho(2)], ajenos, diario, frozenset({(UNO, 3)})) == ([11, 1, 14, 2, 12], 0)


def test_si_el_primero_se_aparto_antes_de_que_el_lote_se_aplicara():
    """Agotados los intentos, se aparta sin que el diario lo nombre; al reprocesarlo sale tras los siguientes."""
    diario = [tramo(UNO, 2, 3, 0), tramo(UNO, 1, 1, 1)]
    assert orden([hecho(1)], {UNO: [hecho(11), hecho(12), hecho(13)]}, diario) == ([12, 13, 1, 11], 0)


def test_lo_anterior_al_diario_va_por_cuando_se_registro_y_se_dice():
    propios = [hecho(1, minuto=1), hecho(2, minuto=5), hecho(3, minuto=9)]
    ajenos = {UNO: [hecho(11, minuto=1), hecho(12, minuto=4), hecho(13, minuto=0)], OTRO: [hecho(21, minuto=3)]}
    diario = [tramo(UNO, 3, 3, 2)]
    assert orden(propios, ajenos, diario) == ([11, 1, 21, 12, 2, 13, 3], 3)
    assert orden(propios[:2], {UNO: ajenos[UNO][:2]}, []) == ([11, 1, 12, 2], 2)


def test_sin_nada_ajeno():
    assert orden([hecho(1), hecho(2)], {}, []) == ([1, 2], 0)
