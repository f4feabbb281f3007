"""Las cabeceras de cada origen y el registro de accesos: cada mentira, con su código y su sitio."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.unidad.verificador.juicio import juzgar, verificar
from tests.unidad.verificador.mundo import Escribano, cerrar, empezado
from tests.unidad.verificador.piezas import (
    DETECCION,
    JUSTICIA,
    compacto,
    poner,
)


@pytest.fixture
def libro() -> Escribano:
    return empezado(270)


# --- cabeceras


def test_una_cabecera_de_otra_clave(libro, tmp_path):
    libro.cabecera(DETECCION, de="otra clave")
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("cabecera-falsa", "cabecera", "", 0)]


@pytest.mark.parametrize(
    "linea", ["", "{}", "[]", "hola", '{"origen":"/gt/deteccion"}', '{"origen":""}', "[" * 100_000]
)
def test_una_cabecera_que_no_lo_es(libro, tmp_path, linea):
    libro.cabeceras.append(linea)
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("cabecera-falsa", "cabecera", "", 0)]


@pytest.mark.parametrize("otra", [b"\x00" * 32, b"\xff" * 32])
def test_un_origen_que_firma_dos_hojas(libro, tmp_path, otra):
    """Sea cual sea la que coincide con el libro, la contradicción se dice una vez."""
    posicion = libro.ultimos[JUSTICIA][0]
    libro.cabecera(JUSTICIA, hoja_=otra)
    libro.cabecera(JUSTICIA)
    if otra[0]:
        libro.cabeceras.reverse()
    halladas = juzgar(cerrar(libro).escribir(tmp_path))
    assert halladas == [("cabecera-distinta", "cabecera", JUSTICIA, posicion)]


def test_una_cabecera_de_otra_historia(libro, tmp_path):
    libro.cabecera(JUSTICIA, posicion=7, hoja_=b"\x05" * 32)
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("cabecera-distinta", "cabecera", JUSTICIA, 7)]


@pytest.mark.parametrize("primero", [True, False])
def test_un_origen_que_retrocede(libro, tmp_path, primero):
    """Dijo 40 y una hora después, 30. El orden en que vengan escritas no lo esconde."""
    hojas = {
        int(e.split(b"\n")[1]): h for e, h in zip(libro.entradas, libro.hojas, strict=True) if b"deteccion\n" in e[:15]
    }
    despues = libro.ahora + timedelta(hours=1)
    dichas = [(40, libro.ahora - timedelta(minutes=10)), (30, despues)]
    for posicion, cuando in dichas if primero else dichas[::-1]:
        libro.cabecera(DETECCION, posicion=posicion, hoja_=hojas[posicion], a=cuando)
    halladas = juzgar(cerrar(libro).escribir(tmp_path))
    assert halladas == [("cabecera-retrocede", "cabecera", DETECCION, libro.ultimos[DETECCION][0])]


@pytest.mark.parametrize(("segundos", "en_camino"), [(0, True), (59, True), (-59, True), (61, False), (-61, False)])
def test_una_cabecera_que_promete_mas(libro, tmp_path, segundos, en_camino):
    cerrar(libro)
    llega = libro.ultimos[DETECCION][0]
    libro.cabeceras = [c for c in libro.cabeceras if json.loads(c)["origen"] != DETECCION]
    libro.cabecera(DETECCION, posicion=llega + 3, hoja_=b"\x01" * 32, a=libro.ahora + timedelta(seconds=segundos))
    informe = verificar(libro.escribir(tmp_path))
    if en_camino:
        assert informe.correcto
        assert f"3 hechos que {DETECCION} acababa de contar" in " ".join(informe.sin_comprobar)
    else:
        assert [(str(f.codigo), f.origen, f.posicion) for f in informe.faltas] == [("truncado", DETECCION, llega + 1)]


@pytest.mark.parametrize(
    "instante", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2026-05-03T12:00:00"]
)
def test_un_punto_de_un_instante_extremo_no_rompe_nada(tmp_path, instante):
    libro = Escribano()
    libro.hecho(DETECCION)
    libro.sellar(instante=instante)
    libro.cabecera(DETECCION, posicion=2, hoja_=bytes(32))
    assert ("truncado", "libro", DETECCION, 2) in juzgar(libro.escribir(tmp_path))


def test_una_cabecera_de_un_origen_sin_clave_se_dice(libro, tmp_path):
    libro.cabecera("/gt/inventado\x1b[2J", posicion=5, hoja_=bytes(32))
    informe = verificar(cerrar(libro).escribir(tmp_path))
    assert informe.correcto
    assert "/gt/inventado" in " ".join(informe.sin_comprobar)


# --- accesos


def test_un_acceso_alterado(libro, tmp_path):
    cerrar(libro).accesos[1]["institucion"] = "GT-OTRA"
    assert juzgar(libro.escribir(tmp_path)) == [("accesos-alterados", "accesos", "", 2)]


def test_un_acceso_quitado(libro, tmp_path):
    del cerrar(libro).accesos[1]
    assert juzgar(libro.escribir(tmp_path)) == [("accesos-alterados", "accesos", "", 2)]


def test_los_accesos_reescritos_enteros(libro, tmp_path):
    fijados = len(cerrar(libro).accesos) - 1
    libro.accesos.clear()
    for _ in range(fijados + 3):
        libro.acceder("GT-OTRA")
    assert juzgar(libro.escribir(tmp_path)) == [("accesos-alterados", "accesos", "", 1)]


def test_los_accesos_que_fijo_un_punto_anterior_no_se_reescriben_firmando_otro(tmp_path):
    """La lectura de alguien, ya fijada, se cambia por otra; el punto siguiente se firma con la cadena nueva."""
    libro = empezado(60)
    libro.acceder("GT-CURIOSA")
    libro.sellar()
    libro.hecho(DETECCION)
    libro.accesos.clear()
    for _ in range(3):
        libro.acceder("GT-OTRA")
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("accesos-alterados", "accesos", "", 1)]


def test_un_punto_guardado_fuera_fija_los_accesos(tmp_path):
    libro = empezado(60)
    libro.acceder()
    libro.acceder()
    guardado = libro.sellar()
    libro.puntos.pop()
    libro.accesos.pop()
    carpeta = cerrar(libro).escribir(tmp_path)
    libro.accesos.pop()
    assert ("accesos-alterados", "accesos", "", 2) in juzgar(carpeta, retenidos=[guardado])


def test_los_accesos_recortados(libro, tmp_path):
    fijados = len(cerrar(libro).accesos) - 1
    del libro.accesos[fijados - 1 :]
    assert juzgar(libro.escribir(tmp_path)) == [("accesos-alterados", "accesos", "", fijados)]


def test_los_accesos_ausentes(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    (carpeta / "accesos.jsonl").unlink()
    assert juzgar(carpeta) == [("archivo-ausente", "accesos", "", len(libro.accesos) - 1)]
    publico = libro.escribir(tmp_path / "publico", publico=True)
    assert juzgar(publico) == []  # el registro no es público


@pytest.mark.parametrize(
    "linea", [b"", b"[]", b"{", b'{"numero":true}', b"\xff", b"[" * 100_000, b'{"numero":1,"numero":1}']
)
def test_una_fila_de_accesos_que_no_lo_es(libro, tmp_path, linea):
    carpeta = cerrar(libro).escribir(tmp_path)
    filas = (carpeta / "accesos.jsonl").read_bytes().splitlines()
    poner(carpeta, "accesos.jsonl", b"\n".join([linea, *filas[1:], b""]))
    assert juzgar(carpeta) == [("accesos-alterados", "accesos", "", 1)]


def test_un_numero_de_acceso_que_no_es_un_entero(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    cerrada = compacto(libro.accesos[0])
    poner(
        carpeta,
        "accesos.jsonl",
        (carpeta / "accesos.jsonl").read_bytes().replace(cerrada, cerrada.replace(b"1,", b"true,", 1)),
    )
    assert juzgar(carpeta) == [("accesos-alterados", "accesos", "", 1)]
