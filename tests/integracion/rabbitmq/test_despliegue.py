"""Un despliegue entero sobre un bus con permisos: las órdenes, y dos servicios de verdad con su certificado."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from contratos.acuse import Acuse, Resultado
from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.mensajeria.transportes.abrir import abrir
from infra.rabbitmq.gestion import Gestion
from senda.acceso_bus import Acceso
from senda.cliente import Credencial, Enlace, componer
from senda.composicion import CONTEXTOS, instalaciones, mapa
from senda.despliegue import Despliegue, crear
from senda.orden import app
from servicios.comun.directorio import instituciones
from tests.espera import hasta
from tests.integracion.anfitrion.conftest import INSTITUCION, Proceso
from tests.nodo_rabbit import NodoRabbit
from tests.servidores_propios import puerto_libre

pytestmark = pytest.mark.real
VHOST = "senda"


class Banco:
    """Un despliegue sobre SQLite y el nodo con TLS, y la orden `senda bus`."""

    def __init__(self, carpeta: Path, nodo: NodoRabbit) -> None:
        self.carpeta, self.nodo = carpeta, nodo
        self.rectora = Credencial.generar(INSTITUCION, AzarReal())
        ca = nodo.taller().certificado("ca")
        self.despliegue: Despliegue = crear(
            carpeta, instalaciones(), pais="gt", bus=f"amqps://127.0.0.1:{nodo.puerto_tls}/{VHOST}?ca={ca}", base=None,
            prefijo="", reloj="real", rectora=INSTITUCION, clave_rectora=self.rectora.publica, azar=AzarReal(),
        )  # fmt: skip
        (carpeta / "tls").symlink_to(nodo.certificados)
        self.acceso = Acceso(carpeta, self.despliegue)

    def senda(self, *orden: str) -> tuple[int, str]:
        hecho = CliRunner().invoke(
            app,
            ["bus", *orden, "--carpeta", str(self.carpeta)],
            env={"SENDA_RABBITMQ_API": self.nodo.api, "COLUMNS": "200"},
        )
        return hecho.exit_code, hecho.output

    def inscribir(self, codigo: str, *, activa: bool = True) -> None:
        """Directamente en lo que coordinación lee: cómo llega ahí ya se prueba en otra parte."""
        base = self.despliegue.bases["coordinacion"]
        motor = abrir_motor(base.url, base.esquema)
        with motor.begin() as conexion:
            conexion.execute(sa.delete(instituciones).where(instituciones.c.codigo == codigo))
            conexion.execute(
                sa.insert(instituciones).values(
                    codigo=codigo, pais="gt", mandatos="deteccion", servicios="", cobertura="", clave_firma="",
                    activa=activa,
                )
            )  # fmt: skip
        motor.dispose()


@pytest.fixture
def banco(tmp_path: Path, nodo_rabbit: NodoRabbit) -> Banco:
    return Banco(tmp_path / "despliegue", nodo_rabbit)


def test_inscribir_aplicar_suspender_y_comprobar(banco: Banco):
    banco.inscribir("GT-PGN")
    banco.inscribir("GT-MP")
    codigo, dicho = banco.senda("certificados")
    assert codigo == 0
    assert "GT-PGN" in dicho
    codigo, dicho = banco.senda("aplicar")
    assert codigo == 0, dicho
    assert "GT-MP" in dicho
    assert "nuevos" in dicho
    assert "ya estaba al día" in banco.senda("aplicar")[1]

    codigo, dicho = banco.senda("matriz")
    assert codigo == 0, dicho
    assert "denegados; los debidos, permitidos" in dicho

    banco.inscribir("GT-MP", activa=False)
    assert "quitados: GT-MP" in banco.senda("aplicar")[1]
    assert "GT-MP" not in {u["name"] for u in Gestion(banco.nodo.api).leer("users")}

    # Lo que abre una mano ajena, la matriz lo dice y sale con 1.
    abierto = {"configure": "^$", "write": r"^senda\.solicitudes$", "read": r"^senda\.buzon\."}
    Gestion(banco.nodo.api).poner(abierto, "permissions", VHOST, "GT-PGN")
    codigo, dicho = banco.senda("matriz")
    assert codigo == 1
    assert "PERMITIDO" in dicho


def test_sin_certificado_entra_con_una_contrasena_que_no_sale_de_su_archivo(banco: Banco):
    banco.inscribir("GT-IGM")
    codigo, dicho = banco.senda("definiciones")
    assert codigo == 0
    clave = banco.acceso.claves.leer("GT-IGM")
    assert clave is not None
    assert clave.contrasena not in dicho
    usuarios = {u["name"]: u for u in msgspec.json.decode(dicho)["users"]}
    assert usuarios["GT-IGM"]["password_hash"] == clave.hash
    assert banco.senda("definiciones")[1] == dicho
    assert banco.senda("renovar", "GT-IGM")[0] == 0
    assert banco.acceso.claves.leer("GT-IGM") != clave
    assert banco.senda("renovar", "GT-NADIE")[0] == 1


def test_sin_broker_o_sin_gestion_se_dice(tmp_path: Path, banco: Banco):
    hecho = CliRunner().invoke(app, ["bus", "aplicar", "--carpeta", str(tmp_path / "nada"), "--api", banco.nodo.api])
    assert hecho.exit_code == 2
    hecho = CliRunner().invoke(
        app, ["bus", "aplicar", "--carpeta", str(banco.carpeta), "--api", "http://x:secreta@127.0.0.1:9"]
    )
    assert hecho.exit_code == 2
    assert "no contesta" in hecho.output
    assert "secreta" not in hecho.output


@pytest.fixture
def procesos(banco: Banco, tmp_path: Path) -> Iterator[dict[str, Proceso]]:
    assert banco.senda("certificados")[0] == 0
    assert banco.senda("aplicar")[0] == 0
    abiertos = {}
    for nombre in ("coordinacion", "deteccion"):
        puerto = puerto_libre()
        orden = [
            sys.executable,
            "-m",
            "senda.proceso",
            nombre,
            "--carpeta",
            str(banco.carpeta),
            "--puerto",
            str(puerto),
        ]
        abiertos[nombre] = Proceso(orden, puerto, tmp_path / f"{nombre}.jsonl")
    yield abiertos
    for proceso in abiertos.values():
        proceso.cerrar()


def test_los_servicios_andan_con_su_certificado_y_la_institucion_con_el_suyo(
    banco: Banco, procesos: dict[str, Proceso]
):
    assert set(procesos) < set(CONTEXTOS)
    for proceso in procesos.values():
        hasta(proceso.listo, 90)
    url = banco.acceso.url_de(INSTITUCION)
    assert url is not None
    enlace = Enlace(abrir(url), mapa().nombres)
    alerta = RecibirAlerta(canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)
    recepcion = banco.despliegue.recepcion["deteccion"]
    compuesta = componer(alerta, banco.rectora, "ag-0123abcd", datetime.now(UTC), recepcion, AzarReal())
    assert enlace.enviar([compuesta]) == [True]
    acuses: list[Acuse] = []

    def llego() -> bool:
        acuses.extend(enlace.acuses(INSTITUCION))
        return bool(acuses)

    hasta(llego)
    enlace.transporte.cerrar()
    assert [a.resultado for a in acuses] == [Resultado.ACEPTADA]
    # El hecho llega a quien lo sigue por la cola que declaró quien administra, con la clave de su origen.
    hasta(lambda: procesos["coordinacion"].salud()["entrada"]["/gt/deteccion"]["aplicada"] == 1)
