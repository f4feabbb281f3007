"""Las claves de un servicio en disco y la cabecera que firma."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.azar import AzarSembrado
from infra.seguridad.identidad_servicio import (
    ARCHIVO,
    CabeceraInvalida,
    CabeceraOrigen,
    ClavesInvalidas,
    ClavesServicio,
    leer_cabecera_firmada,
)

CLAVES = ClavesServicio.generar(AzarSembrado(7))
PUBLICA = CLAVES.firma.public_key()
INSTANTE = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
HOJA = "ab" * 32


def privadas(claves):
    return claves.firma.private_bytes_raw(), claves.recepcion.private_bytes_raw()


def test_la_semilla_da_las_claves_y_son_distintas():
    assert privadas(ClavesServicio.generar(AzarSembrado(7))) == privadas(CLAVES)
    assert len({*privadas(CLAVES), *privadas(ClavesServicio.generar(AzarSembrado(8)))}) == 4


def test_se_guardan_solo_para_su_dueno_y_se_leen_iguales(tmp_path):
    carpeta = tmp_path / "claves"
    CLAVES.guardar(carpeta)
    assert [(a.name, a.stat().st_mode & 0o777) for a in carpeta.iterdir()] == [(ARCHIVO, 0o600)]
    assert privadas(ClavesServicio.leer(carpeta)) == privadas(CLAVES)


def test_nunca_se_pisan_otras(tmp_path):
    CLAVES.guardar(tmp_path)
    with pytest.raises(FileExistsError):
        ClavesServicio.generar(AzarSembrado(8)).guardar(tmp_path)
    assert [a.name for a in tmp_path.iterdir()] == [ARCHIVO]
    assert privadas(ClavesServicio.leer(tmp_path)) == privadas(CLAVES)


def test_no_se_leen_si_las_ve_alguien_mas(tmp_path):
    CLAVES.guardar(tmp_path)
    (tmp_path / ARCHIVO).chmod(0o640)
    with pytest.raises(ClavesInvalidas, match="chmod 600"):
        ClavesServicio.leer(tmp_path)


def test_no_se_leen_si_faltan_o_estan_danadas(tmp_path):
    with pytest.raises(ClavesInvalidas):
        ClavesServicio.leer(tmp_path)
    CLAVES.guardar(tmp_path)
    archivo = tmp_path / ARCHIVO
    bueno = json.loads(archivo.read_bytes())
    firma, recepcion = bueno["keys"]
    for llaves in ([], [firma], [recepcion, firma], [firma | {"d": recepcion["d"]}, recepcion], [firma, {}]):
        archivo.write_text(json.dumps({"keys": llaves}))
        with pytest.raises(ClavesInvalidas):
            ClavesServicio.leer(tmp_path)
    archivo.write_bytes(b"{")
    with pytest.raises(ClavesInvalidas):
        ClavesServicio.leer(tmp_path)


def test_el_repr_no_lleva_claves():
    assert repr(CLAVES).startswith("<infra.seguridad.identidad_servicio.ClavesServicio object")


def test_la_cabecera_va_y_vuelve():
    cuerpo = CLAVES.firmar_cabecera("/gt/deteccion", 12, HOJA, INSTANTE)
    esperada = CabeceraOrigen(origen="/gt/deteccion", posicion=12, hash=HOJA, instante=INSTANTE)
    assert leer_cabecera_firmada(cuerpo, PUBLICA) == esperada


def test_el_formato_se_verifica_a_mano():
    llano = json.loads(CLAVES.firmar_cabecera("/gt/deteccion", 12, HOJA, INSTANTE))
    assert list(llano) == ["origen", "posicion", "hash", "instante", "firma"]
    assert llano["instante"] == "2026-01-05T12:00:00.123456Z"
    firmado = f"senda-cabecera-v1\n/gt/deteccion\n12\n{HOJA}\n2026-01-05T12:00:00.123456Z\n"
    PUBLICA.verify(urlsafe_b64decode(llano["firma"] + "=="), firmado.encode())


def test_el_instante_viaja_en_utc():
    local = INSTANTE.astimezone(timezone(timedelta(hours=-6)))
    assert CLAVES.firmar_cabecera("/gt/x", 0, HOJA, local) == CLAVES.firmar_cabecera("/gt/x", 0, HOJA, INSTANTE)


@pytest.mark.parametrize(
    "cambio",
    [
        {"origen": "/gt/atencion"},
        {"posicion": 13},
        {"hash": "cd" * 32},
        {"instante": "2026-01-05T12:00:01Z"},
        {"firma": ""},
        {"firma": "A" * 86},
        {"firma": 1},
        {"sobra": 1},
    ],
)
def test_cualquier_cambio_la_invalida(cambio):
    llano = json.loads(CLAVES.firmar_cabecera("/gt/deteccion", 12, HOJA, INSTANTE))
    with pytest.raises(CabeceraInvalida) as error:
        leer_cabecera_firmada(json.dumps(llano | cambio).encode(), PUBLICA)
    assert error.value.__cause__ is None


def test_otra_clave_o_bytes_cualesquiera_no_valen():
    cuerpo = CLAVES.firmar_cabecera("/gt/deteccion", 12, HOJA, INSTANTE)
    with pytest.raises(CabeceraInvalida):
        leer_cabecera_firmada(cuerpo, ClavesServicio.generar(AzarSembrado(8)).firma.public_key())
    for malo in (b"", b"[]", b"\xff", cuerpo[:-1]):
        with pytest.raises(CabeceraInvalida):
            leer_cabecera_firmada(malo, PUBLICA)


@pytest.mark.parametrize(
    ("origen", "posicion", "hoja", "instante"),
    [
        ("", 1, HOJA, INSTANTE),
        ("/gt/a\n1", 1, HOJA, INSTANTE),
        ("/gt/a\n", 1, HOJA, INSTANTE),
        ("/gt/a", -1, HOJA, INSTANTE),
        ("/gt/a", 1, HOJA.upper(), INSTANTE),
        ("/gt/a", 1, HOJA[:-1], INSTANTE),
        ("/gt/a", 1, HOJA, INSTANTE.replace(tzinfo=None)),
    ],
)
def test_no_se_firma_lo_ambiguo(origen, posicion, hoja, instante):
    with pytest.raises(ValueError):
        CLAVES.firmar_cabecera(origen, posicion, hoja, instante)
