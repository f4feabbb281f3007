"""Cada valor del catálogo tiene equivalente o dice por qué no; una errata en un cruce se nota al cargar."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contratos.clasificacion import CruceDesconocido, CruceInvalido, Lista, cruce, cruces, delito, lector
from contratos.clasificacion.paquete import VALORES

ORIGINAL = Path(lector.__file__).parent
#: Las listas que cada cruce ha de decir enteras.
DEBE = {
    "palermo": {Lista.CAPTACION, Lista.MEDIO, Lista.MODALIDAD},
    "htcds": set(VALORES),
    "ctdc": set(Lista),
    **{f"delito-{pais}": {Lista.MODALIDAD} for pais in ("gt", "hn", "mx", "pe", "sv")},
}


@pytest.fixture
def copia(tmp_path: Path) -> Path:
    destino = tmp_path / "clasificacion"
    shutil.copytree(ORIGINAL, destino, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return destino


def test_estan_los_cruces_que_se_piden():
    assert set(cruces()) == set(DEBE)
    assert all({e.lista for e in cruces()[nombre].listas} >= listas for nombre, listas in DEBE.items())


@pytest.mark.parametrize("lista", VALORES)
@pytest.mark.parametrize("nombre", sorted(DEBE))
def test_cada_valor_del_catalogo_tiene_equivalente_o_dice_por_que_no(nombre, lista):
    """La partida doble del lector: aquí se cuenta sin él."""
    for equivalencias in cruce(nombre).listas:
        if equivalencias.lista is lista:
            assert sorted([*equivalencias.valores, *equivalencias.sin_equivalente]) == sorted(VALORES[lista])
            assert all(equivalencias.valores.values())
            assert all(s.motivo for s in equivalencias.sin_equivalente.values())


@pytest.mark.parametrize("nombre", sorted(DEBE))
def test_cada_cruce_dice_de_donde_sale(nombre):
    fuente = cruce(nombre).fuente
    assert "://" in fuente or "ctdatacollaborative.org" in fuente
    if nombre != "htcds":
        assert "del proyecto" in fuente


def test_htcds_no_deja_codigo_sin_usar_ni_pierde_la_restriccion_de_movimiento():
    medios = cruce("htcds").de(Lista.MEDIO)
    assert len(medios.codigos) == 16
    assert "RestrictsMovement" in medios.sin_equivalente["restringe-movimiento"].motivo
    assert not any(e.sin_valor for e in cruce("htcds").listas)


def test_toda_columna_de_ctdc_se_lee_de_una_sola_manera():
    for equivalencias in cruce("ctdc").listas:
        assert set(equivalencias.inverso) == set(equivalencias.codigos)


@pytest.mark.parametrize(("pais", "adulta", "nna"), [("gt", False, False), ("pe", True, False), ("sv", None, None)])
def test_si_la_ley_exige_un_medio_o_no_se_hallo(pais, adulta, nna):
    suyo = delito(pais).delito
    assert suyo is not None
    assert suyo.exige_medio(nna=False) is adulta
    assert suyo.exige_medio(nna=True) is nna


@pytest.mark.parametrize("nombre", ["icd", "", "../ctdc"])
def test_un_cruce_que_no_existe_se_dice(nombre):
    with pytest.raises(CruceDesconocido):
        cruce(nombre)


@pytest.mark.parametrize(
    ("archivo", "de", "a", "dice"),
    [
        ("htcds.toml", 'mendicidad-forzada = "ForcedBegging"\n', "", "falta decir qué es de mendicidad-forzada"),
        ("htcds.toml", "mendicidad-forzada =", "mendicidad =", "mendicidad no está en el catálogo"),
        ("htcds.toml", '= "ForcedBegging"', '= "Begging"', "Begging no es un código del estándar"),
        ("htcds.toml", '= "ForcedBegging"', '= "Other"', "nada llega a ForcedBegging"),
        ("htcds.toml", 'va_como = "Other"', 'va_como = "Otro"', "Otro no es un código del estándar"),
        ("htcds.toml", "actividad-delictiva-forzada = {", "otra = {", "otra tiene y no tiene equivalente"),
        ("htcds.toml", 'Acquainted = "persona-conocida"', 'Acquainted = "familia"', "que no sale así"),
        ("htcds.toml", 'cruce = "htcds"', 'cruce = "hdtcs"', "debería llamarse htcds"),
        ("htcds.toml", 'lista = "genero"', 'lista = "captacion"', "está 2 veces"),
        ("htcds.toml", 'motivo = "el campo no tiene código propio"', 'motivo = ""', "motivo"),
        ("delitos/gt.toml", 'pais = "gt"', 'pais = "sv"', "debería llamarse delito-sv"),
        ("delitos/gt.toml", "exige_medio_adulta", "exige_medios_adulta", "exige_medios_adulta"),
    ],
)
def test_una_errata_o_un_olvido_se_notan_y_dicen_donde(copia, archivo, de, a, dice):
    texto = (copia / archivo).read_text(encoding="utf-8")
    assert de in texto
    (copia / archivo).write_text(texto.replace(de, a, 1), encoding="utf-8")
    with pytest.raises(CruceInvalido, match=dice):
        lector.leer(copia / archivo)
