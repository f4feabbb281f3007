"""El registro único: encuentra a la misma persona, no responde a quien pregunta y su huella no sale de él."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import IntegrityError

from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from infra.seguridad.boveda.ficha import cerrar_deposito
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.rechazos import DepositoDeOtraRuta, DepositoIlegible, IdentidadDestruida, QuienSinForma
from infra.seguridad.registro_unico.rechazos import (
    ConsultasAgotadas,
    ConsultaSinParticipar,
    HuellasEnDisco,
    HuellaSinDocumento,
)
from infra.seguridad.registro_unico.registro import ESQUEMA, TOPES, RegistroUnico, _huellas
from tests.integracion.boveda.mundo import FICHA, ONG, OTRA_RUTA, RASTROS, RUTA

BASE = os.environ.get("SENDA_PRUEBAS_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
LUNES = datetime(2026, 1, 5, tzinfo=UTC)
AZAR = AzarSembrado(5)
RECEPCION = X25519PrivateKey.from_private_bytes(AZAR.bytes(32))
POR_HORA = TOPES[0][1]


@pytest.fixture
def reloj():
    return RelojSimulado(LUNES)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def registro(request, tmp_path, reloj):
    if request.param == "sqlite":
        motor, esquema = abrir_motor(f"sqlite:///{tmp_path / 'registro.db'}"), ""
    else:
        esquema = f"registro_{uuid4().hex}"
        with create_engine(BASE).begin() as conexion:
            conexion.execute(text(f"CREATE SCHEMA {esquema}"))
        motor = abrir_motor(BASE, esquema)
    abierto = RegistroUnico(motor, bytes(32), RECEPCION, lambda _ruta, codigo: codigo != "GT-AJENA", reloj)
    abierto.crear_esquema()
    yield abierto
    abierto.cerrar()
    if esquema:
        with create_engine(BASE).begin() as conexion:
            conexion.execute(text(f"DROP SCHEMA {esquema} CASCADE"))


def cerrar(ruta, ficha=FICHA):
    return cerrar_deposito(ruta, ficha, RECEPCION.public_key(), AZAR)


def test_la_misma_persona_en_dos_instituciones_se_propone_una_vez(registro):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    assert registro.propuestas() == []
    por_nombre = replace(FICHA, documentos=(), nombres="FICTICIEZ PRUEBASOLA", apellidos="inventada xochiquetzalia")
    for _ in range(2):
        registro.registrar(Quien("GT-MP", "ag-0000000b"), OTRA_RUTA, cerrar(OTRA_RUTA, por_nombre))
    [propuesta] = registro.propuestas()
    assert {propuesta.ruta, propuesta.otra} == {RUTA, OTRA_RUTA}
    registro.contada(propuesta.numero)
    assert registro.propuestas() == []


def test_a_quien_registra_no_se_le_dice_si_hubo_coincidencia(registro):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    con, sin = uuid4(), uuid4()
    assert registro.registrar(ONG, con, cerrar(con)) is None
    assert registro.registrar(ONG, sin, cerrar(sin, replace(FICHA, nombres="Otra", documentos=()))) is None


def test_las_consultas_tienen_tope_por_institucion_y_constan(registro, reloj):
    for _ in range(POR_HORA):
        registro.registrar(ONG, RUTA, cerrar(RUTA))
    with pytest.raises(ConsultasAgotadas):
        registro.registrar(ONG, RUTA, cerrar(RUTA))
    registro.registrar(Quien("GT-MP", "ag-0000000b"), RUTA, cerrar(RUTA))
    reloj.adelantar(timedelta(hours=1))
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    anotadas = [(a.acto.institucion, a.acto.acto, a.acto.detalle) for a in registro.consultas()]
    assert anotadas.count(("GT-ONG", "registrar", "")) == POR_HORA + 2
    assert ("GT-ONG", "negado-registrar", "consultas-agotadas") in anotadas
    assert registro.comprobar_consultas() is None


def test_tambien_lo_mal_pedido_gasta_tope(registro):
    for _ in range(POR_HORA):
        with pytest.raises(DepositoIlegible):
            registro.registrar(ONG, RUTA, "no.es..un.jwe")
    with pytest.raises(ConsultasAgotadas):
        registro.registrar(ONG, RUTA, cerrar(RUTA))


def test_lo_que_no_vale_se_dice_con_su_codigo(registro):
    with pytest.raises(ConsultaSinParticipar):
        registro.registrar(Quien("GT-AJENA", "ag-00000001"), RUTA, cerrar(RUTA))
    with pytest.raises(DepositoDeOtraRuta):
        registro.registrar(ONG, OTRA_RUTA, cerrar(RUTA))
    with pytest.raises(HuellaSinDocumento):
        registro.registrar(ONG, RUTA, cerrar(RUTA, replace(FICHA, documentos=(), nacimiento=None)))
    assert [a.acto.acto for a in registro.consultas()] == ["registrar", "negado-registrar"] * 3


def test_quien_registra_ha_de_tener_forma_de_seudonimo(registro):
    for quien in (Quien("GT-ONG", "Xochiquetzalia"), Quien("ong", ONG.agente)):
        with pytest.raises(QuienSinForma):
            registro.registrar(quien, RUTA, cerrar(RUTA))
    assert registro.consultas() == []


def test_olvidar_borra_sus_huellas_y_lo_propuesto(registro):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    registro.registrar(ONG, OTRA_RUTA, cerrar(OTRA_RUTA))
    registro.olvidar(RUTA)
    assert registro.propuestas() == []
    with registro._motor.connect() as conexion:
        assert set(conexion.scalars(select(_huellas.c.ruta))) == {OTRA_RUTA}


def test_lo_olvidado_no_se_vuelve_a_registrar(registro):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    registro.olvidar(RUTA)
    with pytest.raises(IdentidadDestruida):
        registro.registrar(ONG, RUTA, cerrar(RUTA))
    registro.registrar(ONG, OTRA_RUTA, cerrar(OTRA_RUTA))
    assert registro.propuestas() == []
    with registro._motor.connect() as conexion:
        assert set(conexion.scalars(select(_huellas.c.ruta))) == {OTRA_RUTA}
    assert ("negado-registrar", "identidad-destruida") in [(a.acto.acto, a.acto.detalle) for a in registro.consultas()]


def test_si_alguien_lee_olvidar_lo_dice_y_repetirlo_las_quita_del_disco(tmp_path, reloj):
    motor = abrir_motor(f"sqlite:///{tmp_path / 'registro.db'}")
    # Como en producción, pero sin esperar diez segundos al lector.
    event.listen(motor, "checkout", lambda cruda, *_: cruda.execute("PRAGMA busy_timeout=0"))
    registro = RegistroUnico(motor, bytes(32), RECEPCION, lambda *_: True, reloj)
    registro.crear_esquema()
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    with motor.connect() as conexion:
        suyas = list(conexion.scalars(select(_huellas.c.huella)))

    def en_disco():
        octetos = b"".join(a.read_bytes() for a in tmp_path.iterdir())
        return [h for h in suyas if h in octetos]

    with closing(sqlite3.connect(tmp_path / "registro.db")) as lector:
        cursor = lector.execute("SELECT huella FROM huellas")
        assert cursor.fetchone()
        with pytest.raises(HuellasEnDisco):
            registro.olvidar(RUTA)
        assert en_disco()
        cursor.close()
    registro.olvidar(RUTA)
    assert en_disco() == []
    registro.cerrar()


def test_las_consultas_no_se_borran(registro):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    with pytest.raises(IntegrityError), registro._motor.begin() as conexion:
        conexion.execute(text("DELETE FROM consultas"))


def test_ninguna_tabla_guarda_identidad_en_claro(registro, tmp_path):
    registro.registrar(ONG, RUTA, cerrar(RUTA))
    with registro._motor.connect() as conexion:
        octetos = b"".join(repr(conexion.execute(t.select()).all()).encode() for t in ESQUEMA.sorted_tables)
    octetos += b"".join(a.read_bytes() for a in tmp_path.iterdir())
    assert [r for r in RASTROS if r in octetos] == []
