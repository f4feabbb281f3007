"""Tras destruir, nadie descifra: ni con una copia de antes y toda clave viva, ni con lo que queda en los archivos."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

import pytest
import sqlalchemy as sa

from eventos.seguridad import MotivoDestruccion
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.seguridad import sobre_cerrado
from infra.seguridad.anillo import Anillo
from infra.seguridad.boveda.caja import _de_institucion, _de_persona
from infra.seguridad.boveda.destruccion import ESPERA, Destruccion
from infra.seguridad.boveda.ficha import atadura_de_ficha
from infra.seguridad.boveda.tablas import envolturas, personas
from infra.seguridad.llavero import Llavero, claves
from infra.seguridad.sello import SelloRoto, abrir
from tests.integracion.boveda.conftest import BASE
from tests.integracion.boveda.mundo import (
    ONG,
    OTRA_DE_LA_RECTORA,
    OTRA_RUTA,
    POR_CONSENTIMIENTO,
    POR_MANDATO,
    RECTORA,
    RUTA,
)


class Copia(NamedTuple):
    """Todo lo que las bases dicen de una ruta: lo que daría una copia de respaldo, de archivos o lógica."""

    personas: list
    envolturas: list
    del_llavero: list


@pytest.fixture
def motor_llavero(mundo, tmp_path):
    """El almacén del llavero, en la misma clase de base que la bóveda y aparte de ella."""
    if mundo.motor.dialect.name == "sqlite":
        motor = abrir_motor(f"sqlite:///{tmp_path / 'llavero.db'}", duradero=True)
        yield motor
        motor.dispose()
        return
    esquema = f"llavero_{uuid4().hex}"
    duena = sa.create_engine(BASE)
    with duena.begin() as conexion:
        conexion.execute(sa.text(f"CREATE SCHEMA {esquema}"))
    motor = abrir_motor(BASE, esquema)
    yield motor
    motor.dispose()
    with duena.begin() as conexion:
        conexion.execute(sa.text(f"DROP SCHEMA {esquema} CASCADE"))
    duena.dispose()


@pytest.fixture
def llavero(mundo, motor_llavero, tmp_path):
    anillo = Anillo.estrenar(tmp_path / "maestra", mundo.azar.bytes(32))
    abierto = Llavero(motor_llavero, anillo, AzarSembrado(8), mundo.reloj)
    abierto.crear_esquema()
    return abierto


@pytest.fixture
def anillos(mundo, tmp_path):
    """Las claves que envuelven, tal como están en el disco."""
    return lambda: {mundo.archivo.read_bytes(), (tmp_path / "maestra").read_bytes()}


@pytest.fixture
def destruir(mundo, llavero):
    """Dos personas con su ficha y sus claves; destruye las de una de principio a fin."""
    mundo.depositar()
    mundo.boveda.depositar(ONG, OTRA_RUTA, mundo.cerrar(ruta=OTRA_RUTA), POR_CONSENTIMIENTO)
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    llavero.obtener_o_crear([RUTA, OTRA_RUTA])

    def destruir_llavero(ruta):
        llavero.destruir(ruta)
        llavero.rotar()

    def entera():
        completa = Destruccion(mundo.boveda, mundo.azar, (destruir_llavero,))
        peticion = completa.pedir(RECTORA, RUTA, MotivoDestruccion.PERSONA_LO_PIDE)
        completa.confirmar(OTRA_DE_LA_RECTORA, peticion)
        mundo.reloj.adelantar(ESPERA)
        completa.ejecutar(RECTORA, peticion)

    return entera


def test_con_una_copia_de_las_tablas_y_todas_las_claves_vivas_no_se_descifra(
    mundo, llavero, motor_llavero, anillos, destruir
):
    """En PostgreSQL, lo mismo que daría un volcado: las filas de antes, la privada de cada institución y el anillo."""
    copia, de_antes = copiar(mundo.motor, motor_llavero), anillos()
    assert len(copia.envolturas) == 2
    assert se_descifra(copia, mundo, de_antes), "antes de destruir, la copia y las claves bastaban"
    otra = copiar(mundo.motor, motor_llavero, OTRA_RUTA)
    destruir()
    assert not de_antes & anillos()
    assert not se_descifra(copia, mundo, anillos())
    assert not se_descifra(copiar(mundo.motor, motor_llavero), mundo, anillos())
    # La copia tampoco abre ya a nadie más: lo vivo está bajo el anillo nuevo, y se abre.
    assert not se_descifra(otra, mundo, anillos(), OTRA_RUTA)
    assert se_descifra(copiar(mundo.motor, motor_llavero, OTRA_RUTA), mundo, anillos(), OTRA_RUTA)
    assert llavero.obtener(RUTA) is None


def test_ni_en_los_archivos_ni_en_las_tablas_queda_clave_alguna_de_antes(
    mundo, llavero, motor_llavero, anillos, destruir, tmp_path
):
    """En SQLite, también el WAL y los archivos que dejó atrás cada rotación."""
    clave_de_hechos, de_antes = llavero.obtener(RUTA), anillos()
    copia = copiar(mundo.motor, motor_llavero)
    destruir()
    en_disco = b"".join(a.read_bytes() for a in tmp_path.rglob("*") if a.is_file())
    for motor, tablas in ((mundo.motor, (personas, envolturas)), (motor_llavero, (claves,))):
        with motor.connect() as conexion:
            filas = [fila for tabla in tablas for fila in conexion.execute(tabla.select())]
        en_disco += b"".join(valor for fila in filas for valor in fila if isinstance(valor, bytes))
    assert len(en_disco) > 500
    assert not any(clave in en_disco for clave in de_antes)
    assert clave_de_hechos not in en_disco
    envueltas = [f.clave for f in (*copia.personas, *copia.envolturas, *copia.del_llavero)]
    assert envueltas
    assert not any(envuelta in en_disco for envuelta in envueltas)


def copiar(boveda, motor_llavero, ruta=RUTA):
    with boveda.connect() as una, motor_llavero.connect() as otra:
        return Copia(
            una.execute(personas.select().where(personas.c.ruta == ruta)).all(),
            una.execute(envolturas.select().where(envolturas.c.ruta == ruta)).all(),
            otra.execute(claves.select().where(claves.c.ruta == ruta)).all(),
        )


def se_descifra(copia, mundo, maestras, ruta=RUTA):
    """Si algo de la ruta se abre con esas maestras y las privadas de todas las instituciones."""
    abiertas = []
    for maestra in maestras:
        abiertas += [intentar(maestra, f.clave, _de_persona(ruta)) for f in copia.personas]
        abiertas += [intentar(maestra, f.clave, b"senda-llavero\n" + ruta.bytes) for f in copia.del_llavero]
        for fila in copia.envolturas:
            jwe = intentar(maestra, fila.clave, _de_institucion(ruta, fila.institucion))
            abiertas.append(jwe and sobre_cerrado.abrir(jwe.decode(), mundo.privadas[fila.institucion]))
    fichas = [intentar(c, f.ficha, atadura_de_ficha(ruta)) for c in abiertas if c for f in copia.personas]
    return any(abiertas) or any(fichas)


def intentar(clave, cifrado, atadura):
    try:
        return abrir(clave, cifrado, atadura) if cifrado else None
    except SelloRoto:
        return None
