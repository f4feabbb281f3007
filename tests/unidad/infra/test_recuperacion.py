"""Recuperar las claves que envuelven con k custodios y el paquete de hoy."""

from __future__ import annotations

import pytest

from infra.azar import AzarSembrado
from infra.seguridad.recuperacion import (
    FaltanPartes,
    PaqueteIlegible,
    ParteInvalida,
    PartesDeOtroReparto,
    empaquetar,
    repartir,
    reunir,
)

AZAR = AzarSembrado(4)
CLAVES = {"boveda": bytes(range(32)), "maestra": bytes(32)}
REPARTO = repartir(3, 5, AZAR)
PAQUETE = empaquetar(CLAVES, REPARTO.publica, AZAR)


def test_tres_de_cinco_y_el_paquete():
    assert reunir(REPARTO.partes[1:4], PAQUETE) == CLAVES
    assert reunir([f" {p}\n" for p in REPARTO.partes], PAQUETE) == CLAVES
    assert REPARTO.partes[0].startswith("senda-parte-1-de-5-bastan-3-")


def test_faltan_aunque_se_repita_una():
    for partes in ([], REPARTO.partes[:2], [*REPARTO.partes[:2], REPARTO.partes[0]]):
        with pytest.raises(FaltanPartes):
            reunir(partes, PAQUETE)


def test_una_letra_cambiada_se_nota():
    mala = REPARTO.partes[0][:-12] + ("0" if REPARTO.partes[0][-12] != "0" else "1") + REPARTO.partes[0][-11:]
    for texto in (mala, "", "senda-parte-1"):
        with pytest.raises(ParteInvalida):
            reunir([texto, *REPARTO.partes[1:]], PAQUETE)


def test_las_de_otro_reparto_no_valen():
    otro = repartir(3, 5, AZAR)
    with pytest.raises(PartesDeOtroReparto):
        reunir([otro.partes[0], *REPARTO.partes[1:3]], PAQUETE)
    with pytest.raises(PaqueteIlegible):
        reunir(otro.partes, PAQUETE)


def test_el_paquete_no_dice_nada_a_quien_no_reune():
    assert CLAVES["boveda"].hex() not in PAQUETE
    with pytest.raises(PaqueteIlegible):
        reunir(REPARTO.partes, PAQUETE[:-3])
