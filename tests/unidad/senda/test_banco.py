"""Lo que el banco dice de lo que mide: se alterna, se compara vuelta a vuelta y cada meta tiene un lado."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from eventos.sobre import decodificar
from infra.seguridad.cadena import CERO, hoja
from senda.banco.aparte import TrabajoFallido
from senda.banco.informe import Cifra, Informe, Sentido, escrita, razon, ritmo
from senda.banco.libro.hechos import Generador
from senda.banco.medir import Tiempos, alternar, percentil, razones
from senda.banco.memoria import memoria_de


def test_lo_que_se_compara_se_alterna_y_lo_que_calienta_no_cuenta() -> None:
    hecho: list[str] = []
    reloj: Iterator[int] = count()
    tiempos = alternar({"a": lambda: hecho.append("a"), "b": lambda: hecho.append("b")}, 2, reloj=lambda: next(reloj))
    assert hecho == ["a", "b"] * 3
    assert {nombre: suyos.veces for nombre, suyos in tiempos.items()} == {"a": (1, 1), "b": (1, 1)}
    assert all(len(suyos.cpu) == 2 for suyos in tiempos.values())


def test_la_razon_es_de_velocidades_y_de_cada_vuelta() -> None:
    # La máquina se frena a la mitad: cada vuelta sigue diciendo que lo medido va a la mitad.
    primitiva, medido = Tiempos((1.0, 4.0, 2.0)), Tiempos((2.0, 8.0, 4.0))
    assert razones(primitiva, medido).veces == (0.5, 0.5, 0.5)
    cifra = razon("r", "razón", primitiva, medido, 0.5)
    assert (cifra.valor, cifra.minimo, cifra.maximo, cifra.cumple) == (0.5, 0.5, 0.5, True)
    with pytest.raises(ValueError):
        razones(primitiva, Tiempos((1.0,)))


def test_el_ritmo_es_de_la_mediana_y_sus_extremos_se_cruzan() -> None:
    cifra = ritmo("r", "ritmo", 100, Tiempos((1.0, 2.0, 4.0)), 51)
    assert (cifra.valor, cifra.minimo, cifra.maximo, cifra.cumple) == (50, 25, 100, False)


@pytest.mark.parametrize(
    ("sentido", "meta", "cumple"),
    [
        (Sentido.AL_MENOS, 5.0, True),
        (Sentido.AL_MENOS, 5.1, False),
        (Sentido.COMO_MUCHO, 5.0, True),
        (Sentido.COMO_MUCHO, 4.9, False),
        (Sentido.AL_MENOS, None, None),
    ],
)
def test_una_meta_se_cumple_de_su_lado(sentido, meta, cumple) -> None:
    cifra = Cifra(clave="c", que="", valor=5.0, unidad="ms", meta=meta, sentido=sentido)
    assert cifra.cumple is cumple
    informe = Informe(banco="b", instante="", orden="", maquina={}, cifras=[cifra])
    assert msgspec.json.decode(informe.en_json())["cifras"][0]["cumple"] is cumple


def test_percentiles_y_cifras_escritas() -> None:
    valores = list(range(100, 0, -1))
    assert (percentil(valores, 0.5), percentil(valores, 0.99), percentil([7.0], 0.99)) == (51, 100, 7.0)
    assert (escrita(312_345.6), escrita(4.214), escrita(0.0341)) == ("312 346", "4,21", "0,0341")


def test_los_mismos_hechos_con_la_misma_semilla_encadenados_y_legibles() -> None:
    generador = Generador(7, 100)
    lotes = list(generador.lotes(50, 20))
    assert [len(lote) for lote in lotes] == [20, 20, 10]
    hechos = [h for lote in lotes for h in lote]
    assert hechos == [h for lote in Generador(7, 100).lotes(50, 50) for h in lote]
    assert hechos != [h for lote in Generador(8, 100).lotes(50, 50) for h in lote]
    ultimas: dict[str, tuple[int, bytes]] = {}
    for h in hechos:
        posicion, anterior = ultimas.get(h.origen, (0, CERO))
        assert (h.posicion, h.anterior) == (posicion + 1, anterior)
        assert h.hoja == hoja(h.origen, h.posicion, h.anterior, h.cuerpo)
        assert decodificar(h.cuerpo).origen == h.origen
        ultimas[h.origen] = h.posicion, h.hoja
    assert ultimas == generador.cabezas
    assert len(ultimas) == 6


def test_la_memoria_se_mide_en_un_proceso_aparte() -> None:
    poca, mucha = memoria_de(bytearray, 1), memoria_de(bytearray, 300_000_000)
    assert poca.obrero == mucha.obrero == 0
    assert mucha.propia - poca.propia > 200_000_000
    with pytest.raises(TrabajoFallido):
        memoria_de(int, "no es un número")
