"""La pasada rápida sobre un directorio de verdad: qué raíz da a cada tamaño firmado, y que nada torcido la pasa."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.almacen.motor import leyendo
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.cadena import CERO, encadenar
from senda.banco.libro.almacenado import libro_en
from senda.banco.libro.hechos import Generador
from senda_verificar import rapido
from senda_verificar.arbol import raiz
from senda_verificar.confianza import leer
from senda_verificar.directorio import verificar
from senda_verificar.faltas import Codigo
from senda_verificar.rapido import Anomalia, recorrer
from senda_verificar.teselas import ArchivoAusente, ArchivoIlegible, leer_paquete, leer_tesela
from servicios.auditoria.exportacion import exportar

#: Dos paquetes completos y uno parcial, con varios puntos de control dentro de cada uno.
HECHOS, LOTE = 600, 37
ENTRADAS = Path("tile/entries/001")


@pytest.fixture(scope="module")
def hechos() -> list[HechoCrudo]:
    return [h for lote in Generador(3, HECHOS).lotes(HECHOS, HECHOS) for h in lote]


@pytest.fixture
def directorio(tmp_path: Path, hechos: list[HechoCrudo]) -> Iterator[tuple[Path, str]]:
    yield from _exportado(tmp_path, [hechos[i : i + LOTE] for i in range(0, HECHOS, LOTE)])


def _exportado(carpeta: Path, lotes: list[list[HechoCrudo]]) -> Iterator[tuple[Path, str]]:
    with libro_en(f"sqlite:///{carpeta / 'libro.db'}", carpeta) as libro:
        libro.anotar(lotes)
        libro.firmar_cabeceras({h.origen: (h.posicion, h.hoja) for lote in lotes for h in lote})
        with leyendo(libro.motor, en_flujo=True) as conexion:
            exportar(conexion, carpeta / "libro", datetime.now(UTC), con_entradas=True)
        yield carpeta / "libro", libro.claves_publicas()


@pytest.mark.parametrize("tramo", [1, 64])
def test_la_raiz_a_cada_marca_es_la_de_las_entradas(directorio, hechos, tramo, monkeypatch) -> None:
    monkeypatch.setattr(rapido, "_TRAMO", tramo)
    marcas = [*range(1, 300, 7), 256, 255, 257, 512, 511, 513, 599, 600]
    recuento = recorrer(directorio[0], HECHOS, marcas, {}, con_entradas=True, procesos=1)
    hojas = [h.hoja for h in hechos]
    assert recuento.raices == {marca: raiz(hojas[:marca]) for marca in {0, *marcas}}
    assert sum(recuento.hechos.values()) == HECHOS
    assert {o: u.posicion for o, u in recuento.ultimos.items()} == {h.origen: h.posicion for h in hechos}
    sin_entradas = recorrer(directorio[0], HECHOS, marcas, {}, con_entradas=False, procesos=1)
    assert sin_entradas.raices == recuento.raices


def _en_medio(datos: bytearray) -> None:
    datos[len(datos) // 2] ^= 1


def _largo_de_mas(datos: bytearray) -> None:
    datos[0:2] = b"\xff\xff"


def _largo_de_menos(datos: bytearray) -> None:
    datos[1] = (datos[1] - 1) % 256


def _sin_final(datos: bytearray) -> None:
    del datos[-1]


def _sin_nada(datos: bytearray) -> None:
    datos.clear()


def _sin_salto_de_origen(datos: bytearray) -> None:
    datos[2 + datos[2:].index(b"\n")] = 0x20


@pytest.mark.parametrize(
    "torcer", [_en_medio, _largo_de_mas, _largo_de_menos, _sin_final, _sin_nada, _sin_salto_de_origen]
)
def test_unas_entradas_torcidas_no_pasan(directorio, torcer) -> None:
    carpeta, claves = directorio
    datos = bytearray((carpeta / ENTRADAS).read_bytes())
    torcer(datos)
    (carpeta / ENTRADAS).write_bytes(datos)
    with pytest.raises(Anomalia):
        recorrer(carpeta, HECHOS, [], {}, con_entradas=True, procesos=1)
    assert not {f.codigo for f in verificar(carpeta, leer(claves)).faltas} <= {Codigo.ARCHIVO_AUSENTE}


def test_una_tesela_torcida_no_pasa(directorio) -> None:
    tesela = directorio[0] / "tile/0/001"
    datos = bytearray(tesela.read_bytes())
    _en_medio(datos)
    tesela.write_bytes(datos)
    with pytest.raises(Anomalia):
        recorrer(directorio[0], HECHOS, [], {}, con_entradas=True, procesos=1)


def test_una_hoja_prometida_distinta_no_pasa(directorio, hechos) -> None:
    uno = hechos[300]
    bien = {uno.origen.encode(): {uno.posicion: uno.hoja}}
    assert recorrer(directorio[0], HECHOS, [], bien, con_entradas=True, procesos=1)
    mal = {uno.origen.encode(): {uno.posicion: CERO}}
    with pytest.raises(Anomalia):
        recorrer(directorio[0], HECHOS, [], mal, con_entradas=True, procesos=1)


def test_un_archivo_desmedido_no_se_lee(directorio) -> None:
    tesela = directorio[0] / "tile/0/001"
    tesela.write_bytes(tesela.read_bytes() + bytes(32))
    with pytest.raises(ArchivoIlegible):
        leer_tesela(directorio[0], 0, 1, 256)
    # No es un archivo corriente, y no se acaba nunca: como si no estuviera.
    (directorio[0] / ENTRADAS).unlink()
    (directorio[0] / ENTRADAS).symlink_to("/dev/zero")
    with pytest.raises(ArchivoAusente):
        leer_paquete(directorio[0], 1, 256)


def test_sin_solicitudes_ni_recibos_no_se_lee_ningun_sobre(tmp_path: Path) -> None:
    """El libro guarda también lo que no entiende; leerlo es de quien juzga actos, y aquí no hay con qué."""
    cuerpos = [b"\xff no es un sobre", b'{"id":']
    crudos = [
        HechoCrudo("/gt/justicia", e.posicion, e.anterior, e.hoja, c)
        for e, c in zip(encadenar("/gt/justicia", 1, CERO, cuerpos), cuerpos, strict=True)
    ]
    for carpeta, claves in _exportado(tmp_path, [crudos]):
        assert [f.codigo for f in verificar(carpeta, leer(claves)).faltas] == [Codigo.ARCHIVO_AUSENTE]
        (carpeta / "solicitudes").mkdir()
        codigos = [f.codigo for f in verificar(carpeta, leer(claves)).faltas]
        assert codigos == [Codigo.FILA_ILEGIBLE] * 2
