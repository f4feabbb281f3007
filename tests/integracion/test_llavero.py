"""El llavero, con el mismo juego de pruebas en SQLite y en PostgreSQL de verdad."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal, AzarSembrado
from infra.reloj import RelojSimulado
from infra.seguridad.llavero import ESQUEMA, ClaveDestruida, ClaveIlegible, Llavero, claves

MAESTRA = bytes(range(32))
LUNES = datetime(2026, 1, 5, tzinfo=UTC)
BASE = os.environ.get("SENDA_PRUEBAS_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def motor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Un almacén vacío, propio de la prueba y ya creado por su dueño."""
    if request.param == "sqlite":
        motor = abrir_motor(f"sqlite:///{tmp_path / 'llavero.db'}")
        ESQUEMA.create_all(motor)
        yield motor
        motor.dispose()
        return
    esquema = f"llavero_{uuid4().hex}"
    duena = create_engine(BASE)
    with duena.begin() as conexion:
        conexion.execute(text(f"CREATE SCHEMA {esquema}"))
    motor = abrir_motor(BASE, esquema)
    ESQUEMA.create_all(motor)
    yield motor
    motor.dispose()
    with duena.begin() as conexion:
        conexion.execute(text(f"DROP SCHEMA {esquema} CASCADE"))
    duena.dispose()


@pytest.fixture
def reloj() -> RelojSimulado:
    return RelojSimulado(LUNES)


def abrir_llavero(motor, reloj, azar=None, **opciones):
    return Llavero(motor, MAESTRA, azar or AzarReal(), reloj, **opciones)


def rutas(n, semilla=1):
    azar = AzarSembrado(semilla)
    return [azar.uuid4() for _ in range(n)]


def filas(motor, columna):
    with motor.connect() as conexion:
        return conexion.execute(select(columna)).scalars().all()


def test_cada_ruta_su_clave_y_siempre_la_misma(motor, reloj):
    pedidas = rutas(20)
    primeras = abrir_llavero(motor, reloj).obtener_o_crear(pedidas)
    assert set(primeras) == set(pedidas)
    assert {len(c) for c in primeras.values()} == {32}
    assert len(set(primeras.values())) == 20
    otro = abrir_llavero(motor, reloj)
    assert otro.obtener_o_crear([*pedidas, *pedidas]) == primeras
    assert otro.obtener(pedidas[3]) == primeras[pedidas[3]]
    assert otro.obtener_o_crear([]) == {}


def test_obtener_no_crea(motor, reloj):
    assert abrir_llavero(motor, reloj).obtener(rutas(1)[0]) is None
    assert filas(motor, claves.c.ruta) == []


def test_las_presentes_son_las_que_hay_y_las_demas_no_estorban(motor, reloj):
    viva, otra, destruida, sin_clave = rutas(4)
    llavero = abrir_llavero(motor, reloj)
    dadas = llavero.obtener_o_crear([viva, otra, destruida])
    llavero.destruir(destruida)
    for abierto in (llavero, abrir_llavero(motor, reloj)):
        assert abierto.presentes([viva, otra, destruida, sin_clave]) == {viva: dadas[viva], otra: dadas[otra]}
        assert [abierto.destruida(r) for r in (viva, destruida, sin_clave)] == [False, True, False]
    assert len(filas(motor, claves.c.ruta)) == 3


def test_las_presentes_se_leen_de_una_vez_y_luego_de_memoria(motor, reloj):
    pedidas = rutas(10)
    abrir_llavero(motor, reloj).obtener_o_crear(pedidas)
    llavero = abrir_llavero(motor, reloj)
    consultas: list[str] = []
    event.listen(motor, "before_cursor_execute", lambda *a: consultas.append(a[2]))
    llavero.presentes(pedidas)
    assert len([c for c in consultas if "FROM claves" in c]) == 1
    llavero.presentes(pedidas)
    assert len([c for c in consultas if "FROM claves" in c]) == 1


def test_ninguna_clave_esta_en_claro_en_el_almacen(motor, reloj):
    dadas = abrir_llavero(motor, reloj).obtener_o_crear(rutas(3))
    for envuelta in filas(motor, claves.c.clave):
        assert not any(clave in envuelta for clave in dadas.values())
    assert filas(motor, claves.c.creada) == [LUNES] * 3


def test_la_semilla_manda_sobre_las_claves_y_no_el_orden_de_pedirlas(motor, reloj):
    pedidas = rutas(5)
    dadas = abrir_llavero(motor, reloj, AzarSembrado(9)).obtener_o_crear(set(pedidas))
    with motor.begin() as conexion:
        conexion.execute(claves.delete())
    assert abrir_llavero(motor, reloj, AzarSembrado(9)).obtener_o_crear(pedidas[::-1]) == dadas


def test_crear_cuesta_tres_lecturas_y_un_insert_y_repetir_nada(motor, reloj):
    """Qué hay, con qué maestra se envuelve, y qué quedó tras insertar."""
    ordenes = []
    abrir_llavero(motor, reloj).obtener_o_crear(rutas(1, semilla=2))
    event.listen(motor, "before_cursor_execute", lambda _c, _cu, orden, *_: ordenes.append(orden.split()[0]))
    llavero = abrir_llavero(motor, reloj)
    llavero.obtener_o_crear(rutas(300))
    assert [o for o in ordenes if o in {"SELECT", "INSERT"}] == ["SELECT", "SELECT", "INSERT", "SELECT"]
    ordenes.clear()
    llavero.obtener_o_crear(rutas(300))
    assert ordenes == []


def test_mas_rutas_que_parametros_caben_se_leen_por_tramos(motor, reloj, monkeypatch):
    monkeypatch.setattr("infra.seguridad.llavero._TRAMO", 7)
    dadas = abrir_llavero(motor, reloj).obtener_o_crear(rutas(20))
    assert len(set(dadas.values())) == 20
    assert abrir_llavero(motor, reloj).obtener_o_crear(rutas(20)) == dadas


def test_destruir_deja_lapida_y_no_vuelve(motor, reloj):
    ruta, otra = rutas(2)
    llavero = abrir_llavero(motor, reloj)
    llavero.obtener_o_crear([ruta, otra])
    reloj.adelantar(timedelta(days=1))
    llavero.destruir(ruta)
    reloj.adelantar(timedelta(days=1))
    llavero.destruir(ruta)
    assert llavero.obtener(ruta) is None
    assert llavero.obtener(otra) is not None
    for quien in (llavero, abrir_llavero(motor, reloj)):
        with pytest.raises(ClaveDestruida) as error:
            quien.obtener_o_crear([otra, ruta, *rutas(3, semilla=2)])
        assert error.value.codigo == "clave-destruida"
        assert error.value.args == ()
    with motor.connect() as conexion:
        lapida = conexion.execute(select(claves).where(claves.c.ruta == ruta)).one()
        cuantas = conexion.execute(select(func.count()).select_from(claves)).scalar_one()
    assert (lapida.clave, lapida.creada, lapida.destruida) == (None, LUNES, LUNES + timedelta(days=1))
    assert cuantas == 2, "una petición con lápida no deja claves a medias"


def test_destruir_antes_de_crear_impide_crear(motor, reloj):
    ruta = rutas(1)[0]
    llavero = abrir_llavero(motor, reloj)
    llavero.destruir(ruta)
    assert llavero.obtener(ruta) is None
    with pytest.raises(ClaveDestruida):
        llavero.obtener_o_crear([ruta])


def test_otro_proceso_nota_la_destruccion_pasada_la_vigencia(motor, reloj):
    ruta = rutas(1)[0]
    uno = abrir_llavero(motor, reloj, vigencia=timedelta(minutes=5))
    siempre = abrir_llavero(motor, reloj, vigencia=None)
    for llavero in (uno, siempre):
        llavero.obtener_o_crear([ruta])
    abrir_llavero(motor, reloj).destruir(ruta)
    assert uno.obtener(ruta) is not None
    reloj.adelantar(timedelta(minutes=5))
    assert uno.obtener(ruta) is None
    assert siempre.obtener(ruta) is not None


def test_lo_leido_antes_de_una_destruccion_no_vuelve_a_la_cache(motor, reloj):
    ruta = rutas(1)[0]
    llavero = abrir_llavero(motor, reloj, vigencia=None)
    abrir_llavero(motor, reloj).obtener_o_crear([ruta])
    leer = llavero._leer

    def leer_y_que_otro_destruya(conexion, pedidas, **opciones):
        leidas = leer(conexion, pedidas, **opciones)
        conexion.rollback()
        llavero._leer = leer
        llavero.destruir(ruta)
        return leidas

    llavero._leer = leer_y_que_otro_destruya
    assert llavero.obtener(ruta) is not None
    assert llavero.obtener(ruta) is None


def test_la_cache_esta_acotada_y_olvida_lo_menos_usado(motor, reloj):
    a, b, c = rutas(3)
    llavero = abrir_llavero(motor, reloj, capacidad=2)
    for ruta in (a, b, a, c):
        llavero.obtener_o_crear([ruta])
    with motor.begin() as conexion:
        conexion.execute(claves.delete())
    assert [llavero.obtener(ruta) is not None for ruta in (a, b, c)] == [True, False, True]


def test_otra_maestra_o_filas_cambiadas_no_se_abren(motor, reloj):
    a, b = rutas(2)
    abrir_llavero(motor, reloj).obtener_o_crear([a, b])
    with pytest.raises(ClaveIlegible):
        Llavero(motor, bytes(32), AzarReal(), reloj).obtener(a)
    with motor.begin() as conexion:
        de_b = conexion.execute(select(claves.c.clave).where(claves.c.ruta == b)).scalar_one()
        conexion.execute(update(claves).where(claves.c.ruta == a).values(clave=de_b))
    with pytest.raises(ClaveIlegible):
        abrir_llavero(motor, reloj).obtener_o_crear([a])
    with pytest.raises(ValueError):
        Llavero(motor, bytes(16), AzarReal(), reloj)


def test_procesos_a_la_vez_acaban_con_las_mismas_claves(motor, reloj):
    """Ocho llaveros, cada uno con su caché, piden a la vez rutas que se solapan, cada uno en su orden."""
    llaveros = [abrir_llavero(motor, reloj) for _ in range(8)]
    for vuelta in range(5):
        pedidas = rutas(60, semilla=100 + vuelta)
        salida = Barrier(len(llaveros))

        def pedir(i, pedidas=pedidas, salida=salida):
            mias = pedidas[i * 5 :] + pedidas[: i * 2]
            salida.wait()
            return llaveros[i].obtener_o_crear(mias if i % 2 else mias[::-1])

        with ThreadPoolExecutor(len(llaveros)) as hilos:
            respuestas = list(hilos.map(pedir, range(len(llaveros))))
        guardadas = abrir_llavero(motor, reloj).obtener_o_crear(pedidas)
        for respuesta in respuestas:
            assert respuesta.items() <= guardadas.items()


def test_el_que_llega_tarde_al_insert_se_queda_con_la_clave_del_primero(motor, reloj):
    """La carrera exacta: el segundo ya leyó que no había clave cuando el primero la guarda."""
    ruta = rutas(1)[0]
    tarde = abrir_llavero(motor, reloj)
    sortear = tarde._claves_nuevas
    de_otro = {}

    def sortear_y_que_otro_guarde(nuevas):
        de_otro.update(abrir_llavero(motor, reloj).obtener_o_crear([ruta]))
        return sortear(nuevas)

    tarde._claves_nuevas = sortear_y_que_otro_guarde
    assert tarde.obtener_o_crear([ruta]) == de_otro
    assert len(filas(motor, claves.c.ruta)) == 1


def test_crear_y_destruir_a_la_vez_nunca_resucita(motor, reloj):
    for ruta in rutas(15):
        creador, destructor = abrir_llavero(motor, reloj), abrir_llavero(motor, reloj)
        salida = Barrier(2)

        def crear(ruta=ruta, creador=creador, salida=salida):
            salida.wait()
            try:
                return creador.obtener_o_crear([ruta])[ruta]
            except ClaveDestruida:
                return None

        def destruir(ruta=ruta, destructor=destructor, salida=salida):
            salida.wait()
            destructor.destruir(ruta)

        with ThreadPoolExecutor(2) as hilos:
            for tarea in (hilos.submit(crear), hilos.submit(destruir)):
                tarea.result()
        assert abrir_llavero(motor, reloj).obtener(ruta) is None
    assert set(filas(motor, claves.c.clave)) == {None}


def test_de_lo_destruido_no_quedan_restos_en_los_archivos(motor, reloj, tmp_path):
    """Ni la primera ni la última de la página; lo demás sigue ahí (la búsqueda encuentra lo que hay)."""
    pedidas = sorted(rutas(20))
    llavero = abrir_llavero(motor, reloj)
    llavero.obtener_o_crear(pedidas)
    with motor.connect() as conexion:
        envueltas = dict(conexion.execute(select(claves.c.ruta, claves.c.clave)).tuples().all())

    def en_disco():
        octetos = leer_archivos(motor, tmp_path)
        # El nonce basta para reconocerla, aunque otra fila haya pisado el resto.
        return [ruta for ruta in pedidas if envueltas[ruta][:12] in octetos]

    assert en_disco() == pedidas
    quedan = pedidas
    for victima in (pedidas[-1], pedidas[0], pedidas[5], pedidas[-2]):
        llavero.destruir(victima)
        quedan = [ruta for ruta in quedan if ruta != victima]
        assert en_disco() == quedan


def leer_archivos(motor, carpeta):
    if motor.dialect.name == "sqlite":
        return b"".join(archivo.read_bytes() for archivo in carpeta.iterdir())
    with motor.connect().execution_options(isolation_level="AUTOCOMMIT") as conexion:
        conexion.execute(text("CHECKPOINT"))
        return conexion.execute(text("SELECT pg_read_binary_file(pg_relation_filepath('claves'))")).scalar_one()


def test_lo_destruido_se_borra_aunque_haya_una_transaccion_vieja_abierta(motor, reloj, tmp_path):
    """En PostgreSQL, una transacción de cualquier otro servicio mantenía viva en disco la fila destruida."""
    if motor.dialect.name == "sqlite":
        return
    ruta = rutas(1)[0]
    llavero = abrir_llavero(motor, reloj)
    llavero.obtener_o_crear([ruta])
    with motor.connect() as conexion:
        envuelta = conexion.scalar(select(claves.c.clave))
    with create_engine(BASE).connect().execution_options(isolation_level="REPEATABLE READ") as vieja:
        vieja.execute(text("SELECT txid_current()"))
        llavero.destruir(ruta)
        assert envuelta[:12] not in leer_archivos(motor, tmp_path)


def test_se_abre_por_direccion_y_se_cierra(tmp_path, reloj):
    llavero = Llavero(f"sqlite:///{tmp_path / 'llavero.db'}", MAESTRA, AzarReal(), reloj)
    llavero.crear_esquema()
    ruta = rutas(1)[0]
    dada = llavero.obtener_o_crear([ruta])[ruta]
    llavero.cerrar()
    assert llavero.obtener(ruta) == dada
    llavero.cerrar()


def test_la_tabla_no_admite_dos_filas_de_una_ruta(motor, reloj):
    ruta = rutas(1)[0]
    abrir_llavero(motor, reloj).obtener_o_crear([ruta])
    with pytest.raises(IntegrityError), motor.begin() as conexion:
        conexion.execute(insert(claves), {"ruta": ruta, "clave": b"", "creada": LUNES})
