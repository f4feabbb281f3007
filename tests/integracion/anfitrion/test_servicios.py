"""Los seis servicios de verdad, cada uno en su proceso, tal como los arranca la orden `senda`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from contratos.acuse import Acuse, Resultado
from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.azar import AzarReal
from infra.mensajeria.transportes.amqp import TransporteAmqp
from senda.cliente import Credencial, Enlace, componer
from senda.composicion import CONTEXTOS, instalaciones, mapa
from senda.despliegue import Despliegue, crear
from senda.orden import app
from tests.espera import hasta
from tests.inquilinos import Bus
from tests.integracion.anfitrion.conftest import INSTITUCION, Proceso
from tests.servidores_propios import puerto_libre
from tests.unidad.operacion.citas import AJENAS, citadas, expuestas

pytestmark = pytest.mark.real

#: Solo existe cuando un testigo refrendó alguna vez; lo prueba `test_libro_medido`.
SIN_TESTIGO = {"senda_refrendo_edad_segundos"}
RAIZ = Path(__file__).parents[3]
#: Como la orden `senda`: un proceso que ya importó de todo y se cambia por el del servicio.
ARRANCAR = """
import sys, pathlib, senda.composicion
from senda.proceso import arrancar
arrancar(pathlib.Path(sys.argv[2]), sys.argv[1], int(sys.argv[3]))
"""


@pytest.fixture
def credencial() -> Credencial:
    return Credencial.generar(INSTITUCION, AzarReal())


@pytest.fixture
def despliegue(tmp_path: Path, bus: Bus, url_base: str, credencial: Credencial) -> Iterator[Despliegue]:
    listo = crear(
        tmp_path / "despliegue",
        instalaciones(),
        pais="gt",
        bus=bus.url,
        base=url_base,
        prefijo=f"{bus.prefijo}s{uuid4().hex[:6]}.",
        reloj="real",
        rectora=INSTITUCION,
        clave_rectora=credencial.publica,
        azar=AzarReal(),
    )
    yield listo
    motor = sa.create_engine(url_base, poolclass=sa.NullPool)
    with motor.begin() as conexion:
        for base in listo.bases.values():
            usuario = sa.make_url(base.url).username
            conexion.execute(sa.text(f"DROP SCHEMA {base.esquema} CASCADE"))
            conexion.execute(sa.text(f"DROP OWNED BY {usuario}"))
            conexion.execute(sa.text(f"DROP ROLE {usuario}"))


@pytest.fixture
def procesos(tmp_path: Path, despliegue: Despliegue) -> Iterator[dict[str, Proceso]]:
    carpeta = tmp_path / "despliegue"
    abiertos = {}
    for nombre in CONTEXTOS:
        puerto = puerto_libre()
        orden = [sys.executable, "-c", ARRANCAR, nombre, str(carpeta), str(puerto)]
        abiertos[nombre] = Proceso(orden, puerto, tmp_path / f"{nombre}.jsonl")
    yield abiertos
    for proceso in abiertos.values():
        proceso.cerrar()


def test_los_seis_arrancan_atienden_se_siguen_y_se_paran(
    procesos: dict[str, Proceso], despliegue: Despliegue, credencial: Credencial, tmp_path: Path
):
    for proceso in procesos.values():
        hasta(proceso.listo, 90)
    enlace = Enlace(TransporteAmqp(despliegue.bus), mapa(despliegue.prefijo).nombres)
    alerta = RecibirAlerta(canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)
    recepcion = despliegue.recepcion["deteccion"]
    azar = AzarReal()
    assert enlace.enviar([componer(alerta, credencial, "ag-0123abcd", datetime.now(UTC), recepcion, azar)]) == [True]
    acuses: list[Acuse] = []

    def llego() -> bool:
        if enlace.transporte.existe(enlace.nombres.acuses_de(INSTITUCION)):
            acuses.extend(enlace.acuses(INSTITUCION))
        return bool(acuses)

    hasta(llego)
    assert [a.resultado for a in acuses] == [Resultado.ACEPTADA]
    hasta(lambda: procesos["auditoria"].salud()["entrada"]["/gt/deteccion"]["aplicada"] == 1)
    enlace.transporte.cerrar()
    miden_lo_que_se_cita(procesos)
    operan_sin_novedad(tmp_path / "despliegue")
    for proceso in procesos.values():
        codigo, tardo = proceso.terminar()
        assert codigo == 0, proceso.diario.read_text()
        assert tardo < 5


def miden_lo_que_se_cita(procesos: dict[str, Proceso]) -> None:
    """Lo que preguntan las alarmas y los tableros lo contesta alguien: una métrica mal escrita no suena nunca."""

    def faltan() -> set[str]:
        textos = [proceso.pedir("/metricas")[1].decode() for proceso in procesos.values()]
        assert not any(INSTITUCION in texto for texto in textos)
        return citadas() - AJENAS - SIN_TESTIGO - set().union(*map(expuestas, textos))

    # Los latidos y los muertos se saben a los pocos segundos.
    hasta(lambda: not faltan(), 60)


def operan_sin_novedad(carpeta: Path) -> None:
    def orden(*argumentos: str) -> tuple[int, str]:
        hecho = CliRunner().invoke(app, ["operar", *argumentos, "--carpeta", str(carpeta)])
        return hecho.exit_code, hecho.stdout + hecho.stderr

    hasta(lambda: orden("estado")[0] == 0)
    codigo, dicho = orden("reparar", "coordinacion")
    assert (codigo, dicho.count("no falta nada")) == (0, len(CONTEXTOS["coordinacion"].sigue))
    assert orden("migrar")[0] == 0  # sin nada que llevar no estorban, ni hace falta decir quién instaló


def test_un_nombre_que_no_es_o_una_carpeta_sin_despliegue_se_dicen(tmp_path: Path):
    for nombre, texto in (("nadie", "deteccion, "), ("deteccion", "no hay un despliegue")):
        orden = [sys.executable, "-m", "senda.proceso", nombre, "--carpeta", str(tmp_path), "--puerto", "0"]
        hecho = subprocess.run(orden, capture_output=True, text=True, timeout=60, cwd=RAIZ, check=False)
        assert hecho.returncode == 2
        assert texto in hecho.stderr


def test_arranca_con_la_base_caida_y_espera_a_que_vuelva(tmp_path: Path, despliegue: Despliegue, url_base: str):
    """Lo descubrió el banco de averías: moría al montarse, antes de que nadie pudiera esperar."""
    motor = sa.create_engine(url_base, poolclass=sa.NullPool)

    def entrada(permiso: str) -> None:
        with motor.begin() as conexion:
            for base in despliegue.bases.values():
                conexion.execute(sa.text(f"ALTER ROLE {sa.make_url(base.url).username} {permiso}"))

    entrada("NOLOGIN")
    puerto = puerto_libre()
    orden = [sys.executable, "-c", ARRANCAR, "deteccion", str(tmp_path / "despliegue"), str(puerto)]
    proceso = Proceso(orden, puerto, tmp_path / "deteccion.jsonl")
    try:
        hasta(lambda: proceso.pedir("/salud/vivo")[0] == 200, 90)
        assert proceso.pedir("/salud/listo")[0] == 503
        entrada("LOGIN")
        hasta(proceso.listo, 60)
    finally:
        proceso.cerrar()
