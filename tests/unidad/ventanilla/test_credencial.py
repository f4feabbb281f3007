"""La clave de firma en disco: solo la lee su dueño, y no se pisa ni se repite."""

from __future__ import annotations

import pytest

from infra.azar import AzarSembrado
from senda.cliente import Credencial
from senda.credencial import CredencialInvalida, archivo_de, guardar, leer

CLAVE = Credencial.generar("GT-PGN", AzarSembrado(1))


@pytest.fixture
def archivo(tmp_path):
    guardada = tmp_path / "pgn.clave"
    guardar(guardada, CLAVE)
    return guardada


def test_lo_guardado_se_lee_y_solo_lo_ve_su_dueno(archivo):
    assert archivo.stat().st_mode & 0o777 == 0o600
    assert leer(archivo, "GT-PGN").publica == CLAVE.publica


@pytest.mark.parametrize("modo", [0o640, 0o604, 0o660])
def test_si_la_puede_leer_alguien_mas_no_se_usa(archivo, modo):
    archivo.chmod(modo)

    with pytest.raises(CredencialInvalida, match="chmod 600"):
        leer(archivo, "GT-PGN")


def test_una_clave_no_se_pisa(archivo):
    with pytest.raises(CredencialInvalida, match="no se pisa"):
        guardar(archivo, Credencial.generar("GT-PGN", AzarSembrado(2)))
    assert leer(archivo, "GT-PGN").publica == CLAVE.publica


@pytest.mark.parametrize("contenido", ["", "no-es-una-clave\n", "ñ", "A" * 500])
def test_lo_que_no_es_una_clave_se_dice_sin_repetirlo(archivo, contenido):
    archivo.write_text(contenido)

    with pytest.raises(CredencialInvalida) as error:
        leer(archivo, "GT-PGN")
    assert not contenido.strip() or contenido.strip() not in str(error.value)


@pytest.mark.parametrize("codigo", ["../../etc/passwd", "gt-pgn", "GT", "GT-PGN\n"])
def test_el_codigo_no_puede_ser_un_camino(tmp_path, codigo):
    with pytest.raises(CredencialInvalida, match="código"):
        archivo_de(tmp_path, codigo)


def test_sin_archivo_se_dice_como_darlo(tmp_path):
    with pytest.raises(CredencialInvalida, match="--clave"):
        leer(tmp_path / "falta", "GT-PGN")
