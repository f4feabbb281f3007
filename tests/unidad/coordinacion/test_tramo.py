"""Qué tramo se repite: nunca más allá del buzón, nunca más de lo que cabe en una vez."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventos.rechazo import Rechazo
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.dominio.tramo import acotar

NUMEROS = st.integers(1, 60)


@given(ultimo=st.integers(0, 50), desde=NUMEROS, hasta=st.none() | NUMEROS, maximo=st.integers(1, 20))
def test_da_un_tramo_del_buzon_o_dice_por_que_no(ultimo: int, desde: int, hasta: int | None, maximo: int):
    if hasta is not None and hasta < desde:
        por_que: type[Rechazo] | None = rechazos.TramoInvalido
    elif desde > ultimo + 1 or (hasta or 0) > ultimo:
        por_que = rechazos.TramoInexistente
    else:
        por_que = None
    if por_que is not None:
        with pytest.raises(por_que):
            acotar(ultimo, desde, hasta, maximo)
        return
    dado = acotar(ultimo, desde, hasta, maximo)
    assert desde - 1 <= dado <= min(ultimo, hasta or ultimo)
    assert dado - desde + 1 <= maximo
    # Avanza siempre que haya algo: pidiendo el resto se llega al final.
    assert dado >= desde or (desde == ultimo + 1 and hasta is None)


def test_al_dia_no_es_un_error_y_mas_alla_si():
    assert acotar(0, 1, None, 10) == 0
    assert acotar(7, 8, None, 10) == 7
    with pytest.raises(rechazos.TramoInexistente):
        acotar(7, 9, None, 10)
