"""El registro único: encuentra a la misma persona, no responde a quien pregunta y su huella no sale de él."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from contratos.base import Mandato
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import ConfirmarVinculo, DetectarPresuntaVictima, RechazarVinculo, RectificarHecho
from eventos.comun import Efecto
from eventos.deteccion import IdentidadVinculada, MotivoVinculo, VinculoPropuesto, VinculoRechazado
from eventos.motivos import MotivoRectificacion
from eventos.tipos import NivelRiesgo, SiNo
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
from senda import registro as de_senda
from senda.cliente import Credencial
from senda.consulta import campos_abiertos, historia
from senda.orden import app
from servicios.auditoria.accesos import MotivoAcceso
from tests.integracion.boveda.mundo import FICHA, ONG, OTRA_RUTA, RASTROS, RUTA
from tests.integracion.boveda.pais import ONG as ONG_DEL_PAIS
from tests.integracion.boveda.pais import UNA as RECTORA
from tests.integracion.boveda.pais import Pais

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


@pytest.fixture
def pais(tmp_path):
    abierto = Pais(tmp_path / "despliegue")
    yield abierto
    abierto.cerrar()


def registrar(pais, *rutas, institucion="GT-ONG"):
    for ruta in rutas:
        orden = ["registro", "registrar", str(ruta), "--institucion", institucion, "--agente", ONG_DEL_PAIS.agente]
        hecho = CliRunner().invoke(app, [*orden, "--carpeta", str(pais.carpeta)], input=msgspec.json.encode(FICHA))
        assert (hecho.exit_code, hecho.output) == (0, "")
    pais.asentar()


def leer(pais, ruta, **otros):
    argumentos = {"hasta": None, "como": None, "motivo": MotivoAcceso.SUPERVISION, **otros}
    return historia(pais.carpeta, ruta, **argumentos)


def test_de_la_coincidencia_a_una_sola_historia(pais):
    """Registrar, proponer, confirmar y leer: las dos rutas juntas, sin perder un hecho de ninguna."""
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    una, otra = sorted([pais.detectar(), pais.detectar()])
    registrar(pais, una, otra)
    antes = {r: leer(pais, r) for r in (una, otra)}
    assert [h.hecho for h in antes[una].hechos if isinstance(h.hecho, VinculoPropuesto)] == [
        VinculoPropuesto(ruta=una, otra=otra)
    ]
    assert antes[una].vinculadas == ()
    [confirmado] = pais.pedir(ONG_DEL_PAIS, ConfirmarVinculo(ruta=otra, otra=una))
    pais.asentar()
    assert confirmado.tipo == IdentidadVinculada.tipo
    for ruta, vinculada in ((una, otra), (otra, una)):
        junta = leer(pais, ruta)
        ids = {a.id for a in junta.hechos}
        assert ids >= {a.id for r in antes.values() for a in r.hechos}
        assert len(ids) == len(junta.hechos)
        assert [r.id for r in junta.vinculadas] == [vinculada]
        assert len(junta.obligaciones) == sum(len(r.obligaciones) for r in antes.values())
    # Como constaba antes de confirmarse, cada una por su lado.
    [vinculo] = [a for a in leer(pais, otra).hechos if isinstance(a.hecho, IdentidadVinculada)]
    hasta = vinculo.registrado - timedelta(microseconds=1)
    assert leer(pais, una, hasta=hasta).vinculadas == ()


@pytest.fixture
def quien_prueba(pais):
    """Una institución que detecta y no vincula, con una ruta suya y otra ajena en que acertó la ficha."""
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    pais.credenciales["GT-ALB"] = Credencial.generar("GT-ALB", pais.azar.hijo("GT-ALB"))
    pais.pedir(
        RECTORA,
        InscribirInstitucion(
            codigo="GT-ALB", pais="gt", mandatos_inscritos=(Mandato.DETECCION,), servicios=(), cobertura=("GT",),
            clave_firma=pais.credenciales["GT-ALB"].publica,
        ),
    )  # fmt: skip
    detectar = DetectarPresuntaVictima(
        nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt"
    )
    [detectada, *_] = pais.pedir(Quien("GT-ALB", "ag-0000000d"), detectar)
    suya = UUID(detectada.sujeto)
    # La propuesta se anota en la menor de las dos: que sea la suya, que es la que puede leer.
    ajena = next(ruta for ruta in iter(pais.detectar, None) if ruta > suya)
    registrar(pais, ajena)
    registrar(pais, suya, institucion="GT-ALB")
    llegar(pais)
    return suya, ajena


def llegar(pais):
    """Todo lo pedido y lo que encargó el registro está en el libro: con otra petición se miran las bases."""
    pais.detectar()
    pais.asentar()


def nombran(historia, ruta):
    return [type(a.hecho) for a in historia.hechos if str(ruta) in str(campos_abiertos(a.hecho))]


def test_quien_prueba_una_ficha_en_su_ruta_no_ve_la_coincidencia(pais, quien_prueba):
    suya, ajena = quien_prueba
    assert nombran(leer(pais, suya), ajena) == [VinculoPropuesto]
    assert nombran(leer(pais, suya, como="GT-ALB"), ajena) == []
    [rechazado] = pais.pedir(RECTORA, RechazarVinculo(ruta=suya, otra=ajena, motivo=MotivoVinculo.HOMONIMIA))
    llegar(pais)
    assert set(nombran(leer(pais, suya), ajena)) == {VinculoPropuesto, VinculoRechazado}
    antes = leer(pais, suya, como="GT-ALB")
    assert nombran(antes, ajena) == []
    # Tampoco por la rectificación de lo que no ve.
    rectificar = RectificarHecho(
        ruta=suya, corrige=rechazado.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
    )
    pais.pedir(RECTORA, rectificar)
    llegar(pais)
    assert leer(pais, suya, como="GT-ALB").hechos == antes.hechos


def test_quien_no_ve_la_otra_ruta_solo_sabe_que_existe(pais, quien_prueba):
    suya, ajena = quien_prueba
    pais.pedir(RECTORA, ConfirmarVinculo(ruta=suya, otra=ajena))
    llegar(pais)
    assert IdentidadVinculada in nombran(leer(pais, suya), ajena)
    contada = leer(pais, suya, como="GT-ALB")
    assert (nombran(contada, ajena), contada.vinculadas, contada.ocultas) == ([], (), 1)


def test_la_huella_no_aparece_fuera_del_registro(pais):
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    una, otra = pais.detectar(), pais.detectar()
    registrar(pais, una, otra)
    pais.pedir(ONG_DEL_PAIS, RechazarVinculo(ruta=min(una, otra), otra=max(una, otra), motivo=MotivoVinculo.HOMONIMIA))
    montado = de_senda.abrir(pais.sistema.montaje, pais.reloj, pais.sistema.llavero, pais.almacenes)
    with montado.registro._motor.connect() as conexion:
        suyas = set(conexion.scalars(select(_huellas.c.huella)))
    montado.registro.cerrar()
    assert len(suyas) == 2
    formas = [f for huella in suyas for f in (huella, huella.hex().encode(), huella.hex().upper().encode())]
    fuera = {n: octetos for n, octetos in pais.en_disco().items() if not n.startswith("registro/")}
    assert len(fuera) > 6
    assert [(n, f) for n, octetos in fuera.items() for f in [*formas, *RASTROS] if f in octetos] == []
