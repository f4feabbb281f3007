"""Rotar la clave que envuelve: ni dos a la vez ni un corte pueden dejar lo envuelto sin clave."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.reloj import RelojReal
from infra.seguridad.anillo import Anillo
from infra.seguridad.envoltura import RotacionPendiente
from infra.seguridad.llavero import ClaveEnDisco, Llavero, claves

BASE = os.environ.get("SENDA_PRUEBAS_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


def abrir(carpeta: Path) -> Llavero:
    """Como otro proceso: su propio motor y su propia vista del archivo."""
    url = f"sqlite:///{carpeta / 'llavero.db'}"
    return Llavero(abrir_motor(url), Anillo(carpeta / "maestra"), AzarReal(), RelojReal())


@pytest.fixture
def carpeta(tmp_path: Path) -> Path:
    Anillo.estrenar(tmp_path / "maestra", AzarReal().bytes(32))
    abrir(tmp_path).crear_esquema()
    return tmp_path


def test_rotar_a_la_vez_no_pierde_ninguna_clave(carpeta: Path) -> None:
    rutas = {uuid4() for _ in range(3)}
    claves = abrir(carpeta).obtener_o_crear(rutas)
    salida = Barrier(4)

    def rotar(_: int) -> None:
        llavero = abrir(carpeta)
        salida.wait(30)
        for _ in range(5):
            llavero.rotar()

    with ThreadPoolExecutor(4) as hilos:
        list(hilos.map(rotar, range(4)))
    assert {ruta: abrir(carpeta).obtener(ruta) for ruta in rutas} == claves
    assert len((carpeta / "maestra").read_bytes()) == 32


def test_la_anterior_no_se_destruye_hasta_que_la_base_esta_en_el_disco(carpeta: Path) -> None:
    """Con alguien leyendo, lo reenvuelto sigue solo en el WAL: un corte de luz lo desharía."""
    ruta: UUID = uuid4()
    llavero = abrir(carpeta)
    clave = llavero.obtener_o_crear({ruta})[ruta]
    lector = abrir_motor(f"sqlite:///{carpeta / 'llavero.db'}")
    with closing(lector.raw_connection()) as cruda:
        cruda.cursor().execute("PRAGMA busy_timeout=0")
        cursor = cruda.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM envoltura").fetchone()
        with pytest.raises(RotacionPendiente):
            llavero.rotar()
        assert len((carpeta / "maestra").read_bytes()) == 64, "la anterior tiene que seguir"
        cursor.execute("ROLLBACK")
    lector.dispose()
    assert abrir(carpeta).obtener(ruta) == clave
    llavero.rotar()
    assert len((carpeta / "maestra").read_bytes()) == 32
    assert abrir(carpeta).obtener(ruta) == clave
    with abrir_motor(f"sqlite:///{carpeta / 'llavero.db'}").connect() as conexion:
        assert conexion.scalar(sa.text("SELECT count(*) FROM envoltura")) == 1


def test_si_alguien_lee_destruir_lo_dice_y_repetirlo_la_quita_del_disco(carpeta: Path) -> None:
    ruta = uuid4()
    llavero = abrir(carpeta)
    clave = llavero.obtener_o_crear({ruta})[ruta]
    sa.event.listen(llavero._motor, "checkout", lambda cruda, *_: cruda.execute("PRAGMA busy_timeout=0"))
    with llavero._motor.connect() as conexion:
        envuelta: bytes = conexion.scalars(sa.select(claves.c.clave)).one()
    with closing(abrir_motor(f"sqlite:///{carpeta / 'llavero.db'}").raw_connection()) as cruda:
        cursor = cruda.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT clave FROM claves").fetchone()
        with pytest.raises(ClaveEnDisco):
            llavero.destruir(ruta)
        assert llavero.obtener(ruta) is None, "ya no la lee nadie"
        assert envuelta in en_disco(carpeta)
        cursor.execute("ROLLBACK")
    llavero.destruir(ruta)
    assert envuelta not in en_disco(carpeta)
    assert clave not in en_disco(carpeta)


def en_disco(carpeta: Path) -> bytes:
    return b"".join(archivo.read_bytes() for archivo in carpeta.iterdir())


@pytest.mark.real
def test_en_postgresql_tambien_se_dice_si_alguien_retiene_la_tabla(tmp_path: Path) -> None:
    esquema, ruta = f"llavero_{uuid4().hex}", uuid4()
    duena = sa.create_engine(BASE)
    with duena.begin() as conexion:
        conexion.execute(sa.text(f"CREATE SCHEMA {esquema}"))
    motor = abrir_motor(BASE, esquema)
    llavero = Llavero(motor, Anillo.estrenar(tmp_path / "maestra", bytes(32)), AzarReal(), RelojReal())
    llavero.crear_esquema()
    llavero.obtener_o_crear({ruta})
    with motor.connect() as lector:
        lector.execute(sa.select(claves.c.ruta)).all()
        # Como en producción, pero sin esperar veinte segundos al lector.
        sa.event.listen(motor, "begin", lambda c: c.exec_driver_sql("SET LOCAL lock_timeout = 50"))
        with pytest.raises(ClaveEnDisco):
            llavero.destruir(ruta)
    assert llavero.obtener(ruta) is None
    llavero.destruir(ruta)
    llavero.cerrar()
    with duena.begin() as conexion:
        conexion.execute(sa.text(f"DROP SCHEMA {esquema} CASCADE"))
    duena.dispose()
