"""`senda tablas` como se usa: importar, exportar, importar en otro despliegue vacío, y que la tabla sea la misma."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojReal
from senda import credencial as credenciales
from senda.cliente import Credencial
from senda.composicion import Montaje, mapa
from senda.despliegue import leer as leer_despliegue
from senda.embebido import estrenar
from senda.orden import app, tablas
from senda.ventanilla import lote
from servicios.auditoria.accesos import accesos, comprobar
from servicios.comun.rutas import identificaciones

CTDC = (
    "Age Band,Trafficking Duration,Means Debt Bondage Earnings,Means Threats,Means Abuse,Means False Promises,"
    "Means Drugs Alcohol,Means Deny Basic Needs,Means Excessive Work Hours,Means Withhold Docs,isForcedLabour,"
    "isSexualExploit,Recruiter Relation Intimate Partner,Recruiter Relation Friend,Recruiter Relation Family,"
    "Recruiter Relation Other,Trans/NonConforming,Woman,Is Citizen of Country"
)
#: Sintéticas: ninguna es de nadie.
FILAS = [
    "2,1,1,0,1,0,0,0,0,1,0,1,0,1,0,0,0,1,1",
    "2,1,1,0,1,0,0,0,0,1,0,1,0,1,0,0,0,1,1",
    "9,3,0,1,0,1,0,1,1,0,1,0,0,0,0,1,0,0,0",
    "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0",
]
IMPORTAR = ["--formato", "ctdc", "--ocurrido", "2026-01-01T00:00:00Z", "--pais-explotacion", "GTM"]
EXPORTAR = ["--finalidad", "operacion", "--quien", "GT-SVET"]
ESTADISTICA = ["--finalidad", "estadistica", "--quien", "GT-SVET"]
FISCALIA = Credencial.generar("GT-MP", AzarReal())


def orden(carpeta, *argumentos, quien="GT-MP", entrada=None):
    entorno = {"SENDA_CARPETA": str(carpeta), "SENDA_INSTITUCION": quien, "SENDA_AGENTE": "ag-7c1e90aa"}
    return CliRunner().invoke(app, [str(a) for a in argumentos], input=entrada, env=entorno)


def despliegue(carpeta):
    """Uno recién instalado, con una fiscalía que detecta e identifica."""
    rectora = Credencial.generar("GT-SVET", AzarReal())
    estrenar(carpeta, rectora, RelojReal(), AzarReal()).cerrar()
    credenciales.guardar_todas(carpeta, [rectora, FISCALIA])
    ficha = {
        "codigo": "GT-MP", "pais": "gt", "mandatos_inscritos": ["identificacion", "deteccion"], "servicios": [],
        "cobertura": ["GT"], "clave_firma": FISCALIA.publica,
    }  # fmt: skip
    resultado = orden(
        carpeta, "solicitar", "inscribir-institucion", "-a", "-", quien="GT-SVET", entrada=json.dumps(ficha)
    )
    assert resultado.exit_code == 0, resultado.output
    return carpeta


@pytest.fixture(scope="module")
def tabla(tmp_path_factory):
    archivo = tmp_path_factory.mktemp("tabla") / "entrada.csv"
    archivo.write_text("\n".join([CTDC, *FILAS]) + "\n")
    return archivo


@pytest.fixture(scope="module")
def pais(tmp_path_factory, tabla):
    """Un despliegue con la tabla ya importada, y su informe."""
    carpeta = despliegue(tmp_path_factory.mktemp("uno"))
    resultado = orden(carpeta, "tablas", "importar", tabla, *IMPORTAR, "--identificadas")
    assert resultado.exit_code == 0, resultado.output
    return carpeta, json.loads(resultado.stdout)


def exportar(carpeta, salida, *mas, formato="ctdc", finalidad=EXPORTAR):
    return orden(carpeta, "tablas", "exportar", salida, "--formato", formato, *finalidad, *mas)


def filas_de(base, consulta):
    motor = abrir_motor(base.url, base.esquema)
    try:
        with leyendo(motor) as conexion:
            return conexion.execute(consulta).all()
    finally:
        motor.dispose()


def rutas(carpeta):
    base = leer_despliegue(carpeta).bases["coordinacion"]
    return [f.ruta for f in filas_de(base, sa.select(identificaciones.c.ruta))]


def leidas(carpeta):
    base = leer_despliegue(carpeta).bases["auditoria"]
    return filas_de(base, sa.select(accesos.c.institucion, accesos.c.ruta, accesos.c.motivo).order_by(accesos.c.numero))


def test_cada_fila_es_una_persona_identificada_y_repetirla_no_crea_otra(pais, tabla):
    carpeta, informe = pais
    antes = set(rutas(carpeta))

    otra_vez = orden(carpeta, "tablas", "importar", tabla, *IMPORTAR, "--identificadas")

    assert (informe["filas_aceptadas"], informe["identificadas"], informe["ya_estaban"]) == (4, 4, 0)
    repetido = json.loads(otra_vez.stdout)
    assert (repetido["filas_aceptadas"], repetido["ya_estaban"], repetido["filas_rechazadas"]) == (4, 4, 0)
    assert set(rutas(carpeta)) == antes
    assert len(antes) == 4


def test_con_otra_fecha_no_se_crea_nadie_y_se_dice_por_que(pais, tabla):
    carpeta, _ = pais
    antes = set(rutas(carpeta))

    otra = [a.replace("2026-01-01", "2026-01-02") for a in IMPORTAR]
    resultado = orden(carpeta, "tablas", "importar", tabla, *otra, "--identificadas")

    assert resultado.exit_code == tablas.CON_RECHAZOS
    assert [r["codigo"] for r in json.loads(resultado.stdout)["rechazos"]] == ["id-reutilizado"]
    assert set(rutas(carpeta)) == antes


def test_de_vuelta_en_un_despliegue_vacio_la_tabla_es_la_misma(pais, tmp_path):
    carpeta, _ = pais
    una, otra = tmp_path / "una.csv", tmp_path / "otra.csv"
    assert exportar(carpeta, una, "--sin-proteger").exit_code == 0

    vacio = despliegue(tmp_path / "vacio")
    assert orden(vacio, "tablas", "importar", una, *IMPORTAR, "--identificadas").exit_code == 0
    assert exportar(vacio, otra, "--sin-proteger").exit_code == 0

    assert sorted(una.read_text().splitlines()) == sorted([CTDC, *FILAS])
    assert sorted(otra.read_text().splitlines()) == sorted(una.read_text().splitlines())


def test_de_ctdc_a_htcds_y_de_vuelta_a_htcds(pais, tmp_path):
    carpeta, _ = pais
    una, otra = tmp_path / "una.csv", tmp_path / "otra.csv"
    assert exportar(carpeta, una, "--sin-proteger", formato="htcds").exit_code == 0

    vacio = despliegue(tmp_path / "vacio")
    argumentos = ["--formato", "htcds", "--ocurrido", "2026-01-01T00:00:00Z"]
    resultado = orden(vacio, "tablas", "importar", una, *argumentos)
    assert resultado.exit_code == 0, resultado.output
    assert exportar(vacio, otra, "--sin-proteger", formato="htcds").exit_code == 0

    assert sorted(otra.read_text().splitlines()) == sorted(una.read_text().splitlines())


def test_leer_para_exportar_deja_constancia_de_cada_ruta_y_la_tabla_no_dice_cual(pais, tmp_path):
    carpeta, _ = pais
    antes, salida = len(leidas(carpeta)), tmp_path / "t.csv"

    resultado = exportar(carpeta, salida, finalidad=ESTADISTICA)

    nuevas = leidas(carpeta)[antes:]
    assert resultado.exit_code == 0, resultado.output
    assert {(f.institucion, f.motivo) for f in nuevas} == {("GT-SVET", "estadistica")}
    assert {UUID(f.ruta) for f in nuevas} == set(rutas(carpeta))
    escrito = salida.read_text() + (tmp_path / "t.csv.manifiesto.json").read_text()
    assert not any(str(r) in escrito for r in rutas(carpeta))
    assert {a.stat().st_mode & 0o777 for a in tmp_path.iterdir()} == {0o600}
    base = leer_despliegue(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    with leyendo(motor) as conexion:
        assert comprobar(conexion) is None
    motor.dispose()


def test_protegida_no_sale_ningun_grupo_de_menos_de_once(pais, tmp_path):
    carpeta, _ = pais

    resultado = exportar(carpeta, tmp_path / "t.csv")

    dicho = json.loads(resultado.stdout)
    assert (tmp_path / "t.csv").read_text().splitlines() == [CTDC]
    assert (dicho["filas"], dicho["proteccion"]["filas_suprimidas"]) == (0, "menos de 11")


def test_lo_sellado_no_queda_en_claro_y_en_el_informe_no_hay_personas(pais):
    carpeta, informe = pais

    assert not [a for a in carpeta.rglob("*") if a.is_file() and b"servidumbre-por-deuda" in a.read_bytes()]
    assert not any(str(r) in json.dumps(informe) for r in rutas(carpeta))


def test_un_ensayo_no_envia_nada(tmp_path, tabla):
    carpeta = despliegue(tmp_path / "ensayo")
    antes = (carpeta / "deteccion.db").read_bytes()

    resultado = orden(carpeta, "tablas", "importar", tabla, *IMPORTAR, "--ensayo", "--identificadas")

    assert resultado.exit_code == 0
    assert json.loads(resultado.stdout)["se_enviarian"] == {
        "senda.deteccion.detectar-presunta-victima.v1": 4, "senda.deteccion.identificar-victima.v1": 4,
    }  # fmt: skip
    assert (carpeta / "deteccion.db").read_bytes() == antes


def test_quien_no_participa_no_saca_a_nadie_y_quien_no_esta_no_lee(pais, tmp_path):
    carpeta, _ = pais
    antes = len(leidas(carpeta))
    ficha = {
        "codigo": "GT-AJENA", "pais": "gt", "mandatos_inscritos": ["salud"], "servicios": [], "cobertura": ["GT"],
        "clave_firma": Credencial.generar("GT-AJENA", AzarReal()).publica,
    }  # fmt: skip
    orden(carpeta, "solicitar", "inscribir-institucion", "-a", "-", quien="GT-SVET", entrada=json.dumps(ficha))

    ajena = exportar(carpeta, tmp_path / "a.csv", "--sin-proteger", finalidad=[*EXPORTAR[:-1], "GT-AJENA"])
    nadie = exportar(carpeta, tmp_path / "b.csv", finalidad=[*EXPORTAR[:-1], "GT-NADIE"])

    assert (tmp_path / "a.csv").read_text().splitlines() == [CTDC]
    assert ajena.exit_code == 0
    assert (nadie.exit_code, "quien-no-lee" in nadie.output) == (2, True)
    assert len(leidas(carpeta)) == antes


@pytest.mark.parametrize(
    ("argumentos", "codigo"),
    [
        (["importar", "{t}", "--formato", "xls", "--ocurrido", "2026-01-01T00:00:00Z"], "formato-sin-tabla"),
        (["importar", "{t}", "--formato", "ctdc", "--ocurrido", "ayer"], "fecha-de-tabla-invalida"),
        (["importar", "{t}", "--formato", "ctdc", "--ocurrido", "2026-01-01"], "fecha-de-tabla-invalida"),
        (["importar", "{t}", "--formato", "ctdc", "--ocurrido", "2999-01-01T00:00:00Z"], "fecha-de-tabla-invalida"),
        (["importar", "{t}", *IMPORTAR, "--pais", "GT"], "pais-invalido"),
        (["importar", "{t}", *IMPORTAR[:-1], "QQQ"], "pais-invalido"),
        (["importar", "{t}", "--formato", "htcds", *IMPORTAR[2:]], "pais-de-explotacion-de-mas"),
        (["importar", "{t}", *IMPORTAR, "--columna-id", "Nombre"], "columna-id-de-identidad"),
        (["importar", "no-existe.csv", *IMPORTAR], "tabla-ilegible"),
        (["exportar", "{t}", "--formato", "ctdc", *EXPORTAR], "salida-ocupada"),
        (["exportar", "no/existe.csv", "--formato", "ctdc", *EXPORTAR], "salida-ocupada"),
        (["exportar", "x.csv", "--formato", "ctdc", *ESTADISTICA, "--sin-proteger"], "finalidad-sin-detalle"),
    ],
)  # fmt: skip
def test_cada_cosa_mal_pedida_dice_que_hacer_y_no_hace_nada(pais, tabla, argumentos, codigo):
    carpeta, _ = pais

    resultado = orden(carpeta, "tablas", *(a.replace("{t}", str(tabla)) for a in argumentos))

    assert resultado.exit_code == tablas.MAL_PEDIDO
    assert codigo in resultado.output


def test_de_quien_destruyo_su_clave_no_hay_fila_ni_lectura(tmp_path, tabla):
    carpeta = despliegue(tmp_path / "olvido")
    orden(carpeta, "tablas", "importar", tabla, *IMPORTAR, "--identificadas")
    olvidada = rutas(carpeta)[0]
    llavero = Montaje(carpeta, leer_despliegue(carpeta), RelojReal(), AzarReal()).llavero()
    llavero.destruir(olvidada)
    llavero.cerrar()

    resultado = exportar(carpeta, tmp_path / "t.csv", "--sin-proteger")

    dicho = json.loads(resultado.stdout)
    assert (dicho["filas"], dicho["personas_con_clave_destruida"]) == (3, 1)
    assert str(olvidada) not in {f.ruta for f in leidas(carpeta)}


def test_dos_rutas_de_la_misma_persona_son_una_fila(tmp_path, tabla):
    carpeta = despliegue(tmp_path / "vinculo")
    orden(carpeta, "tablas", "importar", tabla, *IMPORTAR, "--identificadas")
    una, otra, *_ = rutas(carpeta)
    vinculo = {"ruta": str(una), "otra": str(otra), "fundamento": "documento"}
    resultado = orden(carpeta, "solicitar", "confirmar-vinculo", "-a", "-", entrada=json.dumps(vinculo))
    assert resultado.exit_code == 0, resultado.output

    assert json.loads(exportar(carpeta, tmp_path / "t.csv", "--sin-proteger").stdout)["filas"] == 3


def test_por_un_bus_sin_nadie_al_otro_lado_cada_fila_dice_que_no_hubo_acuse(pais, tabla, tmp_path, monkeypatch):
    carpeta, _ = pais
    broker = BrokerMemoria()
    monkeypatch.setattr(lote, "abrir", lambda _url: TransporteMemoria(broker))
    transporte = TransporteMemoria(broker)
    transporte.preparar(mapa())
    transporte.asegurar_cola(colas_de_institucion("GT-MP")[0])
    servicios = tmp_path / "servicios.json"
    servicios.write_text(orden(carpeta, "credencial", "servicios").stdout)

    resultado = orden(
        carpeta, "tablas", "importar", tabla, *IMPORTAR, "--amqp", "amqp://bus", "--servicios", servicios,
        "--espera", "0.2",
    )  # fmt: skip

    assert resultado.exit_code == tablas.CON_RECHAZOS, resultado.output
    assert [(r["codigo"], r["filas"]) for r in json.loads(resultado.stdout)["rechazos"]] == [("sin-acuse", 4)]
    assert transporte.pendientes(mapa().nombres.solicitudes_de("deteccion")) == 4
