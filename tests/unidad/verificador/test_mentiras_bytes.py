"""Cada daño en los archivos del libro se nombra, con su sitio, y nada más se señala."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from senda_verificar.teselas import partir
from tests.unidad.verificador.juicio import juzgar
from tests.unidad.verificador.mundo import Escribano
from tests.unidad.verificador.piezas import LIBRO, empaquetar, poner, ruta_de

PAQUETES = [ruta_de("entries", 0, 256), ruta_de("entries", 1, 256), ruta_de("entries", 2, 88)]
#: Índices repartidos: extremos de cada paquete y uno de en medio.
INDICES = [5, 130, 254, 256, 400, 511, 512, 560]


def abrir(carpeta: Path, indice: int) -> list[bytes]:
    crudo, entradas = (carpeta / PAQUETES[indice // 256]).read_bytes(), []
    while crudo:
        (largo,) = struct.unpack(">H", crudo[:2])
        entradas.append(crudo[2 : 2 + largo])
        crudo = crudo[2 + largo :]
    return entradas


def guardar(carpeta: Path, indice: int, entradas: list[bytes]) -> None:
    poner(carpeta, PAQUETES[indice // 256], empaquetar(entradas))


def sitio(entrada: bytes) -> tuple[str, int]:
    leida = partir(entrada)
    assert leida is not None
    return leida[0], leida[1]


def de_la_raiz(libro: Escribano, indice: int) -> tuple[str, str, str, int]:
    """El primer punto firmado que abarca una entrada: su raíz ya no es la que se firmó."""
    tamanos = [int(p.split("\n")[1]) for p in libro.puntos]
    return "raiz-distinta", "punto", LIBRO, next(t for t in tamanos if t > indice)


@pytest.mark.parametrize("indice", INDICES)
def test_un_byte_del_cuerpo_de_una_entrada(libro_sano, copia, indice):
    entradas = abrir(copia, indice)
    entrada = entradas[indice % 256]
    entradas[indice % 256] = entrada.replace(b'"specversion":"1.0"', b'"specversion":"1.1"')
    guardar(copia, indice, entradas)
    alterada = ("cuerpo-alterado", "libro", *sitio(entrada))
    assert juzgar(copia) == sorted([alterada, de_la_raiz(libro_sano, indice)])


@pytest.mark.parametrize("indice", INDICES)
def test_un_byte_de_una_tesela_de_hojas(libro_sano, copia, indice):
    ruta = copia / PAQUETES[indice // 256].replace("entries", "0")
    tesela = bytearray(ruta.read_bytes())
    tesela[indice % 256 * 32 + 7] ^= 1
    ruta.write_bytes(tesela)
    quien = sitio(libro_sano.entradas[indice])
    # En la última de su origen no se sabe si cambió la hoja o el contenido: nada posterior enlaza con ella.
    codigo = "cuerpo-alterado" if libro_sano.ultimos[quien[0]][0] == quien[1] else "hoja-alterada"
    assert juzgar(copia) == [(codigo, "libro", *quien)]


@pytest.mark.parametrize("byte", [0, 31, 32, 63])
def test_un_byte_de_una_tesela_de_nivel_1(copia, byte):
    ruta = copia / "tile/1/000.p/2"
    tesela = bytearray(ruta.read_bytes())
    tesela[byte] ^= 128
    ruta.write_bytes(tesela)
    assert juzgar(copia) == [("tesela-distinta", "tesela", "", 0)]


@pytest.mark.parametrize("indice", [130, 400])
def test_una_entrada_y_su_hoja_reescritas(libro_sano, copia, indice):
    """Lo que haría quien manda en la base: el hecho y su hoja cambian a la vez."""
    from tests.unidad.verificador.piezas import hoja

    entradas = abrir(copia, indice)
    nueva = entradas[indice % 256].replace(b'"nota":""', b'"nota":"x"').replace(b'"agente":"ag-1"', b'"agente":"ag-2"')
    quien = sitio(nueva)
    entradas[indice % 256] = nueva
    guardar(copia, indice, entradas)
    ruta = copia / PAQUETES[indice // 256].replace("entries", "0")
    tesela = bytearray(ruta.read_bytes())
    tesela[indice % 256 * 32 : indice % 256 * 32 + 32] = hoja(nueva)
    ruta.write_bytes(tesela)
    halladas = juzgar(copia)
    assert ("cadena-rota", "libro", quien[0], quien[1] + 1) in halladas
    assert de_la_raiz(libro_sano, indice) in halladas
    # La tesela de arriba conserva la raíz de antes; y si lo causó una solicitud, ya no cuadra con ella.
    assert {c for c, *_ in halladas} <= {"cadena-rota", "raiz-distinta", "tesela-distinta", "recibo-incumplido"}
    assert len(halladas) <= 4


@pytest.mark.parametrize("indice", [100, 300])
def test_una_entrada_quitada_deja_su_paquete_corto(libro_sano, copia, indice):
    entradas = abrir(copia, indice)
    del entradas[indice % 256]
    guardar(copia, indice, entradas)
    halladas = juzgar(copia)
    assert ("archivo-ilegible", "tesela", "", indice // 256 * 256) in halladas
    # Sin el paquete no hay ninguno de sus hechos: por cada origen, desde cuál faltan.
    assert [h for h in halladas if h[0] == "hueco"] == huecos(libro_sano, indice // 256)
    # Y si traía las claves de las instituciones, lo que ellas firmaron ya no se puede creer.
    resto = {c for c, *_ in halladas} - {"hueco", "archivo-ilegible"}
    assert resto == ({"firma-de-institucion"} if indice < 256 else set())


def huecos(libro: Escribano, paquete: int) -> list[tuple[str, str, str, int]]:
    primeros: dict[str, int] = {}
    for entrada in libro.entradas[paquete * 256 : paquete * 256 + 256]:
        primeros.setdefault(*sitio(entrada))
    return sorted(("hueco", "libro", origen, posicion) for origen, posicion in primeros.items())


@pytest.mark.parametrize("indice", [40, 300])
def test_una_entrada_quitada_y_su_hueco_tapado_con_otra(libro_sano, copia, indice):
    """Quita una y, para que el paquete cuadre, repite la siguiente."""
    entradas = abrir(copia, indice)
    quitada = sitio(entradas[indice % 256])
    entradas[indice % 256] = entradas[indice % 256 + 1]
    guardar(copia, indice, entradas)
    halladas = juzgar(copia)
    assert ("hueco", "libro", *quitada) in halladas
    assert ("repetido", "libro", *sitio(entradas[indice % 256 + 1])) in halladas
    assert de_la_raiz(libro_sano, indice) in halladas


def test_dos_entradas_del_mismo_origen_cambiadas_de_sitio(libro_sano, copia):
    entradas = abrir(copia, 0)
    de = [i for i, e in enumerate(entradas) if e.startswith(b"/gt/justicia\n")][10:12]
    entradas[de[0]], entradas[de[1]] = entradas[de[1]], entradas[de[0]]
    guardar(copia, 0, entradas)
    halladas = juzgar(copia)
    assert ("orden", "libro", *sitio(entradas[de[1]])) in halladas
    assert de_la_raiz(libro_sano, de[0]) in halladas


def test_dos_entradas_de_distinto_origen_intercaladas_de_otro_modo(libro_sano, copia):
    """Ninguna cadena se rompe: solo lo delatan sus hojas y la raíz."""
    entradas = abrir(copia, 300)
    de = next(i for i in range(50, 80) if sitio(entradas[i])[0] != sitio(entradas[i + 1])[0])
    entradas[de], entradas[de + 1] = entradas[de + 1], entradas[de]
    guardar(copia, 300, entradas)
    halladas = juzgar(copia)
    assert de_la_raiz(libro_sano, 256 + de) in halladas
    assert {h[2:] for h in halladas if h[1] == "libro"} == {sitio(entradas[de]), sitio(entradas[de + 1])}
    assert len(halladas) == 3


def test_una_entrada_que_dice_ser_de_otro_origen(libro_sano, copia):
    entradas = abrir(copia, 300)
    quien = sitio(entradas[44])
    entradas[44] = b"/gt/otro" + entradas[44][entradas[44].index(b"\n") :]
    guardar(copia, 300, entradas)
    halladas = juzgar(copia)
    assert ("origen-alterado", "libro", *quien) in halladas
    assert de_la_raiz(libro_sano, 300) in halladas


def test_una_entrada_que_dice_otra_posicion(libro_sano, copia):
    entradas = abrir(copia, 300)
    origen, posicion = sitio(entradas[44])
    entradas[44] = entradas[44].replace(f"\n{posicion}\n".encode(), f"\n{posicion + 900}\n".encode(), 1)
    guardar(copia, 300, entradas)
    halladas = juzgar(copia)
    assert ("posicion-alterada", "libro", origen, posicion) in halladas
    assert de_la_raiz(libro_sano, 300) in halladas


ROTURAS: dict[str, Callable[[bytes], bytes]] = {
    "cortado": lambda crudo: crudo[:-1],
    "cortado por la mitad": lambda crudo: crudo[: len(crudo) // 2],
    "vacío": lambda _: b"",
    "con algo detrás": lambda crudo: crudo + b"\x00",
    "con una entrada de más": lambda crudo: crudo + b"\x00\x02{}",
    "una longitud falsa": lambda crudo: b"\xff\xff" + crudo[2:],
    "una longitud cero": lambda crudo: b"\x00\x00" + crudo,
    "enorme": lambda crudo: crudo + bytes(20_000_000),
}


@pytest.mark.parametrize("rotura", ROTURAS)
@pytest.mark.parametrize("paquete", [1, 2])
def test_un_paquete_roto(libro_sano, copia, rotura, paquete):
    ruta = copia / PAQUETES[paquete]
    ruta.write_bytes(ROTURAS[rotura](ruta.read_bytes()))
    halladas = juzgar(copia)
    assert ("archivo-ilegible", "tesela", "", paquete * 256) in halladas
    resto = [h for h in halladas if h[0] != "archivo-ilegible"]
    if paquete == 1:
        assert resto == huecos(libro_sano, 1)
    else:
        # Era el último: las cabeceras prometen más, y solo lo recién contado podía estar aún en camino.
        assert resto
        assert set(resto) <= {("truncado", *h[1:]) for h in huecos(libro_sano, 2)}


@pytest.mark.parametrize("tamano", [0, 31, 33, 255 * 32, 257 * 32])
def test_una_tesela_que_no_mide_lo_suyo(copia, tamano):
    ruta = copia / "tile/0/001"
    ruta.write_bytes((ruta.read_bytes() * 2)[:tamano])
    assert juzgar(copia) == [("archivo-ilegible", "tesela", "", 256)]


@pytest.mark.parametrize(("ruta", "indice"), [("tile/0/000", 0), ("tile/0/002.p/88", 512), ("tile/1/000.p/2", 0)])
def test_una_tesela_ausente(copia, ruta, indice):
    (copia / ruta).unlink()
    assert juzgar(copia) == [("archivo-ausente", "tesela", "", indice)]


def test_un_paquete_y_su_tesela_ausentes(copia):
    """Sin ninguno de los dos no se sabe la raíz de lo que sigue: no se acusa de lo que no se pudo mirar."""
    (copia / "tile/0/001").unlink()
    (copia / PAQUETES[1]).unlink()
    halladas = juzgar(copia)
    assert halladas.count(("archivo-ausente", "tesela", "", 256)) == 2
    assert {c for c, *_ in halladas} == {"archivo-ausente", "truncado"}


def test_una_entrada_movida_al_final_no_hace_creer_que_a_su_origen_le_falta_lo_ultimo(libro_sano, copia):
    entradas = abrir(copia, 599)
    movida = entradas.pop(8)
    guardar(copia, 599, [*entradas, movida])
    codigos = {codigo for codigo, *_ in juzgar(copia)}
    assert "orden" in codigos
    assert "truncado" not in codigos


def test_de_lo_que_no_se_pudo_leer_no_se_dice_que_se_reescribiera(libro_sano, copia):
    """Sin un paquete y su tesela no se sabe la raíz de lo que sigue: falta, y no se acusa de más."""
    for ruta in (PAQUETES[1], PAQUETES[1].replace("entries", "0")):
        (copia / ruta).unlink()
    guardado = next(p for p in libro_sano.puntos if int(p.split("\n")[1]) > 512)
    codigos = {codigo for codigo, *_ in juzgar(copia, retenidos=[guardado])}
    assert "archivo-ausente" in codigos
    assert not codigos & {"historia-reescrita", "raiz-distinta", "libro-bifurcado"}
