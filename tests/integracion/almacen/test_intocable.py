"""Lo escrito no se toca: lo impide la base, también al usuario con que corre el servicio."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from infra.almacen.aprovisionar import actualizar, aprovisionar, crear_usuario
from infra.almacen.esquema import aplicaciones, entregas, eventos, solicitudes
from infra.almacen.migrar import Instalacion
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from tests.integracion.almacen.relatos import AUTORIA, LECTURAS, deteccion
from tests.integracion.pilas import INICIO, Pila

ATAQUES = [
    "UPDATE eventos SET tipo = 'otro' WHERE posicion = 1",
    "UPDATE eventos SET posicion = 9 WHERE posicion = 2",
    "DELETE FROM eventos WHERE posicion = 2",
    "DELETE FROM eventos",
    "UPDATE solicitudes SET firma = huella",
    "DELETE FROM solicitudes",
    "UPDATE entregas SET instante = '2020-01-01'",
    "DELETE FROM entregas",
    "UPDATE aplicaciones SET tras = 9",
    "DELETE FROM aplicaciones",
]
SOLO_SQLITE = [
    "REPLACE INTO eventos SELECT posicion, agregado, version, 'otro', cuerpo, anterior, hoja FROM eventos LIMIT 1",
    "INSERT OR REPLACE INTO solicitudes SELECT * FROM solicitudes",
    "REPLACE INTO entregas SELECT numero, institucion, 'otro', instante FROM entregas",
]
SOLO_POSTGRESQL = [
    "TRUNCATE eventos",
    "TRUNCATE eventos CASCADE",
    "TRUNCATE entregas",
    "INSERT INTO eventos SELECT * FROM eventos ON CONFLICT (posicion) DO UPDATE SET tipo = 'otro'",
    "SET session_replication_role = replica; DELETE FROM eventos",
]
SIN_PERMISO = [
    "TRUNCATE eventos",
    "DROP TABLE eventos",
    "DROP TABLE efectos",
    "ALTER TABLE eventos DISABLE TRIGGER ALL",
    "ALTER TABLE eventos ADD COLUMN x int",
    "DROP TRIGGER eventos_sin_update ON eventos",
    "CREATE OR REPLACE FUNCTION solo_anexar() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TABLE otra (x int)",
    "SET session_replication_role = replica",
]


def sembrar(motor: Engine) -> None:
    with motor.begin() as conexion:
        conexion.execute(
            sa.insert(solicitudes).values(
                institucion="GT-PGN", id="1", huella="h", cuerpo=b"c", firma="f", resultado="aceptada", acuse=b"a",
                firma_acuse="f", atendida=INICIO,
            )
        )  # fmt: skip
        conexion.execute(sa.insert(entregas), {"institucion": "GT-PGN", "mensaje": "e1.GT-PGN", "instante": INICIO})
        tramo = {"origen": "/gt/justicia", "desde": 1, "hasta": 2, "tras": 0, "instante": INICIO}
        conexion.execute(sa.insert(aplicaciones), tramo)


def contenido(motor: Engine) -> list[tuple[object, ...]]:
    with motor.connect() as conexion:
        return [
            tuple(fila)
            for tabla in (eventos, solicitudes, entregas, aplicaciones)
            for fila in conexion.execute(sa.select(tabla).order_by(*tabla.primary_key.columns))
        ]


def test_ni_el_dueno_edita_lo_escrito(pila: Pila):
    almacen = pila.almacen("deteccion", LECTURAS)
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(uuid4()), deteccion(uuid4())], AUTORIA)
    sembrar(almacen.motor)
    antes = contenido(almacen.motor)
    for ataque in ATAQUES + (SOLO_POSTGRESQL if pila.real else SOLO_SQLITE):
        with pytest.raises(sa.exc.IntegrityError), almacen.motor.begin() as conexion:
            conexion.execute(sa.text(ataque))
    assert contenido(almacen.motor) == antes


@pytest.fixture
def aprovisionados(pila_real: Pila):
    """Dos servicios recién aprovisionados: (nombre, motor de su usuario) de cada uno."""
    sufijo = uuid4().hex[:8]
    nombres = [f"p_{sufijo}_deteccion", f"p_{sufijo}_justicia"]
    motores = [abrir_motor(aprovisionar(pila_real.url, n, Instalacion(LECTURAS), AzarReal()), n) for n in nombres]
    yield list(zip(nombres, motores, strict=True))
    for motor in motores:
        motor.dispose()
    admin = sa.create_engine(pila_real.url, poolclass=sa.NullPool)
    with admin.begin() as conexion:
        for nombre in nombres:
            conexion.execute(sa.text(f"DROP SCHEMA {nombre} CASCADE"))
            conexion.execute(sa.text(f"DROP ROLE {nombre}"))


@pytest.mark.real
def test_el_usuario_del_servicio_trabaja_y_no_puede_mas(pila_real: Pila, aprovisionados):
    (_, motor), (ajeno, _) = aprovisionados
    almacen = pila_real.almacen("deteccion", LECTURAS, motor)
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(uuid4(), "sellado"), deteccion(uuid4())], AUTORIA)
        tanda.enviar(intercambio="acuses", clave="GT-PGN", tipo="acuse", cuerpo=b"x")
    sembrar(motor)
    antes = contenido(motor)
    de_otro = [f"SELECT * FROM {ajeno}.eventos", f"INSERT INTO {ajeno}.marcas VALUES ('x', 1)"]
    for ataque in [*ATAQUES, *SIN_PERMISO, *de_otro]:
        with pytest.raises(sa.exc.ProgrammingError, match="InsufficientPrivilege"), motor.begin() as conexion:
            conexion.execute(sa.text(ataque))
    assert contenido(motor) == antes


@pytest.mark.real
def test_aprovisionar_dos_veces_renueva_la_contrasena(pila_real: Pila, aprovisionados):
    nombre, motor = aprovisionados[0]
    nueva = aprovisionar(pila_real.url, nombre, Instalacion(LECTURAS), AzarReal())
    assert nueva != motor.url.render_as_string(hide_password=False)
    renovado = abrir_motor(nueva, nombre)
    assert contenido(renovado) == []
    renovado.dispose()


@pytest.mark.real
def test_llevar_uno_instalado_antes_al_esquema_vigente(pila_real: Pila, aprovisionados):
    """Con las tablas que le faltaban, sus permisos y su misma contraseña."""
    nombre, motor = aprovisionados[0]
    admin = abrir_motor(pila_real.url, nombre)
    with admin.begin() as conexion:
        conexion.execute(sa.text("DROP TABLE entregas, aplicaciones, pausas, repuestas"))
        conexion.execute(sa.text("DROP INDEX solicitudes_por_huella, salida_urgentes, salida_por_destino"))
        conexion.execute(sa.text("ALTER TABLE bandeja DROP COLUMN institucion, DROP COLUMN urgente, DROP COLUMN ronda"))
        conexion.execute(sa.text("ALTER TABLE avances DROP COLUMN latido"))
        conexion.execute(sa.text("UPDATE version_esquema SET version_num = '001'"))
    admin.dispose()
    for _ in range(2):
        actualizar(pila_real.url, nombre, Instalacion(LECTURAS))
    sembrar(motor)
    for ataque in ("UPDATE entregas SET mensaje = 'otro'", "DELETE FROM aplicaciones", "DELETE FROM repuestas"):
        with pytest.raises(sa.exc.ProgrammingError, match="InsufficientPrivilege"), motor.begin() as conexion:
            conexion.execute(sa.text(ataque))


@pytest.mark.parametrize("nombre", ["x; DROP TABLE y", "Mayus", "", "1a", "a" * 60])
def test_un_nombre_que_no_es_llano_no_llega_a_la_base(nombre):
    with pytest.raises(ValueError, match="llano"):
        crear_usuario("postgresql+psycopg://nadie@127.0.0.1:1/nada", nombre, AzarReal())
