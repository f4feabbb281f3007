"""El registro de accesos en SQLite y PostgreSQL: encadenado, en una sola forma, y sin que dos lecturas lo rompan."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, ProgrammingError

from infra.almacen.aprovisionar import aprovisionar
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor, leyendo
from infra.almacen.solo_anexar import claves_de
from infra.azar import AzarReal
from servicios.auditoria import accesos as registro
from servicios.auditoria.accesos import TODAS, Acceso, AccesoInvalido, MotivoAcceso, accesos, registrar

RUTA, OTRA = UUID("0d3b9c52-6f0e-4f0a-9a51-1c3c1df3a001"), UUID("0d3b9c52-6f0e-4f0a-9a51-1c3c1df3a002")
AHORA = datetime(2026, 5, 3, 12, tzinfo=UTC)
INSTALACION = Instalacion(
    Lecturas((), ()),
    migraciones=(Path(registro.__file__).with_name("migraciones"),),
    solo_anexar=("libro", "puntos", "accesos"),
)


def acceso(ruta: UUID | str = RUTA, cuando: datetime = AHORA, institucion: str = "GT-PGN") -> Acceso:
    return Acceso(institucion, str(ruta), MotivoAcceso.ATENCION, cuando)


@pytest.fixture
def abierto(motor: Engine) -> Engine:
    instalar(motor, INSTALACION)
    return motor


@pytest.fixture
def con_siete(abierto: Engine) -> Engine:
    with abierto.begin() as conexion:
        for n in range(7):
            registrar(conexion, acceso(cuando=AHORA + timedelta(seconds=n), institucion=f"GT-{n}"))
    return abierto


def rota_en(motor: Engine) -> int | None:
    with leyendo(motor, en_flujo=True) as conexion:
        return registro.comprobar(conexion)


def test_lo_migrado_es_lo_declarado(abierto: Engine):
    inspeccion = sa.inspect(abierto)
    columnas = inspeccion.get_columns("accesos")
    assert [(c["name"], c["nullable"]) for c in columnas] == [(c.name, c.nullable) for c in accesos.columns]
    assert [tuple(inspeccion.get_pk_constraint("accesos")["constrained_columns"])] == claves_de(accesos)


def test_la_hoja_es_la_que_dice_la_documentacion(abierto: Engine):
    """Rehecha aquí a mano, como la rehará quien no use este código."""
    with abierto.begin() as conexion:
        assert registro.cabecera(conexion) == (0, bytes(32))
        assert registrar(conexion, acceso()) == 1
        assert registrar(conexion, acceso(TODAS, AHORA + timedelta(microseconds=70))) == 2
    primera = f"{'0' * 64}\n1\nGT-PGN\n{RUTA}\natencion\n2026-05-03T12:00:00.000000Z"
    hoja = sha256(primera.encode()).digest()
    segunda = f"{hoja.hex()}\n2\nGT-PGN\ntodas\natencion\n2026-05-03T12:00:00.000070Z"
    with leyendo(abierto, en_flujo=True) as conexion:
        assert [a.hoja for a in registro.filas(conexion)] == [hoja, sha256(segunda.encode()).digest()]
        assert registro.cabecera(conexion) == (2, sha256(segunda.encode()).digest())


def test_el_instante_se_escribe_igual_venga_en_la_zona_que_venga(abierto: Engine):
    lima = timezone(timedelta(hours=-5))
    with abierto.begin() as conexion:
        registrar(conexion, acceso(cuando=AHORA.astimezone(lima)))
    with leyendo(abierto, en_flujo=True) as conexion:
        if abierto.dialect.name == "postgresql":
            # La base devuelve los instantes en la zona de la sesión.
            conexion.execute(sa.text("SET TIME ZONE 'America/Guatemala'"))
        assert [a.instante for a in registro.filas(conexion)] == ["2026-05-03T12:00:00.000000Z"]
        assert registro.comprobar(conexion) is None


def test_de_una_ruta_son_los_suyos_y_los_que_abarcaron_todas(abierto: Engine):
    with abierto.begin() as conexion:
        ultimo = registro.registrar_varios(conexion, [acceso(RUTA), acceso(OTRA), acceso(TODAS), acceso(RUTA)])
        assert ultimo == 4
        assert registro.registrar_varios(conexion, []) == 4
    with leyendo(abierto) as conexion:
        assert [(a.numero, a.ruta) for a in registro.de_una_ruta(conexion, RUTA)] == [
            (1, str(RUTA)), (3, TODAS), (4, str(RUTA)),
        ]  # fmt: skip
        assert [a.numero for a in registro.de_una_ruta(conexion, OTRA)] == [2, 3]
    assert rota_en(abierto) is None


@pytest.mark.parametrize(
    ("malo", "campo"),
    [
        (acceso(institucion=f"GT-PGN\n{RUTA}"), "institucion"),
        (acceso(institucion="GT-PGN\r"), "institucion"),
        (acceso(institucion="GT\u2028PGN"), "institucion"),
        (acceso(institucion="GT\x00"), "institucion"),
        (acceso(institucion=""), "institucion"),
        (acceso(ruta=f"{RUTA}\natencion"), "ruta"),
        (acceso(ruta=str(RUTA).upper()), "ruta"),
        (acceso(ruta=RUTA.hex), "ruta"),
        (acceso(ruta="Todas"), "ruta"),
        (acceso()._replace(motivo="atencion\nx"), "motivo"),  # type: ignore[arg-type]
        (acceso(cuando=AHORA.replace(tzinfo=None)), "instante"),
    ],
)
def test_lo_ambiguo_no_entra_ni_deja_entrar_a_lo_que_va_con_ello(abierto: Engine, malo: Acceso, campo: str):
    with abierto.begin() as conexion:
        with pytest.raises(AccesoInvalido) as error:
            registro.registrar_varios(conexion, [acceso(), malo])
        assert registro.cabecera(conexion) == (0, bytes(32))
    assert (error.value.campo, str(error.value)) == (campo, f"acceso-invalido: {campo}")


def como_superusuario(motor: Engine, *sentencias: str) -> None:
    """Quien opera la base puede quitar los disparadores y cambiar lo que quiera."""
    with motor.begin() as conexion:
        if motor.dialect.name == "postgresql":
            conexion.execute(sa.text("ALTER TABLE accesos DISABLE TRIGGER ALL"))
        else:
            for orden in ("update", "delete", "replace"):
                conexion.execute(sa.text(f"DROP TRIGGER accesos_sin_{orden}"))
        for sentencia in sentencias:
            conexion.execute(sa.text(sentencia))


@pytest.mark.parametrize(
    ("sentencias", "donde"),
    [
        (["UPDATE accesos SET institucion = 'GT-MP' WHERE numero = 3"], 3),
        ([f"UPDATE accesos SET ruta = '{OTRA}' WHERE numero = 3"], 3),
        (["UPDATE accesos SET motivo = 'supervision' WHERE numero = 3"], 3),
        (["UPDATE accesos SET motivo = 'curiosidad' WHERE numero = 3"], 3),
        (["UPDATE accesos SET instante = '2026-05-03 12:00:02.000001' WHERE numero = 3"], 3),
        (["UPDATE accesos SET hoja = (SELECT hoja FROM accesos WHERE numero = 2) WHERE numero = 3"], 3),
        (["DELETE FROM accesos WHERE numero = 1"], 1),
        (["DELETE FROM accesos WHERE numero = 4"], 4),
        (["DELETE FROM accesos WHERE numero = 4", "UPDATE accesos SET numero = numero - 1 WHERE numero > 4"], 4),
        (["UPDATE accesos SET numero = 8 WHERE numero = 4"], 4),
        (
            [
                "UPDATE accesos SET numero = 99 WHERE numero = 4",
                "UPDATE accesos SET numero = 4 WHERE numero = 5",
                "UPDATE accesos SET numero = 5 WHERE numero = 99",
            ],
            4,
        ),
        (["INSERT INTO accesos SELECT 8, institucion, ruta, motivo, instante, hoja FROM accesos WHERE numero = 7"], 8),
        (["INSERT INTO accesos SELECT 0, institucion, ruta, motivo, instante, hoja FROM accesos WHERE numero = 1"], 1),
    ],
)
def test_cada_mentira_se_nombra_por_su_numero(con_siete: Engine, sentencias: list[str], donde: int):
    if con_siete.dialect.name == "postgresql":
        sentencias = [s.replace(".000001'", ".000001+00'") for s in sentencias]
    como_superusuario(con_siete, *sentencias)
    assert rota_en(con_siete) == donde


@pytest.mark.parametrize(
    "valores",
    ["instante = 'ayer'", "instante = 7", "institucion = x'00'", "ruta = 5", "hoja = 'texto'"],
)
def test_ni_con_lo_que_no_es_del_tipo_de_su_columna_deja_de_nombrarse(
    sqlite: Engine, valores: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(registro, "_LOTE", 2)
    instalar(sqlite, INSTALACION)
    with sqlite.begin() as conexion:
        registro.registrar_varios(conexion, [acceso()] * 6)
    como_superusuario(sqlite, f"UPDATE accesos SET {valores} WHERE numero = 5")
    assert rota_en(sqlite) == 5


def test_rota_a_la_mitad_se_puede_seguir_leyendo_por_la_misma_conexion(
    con_siete: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(registro, "_LOTE", 2)
    como_superusuario(con_siete, "UPDATE accesos SET motivo = 'x' WHERE numero = 2")
    with leyendo(con_siete, en_flujo=True) as conexion:
        assert registro.comprobar(conexion) == 2
        assert [a.numero for a in registro.de_una_ruta(conexion, RUTA)] == list(range(1, 8))


def test_de_un_recorte_del_final_solo_se_entera_quien_guardo_la_cabecera(con_siete: Engine):
    with leyendo(con_siete) as conexion:
        guardada = registro.cabecera(conexion)
    como_superusuario(con_siete, "DELETE FROM accesos WHERE numero = 7")
    assert rota_en(con_siete) is None
    with con_siete.begin() as conexion:
        registrar(conexion, acceso(OTRA))
        numero, hoja = registro.cabecera(conexion)
    assert rota_en(con_siete) is None
    assert numero == guardada[0]
    assert hoja != guardada[1]


@pytest.mark.parametrize("sentencia", ["UPDATE accesos SET motivo = 'x' WHERE numero = 2", "DELETE FROM accesos"])
def test_la_base_no_deja_cambiarlo(con_siete: Engine, sentencia: str):
    with pytest.raises(IntegrityError), con_siete.begin() as conexion:
        conexion.execute(sa.text(sentencia))
    assert rota_en(con_siete) is None


@pytest.fixture
def del_servicio(url_base: str) -> Iterator[Engine]:
    """PostgreSQL con el usuario con que corre auditoría: sin UPDATE ni DELETE sobre los accesos."""
    nombre = f"p_{uuid4().hex[:8]}_auditoria"
    motor = abrir_motor(aprovisionar(url_base, nombre, INSTALACION, AzarReal()), nombre)
    yield motor
    motor.dispose()
    dueno = sa.create_engine(url_base, poolclass=sa.NullPool)
    with dueno.begin() as conexion:
        conexion.execute(sa.text(f"DROP SCHEMA {nombre} CASCADE"))
        conexion.execute(sa.text(f"DROP ROLE {nombre}"))


@pytest.mark.real
def test_quien_lee_mientras_otro_lee_espera_su_numero(del_servicio: Engine):
    """Dos conexiones: la segunda empieza con la primera sin confirmar, y no repite su número."""
    suyo: SimpleQueue[int] = SimpleQueue()
    numeros: list[int] = []

    def leer_a_la_vez() -> None:
        with del_servicio.begin() as conexion:
            suyo.put(conexion.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
            numeros.append(registrar(conexion, acceso(OTRA)))

    espera = sa.text("SELECT count(*) FROM pg_locks WHERE pid = :pid AND NOT granted")
    hilo = threading.Thread(target=leer_a_la_vez)
    with del_servicio.connect() as mirando, del_servicio.begin() as conexion:
        numeros.append(registrar(conexion, acceso(RUTA)))
        hilo.start()
        pid = suyo.get(timeout=20)
        while not mirando.scalar(espera, {"pid": pid}) and hilo.is_alive():
            pass
    hilo.join(timeout=20)
    assert numeros == [1, 2]
    assert rota_en(del_servicio) is None
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), del_servicio.begin() as conexion:
        conexion.execute(sa.text("UPDATE accesos SET motivo = motivo"))


@pytest.mark.parametrize("cual", ["sqlite", pytest.param("del_servicio", marks=pytest.mark.real)])
def test_muchas_lecturas_a_la_vez_dan_una_sola_cadena(request: pytest.FixtureRequest, cual: str):
    motor: Engine = request.getfixturevalue(cual)
    if cual == "sqlite":
        instalar(motor, INSTALACION)
    fallos: list[BaseException] = []

    def leer_sin_parar(institucion: str) -> None:
        try:
            for n in range(20):
                with motor.begin() as conexion:
                    registro.registrar_varios(conexion, [acceso(institucion=institucion)] * (n % 3 + 1))
        except BaseException as error:  # noqa: BLE001  un hilo no cuenta sus fallos a nadie
            fallos.append(error)

    hilos = [threading.Thread(target=leer_sin_parar, args=(f"GT-{n}",)) for n in range(4)]
    for hilo in hilos:
        hilo.start()
    for hilo in hilos:
        hilo.join()
    assert fallos == []
    assert rota_en(motor) is None
    with leyendo(motor, en_flujo=True) as conexion:
        halladas = list(registro.filas(conexion))
    assert len(halladas) == 4 * sum(n % 3 + 1 for n in range(20))
    assert all(uno.numero + 1 == otro.numero for uno, otro in pairwise(halladas))
