"""El libro pide refrendos a un testigo: los comprueba, los guarda, y si otro vio otra cosa, es una alarma."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda import testigo as testigos
from senda.auditoria.refrendo import (
    ALARMAS,
    QUE_SIGNIFICA,
    Motivo,
    Refrendo,
    SinRefrendo,
    preparar,
    recoger,
    refrendar_con,
)
from senda_verificar import nota
from senda_verificar.nota import ClaveInvalida
from servicios.auditoria.refrendos import punto_refrendado, refrendos
from servicios.testigo.dominio import TAMANO, TEXTO, Respuesta
from servicios.testigo.testigo import Testigo
from tests.integracion.testigo.conftest import AHORA
from tests.integracion.testigo.libro_de_verdad import crecer, estrenado, migrar
from tests.unidad.testigo.libreta import AJENA, CLAVE, NOMBRE, Libreta

VKEY = Libreta().vkey


@pytest.fixture
def libro(tmp_path: Path) -> Iterator[Engine]:
    motor = estrenado(tmp_path / "auditoria.db")
    yield motor
    motor.dispose()


@pytest.fixture
def otro(tmp_path: Path) -> Iterator[Engine]:
    """El libro falso: otra base, la misma clave."""
    motor = estrenado(tmp_path / "falso.db")
    yield motor
    motor.dispose()


def pedir_a(testigo: Testigo, motor: Engine) -> Refrendo:
    with motor.begin() as conexion:
        return refrendar_con(conexion, testigo.refrendar, testigo.memoria.vkey, AHORA)


def motivo_de(pedir: Callable[[bytes], Respuesta], motor: Engine, testigo: Testigo) -> Motivo:
    antes = guardados(motor)
    with pytest.raises(SinRefrendo) as error, motor.begin() as conexion:
        refrendar_con(conexion, pedir, testigo.memoria.vkey, AHORA)
    assert guardados(motor) == antes
    return error.value.motivo


def guardados(motor: Engine) -> list[int]:
    with motor.begin() as conexion:
        return list(conexion.scalars(sa.select(refrendos.c.tamano).order_by(refrendos.c.tamano)))


def contestando(*respuestas: Respuesta) -> tuple[Callable[[bytes], Respuesta], list[bytes]]:
    """Un testigo que contesta lo que se le diga, y lo que se le pidió; la última respuesta se repite."""
    pedidas: list[bytes] = []

    def pedir(cuerpo: bytes) -> Respuesta:
        pedidas.append(cuerpo)
        return respuestas[min(len(pedidas), len(respuestas)) - 1]

    return pedir, pedidas


def test_el_punto_sale_con_su_refrendo(libro: Engine, testigo: Testigo) -> None:
    for tamano in (1, 7, 300, 301):
        crecer(libro, tamano)
        refrendo = pedir_a(testigo, libro)
        assert (refrendo.tamano, refrendo.olvido) == (tamano, False)
        with libro.begin() as conexion:
            texto = punto_refrendado(conexion)
        assert texto is not None
        punto = nota.verificar(texto, VKEY)
        assert nota.exigir_firma(punto, testigo.vkey) == refrendo.instante == int(AHORA.timestamp())
    assert guardados(libro) == [1, 7, 300, 301]


@pytest.mark.real
def test_en_postgresql(postgresql: Engine, testigo: Testigo) -> None:
    migrar(postgresql)
    for tamano in (7, 300):
        crecer(postgresql, tamano)
        assert pedir_a(testigo, postgresql).tamano == tamano
    assert guardados(postgresql) == [7, 300]


def test_pide_desde_lo_que_consta(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    pedir_a(testigo, libro)
    crecer(libro, 9)
    pedidas: list[bytes] = []

    def pedir(cuerpo: bytes) -> Respuesta:
        pedidas.append(cuerpo)
        return testigo.refrendar(cuerpo)

    with libro.begin() as conexion:
        refrendar_con(conexion, pedir, testigo.memoria.vkey, AHORA)
    assert [p.split(b"\n")[0] for p in pedidas] == [b"old 7"]


def test_repetir_no_guarda_dos_veces(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    assert pedir_a(testigo, libro) == pedir_a(testigo, libro)
    assert guardados(libro) == [7]


def test_si_no_consta_lo_que_el_testigo_refrendo_se_repite_desde_ahi(libro: Engine, testigo: Testigo) -> None:
    """El refrendo se dio y la respuesta se perdió."""
    for tamano in (7, 9):
        crecer(libro, tamano)
        with libro.begin() as conexion:
            testigo.refrendar(preparar(conexion, 0 if tamano == 7 else 7).cuerpo)
    assert pedir_a(testigo, libro).tamano == 9  # ese mismo tamaño
    crecer(libro, 12)
    assert pedir_a(testigo, libro).tamano == 12
    assert guardados(libro) == [9, 12]


def test_un_libro_sin_puntos(libro: Engine, testigo: Testigo) -> None:
    assert motivo_de(testigo.refrendar, libro, testigo) is Motivo.SIN_PUNTOS


def test_bifurcacion_del_mismo_tamano(libro: Engine, otro: Engine, testigo: Testigo) -> None:
    for motor, historia in ((libro, ""), (otro, "falso")):
        crecer(motor, 7, historia)
    pedir_a(testigo, libro)
    assert motivo_de(testigo.refrendar, otro, testigo) is Motivo.BIFURCACION
    assert [e.motivo for e in testigo.memoria.evidencias()] == ["bifurcacion"]


def test_reescrito_y_despues_mayor(libro: Engine, otro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    pedir_a(testigo, libro)
    crecer(otro, 7, "falso")
    crecer(otro, 12)
    assert motivo_de(testigo.refrendar, otro, testigo) is Motivo.SIN_CONSISTENCIA
    assert [e.motivo for e in testigo.memoria.evidencias()] == ["sin-consistencia"]


def test_recortado(libro: Engine, otro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    pedir_a(testigo, libro)
    crecer(otro, 5)  # la copia de antes: el mismo contenido, y menos
    assert motivo_de(testigo.refrendar, otro, testigo) is Motivo.RETROCESO


def test_recortado_sin_recortar_lo_que_consta(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 5)
    crecer(libro, 7)
    pedir_a(testigo, libro)
    with libro.begin() as conexion:
        conexion.exec_driver_sql("DROP TRIGGER puntos_sin_delete")
        conexion.exec_driver_sql("DELETE FROM puntos WHERE tamano = 7")
    assert motivo_de(testigo.refrendar, libro, testigo) is Motivo.RETROCESO


def test_otra_clave_u_otro_nombre(libro: Engine, otro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7, clave=AJENA)
    assert motivo_de(testigo.refrendar, libro, testigo) is Motivo.FIRMA_AJENA
    crecer(otro, 7, nombre="senda.example/hn/libro")
    assert motivo_de(testigo.refrendar, otro, testigo) is Motivo.LIBRO_DESCONOCIDO


def test_testigo_reinstalado_con_otra_clave_empieza_de_cero(
    libro: Engine, testigo: Testigo, tmp_path: Path, reloj: RelojSimulado
) -> None:
    crecer(libro, 7)
    pedir_a(testigo, libro)
    testigos.instalar(tmp_path / "nuevo", testigo.vkey.nombre, VKEY, reloj, AzarSembrado(2))
    with testigos.abierto(tmp_path / "nuevo", reloj) as nuevo:
        assert pedir_a(nuevo, libro).olvido is False
        with libro.begin() as conexion:
            punto = nota.leer(punto_refrendado(conexion) or "")
        for quien in (testigo, nuevo):
            nota.exigir_firma(punto, quien.vkey)


def test_testigo_que_restauro_una_copia_vieja_se_dice(
    libro: Engine, carpeta: Path, tmp_path: Path, reloj: RelojSimulado
) -> None:
    crecer(libro, 7)
    with testigos.abierto(carpeta, reloj) as testigo:
        pedir_a(testigo, libro)
    shutil.copytree(carpeta, tmp_path / "copia")
    crecer(libro, 9)
    with testigos.abierto(carpeta, reloj) as testigo:
        pedir_a(testigo, libro)
    crecer(libro, 12)
    with testigos.abierto(tmp_path / "copia", reloj) as olvidadizo:
        refrendo = pedir_a(olvidadizo, libro)
    assert (refrendo.tamano, refrendo.olvido) == (12, True)


def test_no_se_cree_al_testigo(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 5)
    crecer(libro, 7)
    punto = nota.leer(Libreta().punto(7))
    ajeno = nota.escribir_firma("otro.example/testigo", b"abcd", bytes(72))
    propio_malo = nota.escribir_firma(testigo.vkey.nombre, testigo.vkey.huella, bytes(72))
    # El libro firmándose a sí mismo con el nombre del testigo, y la firma del punto sin el instante.
    sin_instante = nota.escribir_firma(testigo.vkey.nombre, testigo.vkey.huella, CLAVE.sign(punto.firmado))
    for cuerpo in (b"", b"\xff", b"\n", ajeno.encode(), propio_malo.encode(), sin_instante.encode(), b"ok"):
        pedir, _ = contestando(Respuesta(200, TEXTO, cuerpo))
        assert motivo_de(pedir, libro, testigo) is Motivo.REFRENDO_INVALIDO


def test_lo_que_firmo_de_otro_punto_no_vale(libro: Engine, otro: Engine, testigo: Testigo) -> None:
    crecer(otro, 7, "falso")
    with otro.begin() as conexion:
        dado = testigo.refrendar(preparar(conexion, 0).cuerpo)
    crecer(libro, 7)
    pedir, _ = contestando(dado)
    assert motivo_de(pedir, libro, testigo) is Motivo.REFRENDO_INVALIDO


def test_las_lineas_de_otros_se_ignoran(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    ajena = nota.escribir_firma("otro.example/testigo", b"abcd", bytes(72)).encode()
    with libro.begin() as conexion:
        dada = testigo.refrendar(preparar(conexion, 0).cuerpo)
        pedir, _ = contestando(dada._replace(cuerpo=ajena + dada.cuerpo + ajena))
        assert refrendar_con(conexion, pedir, testigo.memoria.vkey, AHORA).linea == dada.cuerpo.decode()


@pytest.mark.parametrize(
    ("respuesta", "motivo", "veces"),
    [
        (Respuesta(409, TAMANO, b"3\n"), Motivo.OTRO_TAMANO, 2),
        (Respuesta(409, TAMANO, b"8\n"), Motivo.RETROCESO, 1),
        # Los hay que también dan el tamaño cuando lo que choca es la raíz.
        (Respuesta(409, TAMANO, b"7\n"), Motivo.BIFURCACION, 2),
        (Respuesta(409, f"{TAMANO}; charset=utf-8", b"8"), Motivo.RETROCESO, 1),
        (Respuesta(409, TAMANO, b"ocho\n"), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(409, TAMANO, b"9" * 5000), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(409, "text/html", b"<html>"), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(409, TEXTO, b"3\n"), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(400, TEXTO, b""), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(302, TEXTO, b""), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(503, TEXTO, b""), Motivo.RESPUESTA_INESPERADA, 1),
        (Respuesta(422, TEXTO, b""), Motivo.SIN_CONSISTENCIA, 1),
    ],
)
def test_cada_respuesta_y_cuantas_veces_se_pide(
    libro: Engine, testigo: Testigo, respuesta: Respuesta, motivo: Motivo, veces: int
) -> None:
    crecer(libro, 7)
    pedir, pedidas = contestando(respuesta)
    assert motivo_de(pedir, libro, testigo) is motivo
    assert len(pedidas) == veces


def test_la_vkey_del_libro_no_es_de_un_testigo(libro: Engine) -> None:
    crecer(libro, 7)
    with pytest.raises(ClaveInvalida), libro.begin() as conexion:
        refrendar_con(conexion, lambda _: Respuesta(200, TEXTO, b""), VKEY, AHORA)


def test_un_refrendo_en_un_archivo_puede_ser_de_un_punto_anterior(libro: Engine, testigo: Testigo) -> None:
    crecer(libro, 7)
    with libro.begin() as conexion:
        dado = testigo.refrendar(preparar(conexion, 0).cuerpo)
    crecer(libro, 9)  # el libro no esperó al USB
    with libro.begin() as conexion:
        assert recoger(conexion, dado.cuerpo, testigo.memoria.vkey).tamano == 7
        with pytest.raises(SinRefrendo):
            recoger(conexion, b"otra cosa\n", testigo.memoria.vkey)


def test_cada_motivo_dice_que_significa() -> None:
    assert set(QUE_SIGNIFICA) == set(Motivo)
    assert all(QUE_SIGNIFICA[m].startswith("ALARMA: ") == (m in ALARMAS) for m in Motivo)
    assert NOMBRE not in "".join(QUE_SIGNIFICA.values())
