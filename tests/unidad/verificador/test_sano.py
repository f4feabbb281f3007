"""Lo sano no tiene faltas, y las dos pasadas dicen lo mismo sea cual sea el tamaño."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from senda_verificar.cabeceras import Firmadas
from senda_verificar.faltas import Registro
from senda_verificar.lento import nombrar
from senda_verificar.rapido import recorrer
from tests.unidad.verificador.juicio import juzgar, verificar
from tests.unidad.verificador.mundo import Escribano
from tests.unidad.verificador.piezas import (
    DETECCION,
    JUSTICIA,
    LIBRO,
    ORIGENES,
    TESTIGOS,
    b64,
    claves,
    compacto,
    poner,
    punto,
    raiz,
    teselas,
    vkey,
)

TAMANOS = (0, 1, 2, 3, 255, 256, 257, 511, 512, 513)


def test_el_libro_sano_no_tiene_faltas(libro_sano, directorio_sano):
    informe = verificar(directorio_sano)
    assert informe.faltas == ()
    assert informe.correcto
    assert (informe.tamano, informe.firmado_hasta) == (600, 600)
    assert informe.raiz == raiz(libro_sano.hojas)
    assert informe.hechos == {o: libro_sano.ultimos[o][0] for o in ORIGENES}
    assert informe.testigos == TESTIGOS
    assert informe.sin_comprobar == ()
    assert any("accesos registrados" in que for que in informe.comprobado)
    firmados = sum(c != "" for c in libro_sano.causas)
    assert f"{firmados} actos con la firma de su institución" in " ".join(informe.comprobado)


def test_lo_publico_solo_dice_que_no_vio_el_contenido(libro_sano, tmp_path):
    informe = verificar(libro_sano.escribir(tmp_path, publico=True))
    assert informe.correcto
    assert informe.raiz == raiz(libro_sano.hojas)
    assert any("solo trae lo público" in que for que in informe.sin_comprobar)


def test_repartido_entre_procesos_dice_lo_mismo(directorio_sano):
    from senda_verificar import confianza, directorio

    varios = directorio.verificar(directorio_sano, confianza.leer(claves()), procesos=2)
    assert varios == verificar(directorio_sano)


def test_lo_que_no_se_pudo_comprobar_se_dice(libro_sano, directorio_sano, copia):
    solo_el_libro = verificar(directorio_sano, f"{vkey(LIBRO, LIBRO)}\n")
    assert solo_el_libro.correcto
    dicho = " · ".join(solo_el_libro.sin_comprobar)
    for origen in ORIGENES:
        assert f"acuses de {origen}: falta su línea" in dicho
    assert "fija la de la rectora" in dicho
    assert "hace falta un punto guardado fuera" in dicho

    (copia / "cabeceras.jsonl").unlink()
    dicho = " · ".join(verificar(copia).sin_comprobar)
    assert f"los {libro_sano.ultimos[DETECCION][0]} últimos hechos de {DETECCION}" in dicho


def test_los_puntos_guardados_fuera_que_cuadran(libro_sano, directorio_sano):
    assert juzgar(directorio_sano, retenidos=[*libro_sano.puntos, libro_sano.punto]) == []


def test_un_paquete_completo_sirve_de_los_mas_cortos(libro_sano, copia):
    """C2SP: quien lee un punto viejo puede hallar ya completa la tesela que entonces era parcial."""
    tamanos = [int(p.split("\n")[1]) for p in libro_sano.puntos]
    tamano = max(t for t in tamanos if t < 512)
    assert tamano > 256
    poner(copia, "checkpoint", libro_sano.puntos[tamanos.index(tamano)].encode())
    hasta = (copia / "puntos.jsonl").read_bytes().splitlines(keepends=True)[: tamanos.index(tamano) + 1]
    poner(copia, "puntos.jsonl", b"".join(hasta))
    poner(copia, "tile/1/000.p/1", (copia / "tile/1/000.p/2").read_bytes()[:32])
    informe = verificar(copia, claves(testigos=()))
    assert informe.tamano == tamano
    # Lo que sigue al punto viejo lo delatan las cabeceras (y el acceso de más ya estaba fijado).
    assert {str(f.codigo) for f in informe.faltas} == {"truncado"}


def _pasadas(libro: Escribano, carpeta: Path, marcas: list[int], *, con_entradas: bool) -> None:
    tamano, registro = len(libro.entradas), Registro()
    rapida = recorrer(carpeta, tamano, marcas, {}, con_entradas=con_entradas, procesos=1)
    lenta = nombrar(carpeta, tamano, marcas, Firmadas(), registro, con_entradas=con_entradas)
    assert [f.que for f in registro.faltas] == [
        "algo no casa entre las teselas, las entradas y sus cadenas, y no se pudo precisar qué"
    ]
    hojas = libro.hojas
    for marca in {*marcas, tamano}:
        assert rapida.raices[marca] == lenta.raices[marca] == raiz(hojas[:marca])
    assert (rapida.ultimos, rapida.hechos, rapida.leidas) == (lenta.ultimos, lenta.hechos, lenta.leidas)
    assert rapida.leidas == tamano


@pytest.mark.parametrize("tamano", TAMANOS)
@pytest.mark.parametrize("con_entradas", [True, False])
def test_las_dos_pasadas_coinciden(tmp_path, tamano, con_entradas):
    libro = Escribano()
    for i in range(tamano):
        libro.hecho(ORIGENES[i % 3])
    libro.escribir(tmp_path, publico=not con_entradas)
    marcas = [m for m in TAMANOS if m <= tamano]
    _pasadas(libro, tmp_path, marcas, con_entradas=con_entradas)


@given(tamano=st.integers(0, 1100), datos=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_las_dos_pasadas_coinciden_en_cualquier_tamano(tmp_path_factory, tamano, datos):
    marcas = datos.draw(st.lists(st.integers(0, tamano), max_size=6))
    reparto = datos.draw(st.sampled_from([(DETECCION,), (DETECCION, JUSTICIA), ORIGENES]))
    libro = Escribano()
    for i in range(tamano):
        libro.anotar(reparto[i * 7 % len(reparto)], b"{}")
    carpeta = libro.escribir(tmp_path_factory.mktemp("libro"))
    _pasadas(libro, carpeta, marcas, con_entradas=True)


@pytest.mark.parametrize("tamano", [65_535, 65_536, 65_537])
def test_tres_niveles_de_teselas(tmp_path, tamano):
    """Hasta 65 536 hay un solo nodo en el segundo nivel; los hashes bastan, sin entradas."""
    hojas = [sha256(str(i).encode()).digest() for i in range(tamano)]
    for ruta, datos in teselas(hojas).items():
        poner(tmp_path, ruta, datos)
    assert (tmp_path / "tile/2/000.p/1").is_file() == (tamano >= 65_536)
    unico = punto(tamano, raiz(hojas), ["instante 2026-05-03T12:00:00.000000Z", f"anterior {b64(bytes(32))}"])
    poner(tmp_path, "checkpoint", unico.encode())
    poner(tmp_path, "puntos.jsonl", compacto(unico) + b"\n")
    confiadas = claves(testigos=())
    assert juzgar(tmp_path, confiadas) == []

    for alta in tmp_path.glob("tile/[12]/*.p/*"):
        sana = alta.read_bytes()
        alta.write_bytes(bytes([sana[0] ^ 1]) + sana[1:])
        nivel = alta.parent.parent.name
        informe = verificar(tmp_path, confiadas)
        assert [(str(f.codigo), f.que[:7]) for f in informe.faltas] == [("tesela-distinta", f"tile/{nivel}/")]
        alta.write_bytes(sana)
