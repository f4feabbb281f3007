"""Cambiar un bit cualquiera de lo que se entrega se nota, o lo cambiado no prometía nada y aquí se dice por qué."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from senda_verificar import confianza, prueba
from senda_verificar.faltas import Informe
from tests.unidad.verificador.juicio import verificar
from tests.unidad.verificador.mundo import Escribano, empacar, prueba_de
from tests.unidad.verificador.piezas import COORDINACION, DETECCION, ORIGENES, PNC, RECTORA, claves

CLAVES = claves()


def diminuto() -> Escribano:
    """Un libro de un solo paquete, pequeño para poder probar bits de sobra: verificarlo cuesta unos milisegundos."""
    libro = Escribano()
    libro.inscribir_por_el_sistema(RECTORA)
    libro.inscribir(PNC)
    libro.acceder()
    libro.sellar()
    libro.pedir(DETECCION, PNC, hechos=2)
    libro.acceder()
    for origen in (COORDINACION, DETECCION):
        libro.cabecera(origen)
    libro.sellar()
    libro.acceder()
    return libro


def bits(datos: bytes, cuantos: int = 150) -> Iterator[tuple[int, bytes]]:
    """Los bytes con un bit cambiado. Con `SENDA_CADA_BIT=todos`, todos; si no, uno de cada cuantos, repartidos."""
    todos = os.environ.get("SENDA_CADA_BIT") == "todos"
    paso = 1 if todos else max(len(datos) // cuantos, 1)
    for i in range(0, len(datos), paso):
        for bit in range(8) if todos else [i // paso % 8]:
            tocado = bytearray(datos)
            tocado[i] ^= 1 << bit
            yield i, bytes(tocado)
    for i in (i for i, byte in enumerate(datos) if byte == ord("\n")):  # donde acaba una línea, todos
        for bit in range(8):
            yield i, datos[:i] + bytes([datos[i] ^ 1 << bit]) + datos[i + 1 :]


def sobra_en_cabeceras(datos: bytes, i: int, sana: Informe, tocada: Informe) -> bool:
    """El nombre de un origen: con otro, es de uno cuya clave no se tiene. No se pierde en silencio: se dice.

    Nada compromete la lista de cabeceras: quien entrega el libro también podría no entregar esa línea.
    """
    linea = datos.rfind(b"\n", 0, i) + 1
    en_el_nombre = linea + len('{"origen":"') <= i < datos.index(b'","posicion"', linea)
    return en_el_nombre and tocada.sin_comprobar != sana.sin_comprobar


def archivos(carpeta: Path) -> list[str]:
    return sorted(str(a.relative_to(carpeta)) for a in carpeta.rglob("*") if a.is_file())


@pytest.fixture(scope="module")
def pequeno(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return diminuto().escribir(tmp_path_factory.mktemp("diminuto"))


ARCHIVOS = [
    "accesos.jsonl",
    "cabeceras.jsonl",
    "checkpoint",
    "puntos.jsonl",
    "solicitudes/000.jsonl",
    "tile/0/000.p/4",
    "tile/entries/000.p/4",
]


def test_son_todos_los_archivos(pequeno):
    assert archivos(pequeno) == ARCHIVOS


@pytest.mark.parametrize("archivo", ARCHIVOS)
def test_un_bit_de_un_archivo(pequeno, archivo):
    sana = verificar(pequeno, CLAVES)
    assert sana.correcto
    ruta = pequeno / archivo
    datos = ruta.read_bytes()
    callados = []
    try:
        for i, tocados in bits(datos):
            ruta.write_bytes(tocados)
            tocada = verificar(pequeno, CLAVES)
            if tocada.correcto and not (archivo == "cabeceras.jsonl" and sobra_en_cabeceras(datos, i, sana, tocada)):
                callados.append((i, datos[max(i - 20, 0) : i + 20]))
    finally:
        ruta.write_bytes(datos)
    assert callados == []


@pytest.mark.parametrize("archivo", ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001"])
def test_un_bit_de_un_archivo_del_libro_mediano(copia, archivo):
    """El resto de los archivos, con teselas completas y de nivel 1; unos cuantos bits de cada uno."""
    ruta = copia / archivo
    datos = ruta.read_bytes()
    for i in range(0, len(datos), len(datos) // 5):
        tocados = bytearray(datos)
        tocados[i] ^= 1 << i % 8
        ruta.write_bytes(tocados)
        assert not verificar(copia, CLAVES).correcto, i


@pytest.mark.parametrize("archivo", ARCHIVOS)
def test_quitar_un_archivo_se_nota_o_se_dice(pequeno, archivo):
    sana = verificar(pequeno, CLAVES)
    ruta = pequeno / archivo
    datos = ruta.read_bytes()
    ruta.unlink()
    try:
        informe = verificar(pequeno, CLAVES)
    finally:
        ruta.write_bytes(datos)
    # Las cabeceras las puede callar quien entrega: se dice hasta dónde nadie firmó.
    assert informe.correcto == (archivo == "cabeceras.jsonl")
    assert informe.sin_comprobar != sana.sin_comprobar or not informe.correcto


def de_la_prueba(archivo: Path, retenidos: tuple[str, ...] = ()) -> Informe:
    return prueba.verificar(archivo, confianza.leer(CLAVES), retenidos=retenidos)


def test_un_bit_de_un_miembro_de_la_prueba_de_una_ruta(tmp_path):
    """`LEEME.txt` es para personas y no se comprueba; lo demás, todo."""
    libro = diminuto()
    archivo, miembros = tmp_path / "prueba.zip", prueba_de(libro, refrendados=[2])
    retenido = libro.puntos[0]
    sana = de_la_prueba(empacar(archivo, miembros), (retenido,))
    assert (sana.faltas, sana.hechos) == ((), {DETECCION: 2})
    assert any("consistentes con este" in que for que in sana.comprobado)
    for nombre, datos in miembros.items():
        for i, tocados in bits(datos, 25):
            if nombre == "LEEME.txt":
                continue
            tocada = de_la_prueba(empacar(archivo, miembros | {nombre: tocados}), (retenido,))
            assert not tocada.correcto, (nombre, i, datos[max(i - 20, 0) : i + 20])


def test_todo_campo_de_un_sobre_entra_en_su_hoja(pequeno):
    """No hay campo que se pueda cambiar gratis: ni los que el verificador no lee."""
    ruta = pequeno / "tile/entries/000.p/4"
    datos = ruta.read_bytes()
    try:
        for campo in json.loads(datos[datos.index(b"{") : datos.index(b"}}") + 2]):
            ruta.write_bytes(datos.replace(f'"{campo}"'.encode(), f'"{campo[::-1]}"'.encode(), 1))
            assert campo == campo[::-1] or not verificar(pequeno, CLAVES).correcto, campo
    finally:
        ruta.write_bytes(datos)
    assert set(ORIGENES) > {COORDINACION}
