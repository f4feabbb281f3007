"""Ninguna fila protegida señala a menos de k, y el manifiesto tampoco."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contratos.tablas import escribir, formato, formatos
from infra.azar import AzarSembrado
from senda.tablas.exportacion import exportar
from senda.tablas.manifiesto import manifiesto, posibles
from senda.tablas.proteccion import K, proteger
from tests.unidad.tablas.perfiles import IDENTIFICADAS

FECHA = datetime(2026, 5, 3, tzinfo=UTC)


def filas_de(suyo, identificadas, veces):
    return [escribir(suyo, i).celdas for i, n in zip(identificadas, veces, strict=False) for _ in range(n)]


@pytest.mark.parametrize("nombre", formatos())
@settings(max_examples=40)
@given(
    identificadas=st.lists(IDENTIFICADAS, max_size=12),
    veces=st.lists(st.integers(1, 13), min_size=12, max_size=12),
    k=st.integers(2, 12),
)
def test_toda_fila_es_igual_al_menos_a_otras_k_menos_una(nombre, identificadas, veces, k):
    suyo = formato(nombre)
    filas = filas_de(suyo, identificadas, veces)

    segura = proteger(suyo, filas, k)

    assert all(n >= k for n in Counter(segura.filas).values())
    assert len(segura.filas) + segura.suprimidas == len(filas)
    assert segura.suprimidas < k or not segura.filas or nombre == "htcds"
    # A los grupos que ya eran grandes no se les quita nada.
    antes, despues = Counter(filas), Counter(segura.filas)
    assert all(despues[fila] >= n for fila, n in antes.items() if n >= k)


@pytest.mark.parametrize("nombre", formatos())
@settings(max_examples=40)
@given(identificadas=st.lists(IDENTIFICADAS, max_size=15))
def test_el_manifiesto_de_una_tabla_protegida_no_dice_ninguna_cuenta_pequena(nombre, identificadas):
    tabla = exportar(formato(nombre), identificadas, AzarSembrado(1))

    dicho = manifiesto(tabla, fecha=FECHA, quien="GT-MP", finalidad="estadistica", sin_clave=3)

    cuentas = [
        *(p["personas"] for p in dicho["perdidas"]), *dicho["proteccion"]["celdas_vaciadas"].values(),
        dicho["proteccion"]["filas_suprimidas"], dicho["personas_con_clave_destruida"],
    ]  # fmt: skip
    assert all(n == f"menos de {K}" or n >= K for n in cuentas)


@pytest.mark.parametrize("nombre", formatos())
@settings(max_examples=40)
@given(identificadas=st.lists(IDENTIFICADAS, max_size=10))
def test_que_una_perdida_este_en_el_manifiesto_no_dice_que_haya_alguien(nombre, identificadas):
    """Con nadie y con diez personas cualesquiera, el manifiesto protegido declara las mismas pérdidas."""
    suyo = formato(nombre)
    dichas = [
        manifiesto(exportar(suyo, p, AzarSembrado(1)), fecha=FECHA, quien="q", finalidad="f", sin_clave=0)["perdidas"]
        for p in (identificadas[:0], identificadas)
    ]

    assert dichas[0] == dichas[1]
    assert len(posibles(suyo)) == len(set(posibles(suyo)))


@settings(max_examples=40)
@given(identificadas=st.lists(IDENTIFICADAS, min_size=1, max_size=5))
def test_sin_proteger_se_dice_todo_y_no_se_quita_nada(identificadas):
    tabla = exportar(formato("htcds"), identificadas, AzarSembrado(1), None)

    dicho = manifiesto(tabla, fecha=FECHA, quien="GT-MP", finalidad="operacion", sin_clave=3)

    assert len(tabla.filas) == dicho["filas"] == len(identificadas)
    assert dicho["proteccion"]["k"] is None
    assert dicho["personas_con_clave_destruida"] == 3
    assert all(isinstance(p["personas"], int) for p in dicho["perdidas"])
