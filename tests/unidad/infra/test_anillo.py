"""El anillo: la clave que envuelve, a solas o con la que sale, y sin dejar restos."""

from __future__ import annotations

import os

import pytest

from infra.seguridad.anillo import Anillo, AnilloIlegible

UNA, OTRA, TERCERA = (bytes([n]) * 32 for n in (1, 2, 3))


@pytest.fixture
def archivo(tmp_path):
    Anillo.estrenar(tmp_path / "clave", UNA)
    return tmp_path / "clave"


def test_entra_la_nueva_y_sale_la_vieja(archivo):
    anillo = Anillo(archivo)
    anillo.entrar(OTRA)
    assert anillo.claves == Anillo(archivo).claves == (OTRA, UNA)
    anillo.entrar(TERCERA)
    assert anillo.claves == (OTRA, UNA), "a media rotación no entra otra: perdería la que sale"
    anillo.salir(OTRA)
    assert list(anillo.claves) == [OTRA]
    assert archivo.stat().st_mode & 0o777 == 0o600
    assert [a.name for a in archivo.parent.iterdir()] == ["clave"]


def test_otro_proceso_nota_el_cambio(archivo):
    uno, otro = Anillo(archivo), Anillo(archivo)
    uno.entrar(OTRA)
    uno.salir(OTRA)
    assert otro.vigente == OTRA


def test_los_bloques_del_archivo_viejo_se_pisan(archivo, tmp_path):
    """Un enlace al archivo de antes es lo mismo que mirar el disco donde estaba."""
    anillo = Anillo(archivo)
    for paso, resto in ((lambda: anillo.entrar(OTRA), "uno"), (lambda: anillo.salir(OTRA), "dos")):
        os.link(archivo, tmp_path / resto)
        paso()
        assert set((tmp_path / resto).read_bytes()) == {0}


def test_no_sale_nada_si_la_vigente_no_es_la_que_se_cree(archivo):
    """Otro rotó entremedias: lo envuelto puede seguir bajo la que se iba a destruir."""
    anillo = Anillo(archivo)
    anillo.entrar(OTRA)
    with pytest.raises(AnilloIlegible):
        anillo.salir(TERCERA)
    assert Anillo(archivo).claves == (OTRA, UNA)


def test_no_se_lee_lo_que_falta_lo_cortado_ni_lo_que_otros_leen(archivo):
    archivo.chmod(0o640)
    with pytest.raises(AnilloIlegible):
        Anillo(archivo)
    archivo.chmod(0o600)
    archivo.write_bytes(UNA[:31])
    with pytest.raises(AnilloIlegible):
        Anillo(archivo)
    archivo.unlink()
    with pytest.raises(AnilloIlegible):
        Anillo(archivo)


def test_estrenar_no_pisa_y_la_clave_mide_32(archivo, tmp_path):
    with pytest.raises(FileExistsError):
        Anillo.estrenar(archivo, OTRA)
    for intento in (lambda: Anillo.estrenar(tmp_path / "otra", b"corta"), lambda: Anillo(archivo).entrar(b"corta")):
        with pytest.raises(ValueError):
            intento()
    fijo = Anillo.fijo(UNA)
    with pytest.raises(ValueError):
        fijo.entrar(OTRA)
