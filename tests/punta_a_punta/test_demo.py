"""La demostración embebida: todas las historias, de la detección al cierre, y un libro que se puede repetir."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from eventos.coordinacion import DerivacionEscalada, DerivacionReasignada, DerivacionRechazada, RutaReabierta
from eventos.motivos import MotivoCierre
from eventos.repatriacion import (
    InteresSuperiorDeterminado,
    RecepcionConfirmada,
    SeguimientoRealizado,
    TrasladoRealizado,
)
from eventos.sobre import decodificar
from infra.almacen.esquema import eventos
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import AzarSembrado
from senda.auditoria.verificacion import verificar_despliegue
from senda.consulta import historia
from senda.credencial import CARPETA
from senda.demo import funcion
from senda.demo.carpeta import MARCA, CarpetaAjena, preparar
from senda.demo.corrida import correr_embebida
from senda.demo.elenco import EN_OTRO_PAIS
from senda.demo.historias.cartel import HISTORIAS, repartir
from senda.demo.informe import Informe
from senda.demo.obra import de_historias
from senda.orden import app
from senda_verificar.orden import main as senda_verificar
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.libro import nodos
from servicios.coordinacion.dominio.derechos import Estado

COMIENZO = datetime(2026, 1, 5, 8, tzinfo=UTC)
#: Lo que las historias piden a sabiendas de que no se puede, o se cruza con el cierre de la ruta.
RECHAZOS_PREVISTOS = {
    "derechos-pendientes",
    "falta-decision-informada",
    "ruta-cerrada",
    "sin-consentimiento",
    "sin-participacion",
    "sin-plaza",
}


def corrida(carpeta: Path, semilla: int = 7, personas: int = len(HISTORIAS)) -> Informe:
    return funcion.embebida(carpeta, de_historias(personas), AzarSembrado(semilla), COMIENZO, lambda _: None)


@pytest.fixture(scope="module")
def informe(tmp_path_factory: pytest.TempPathFactory) -> Informe:
    return corrida(tmp_path_factory.mktemp("demo"))


def test_cada_historia_llega_a_su_final(informe):
    assert informe.verificado
    assert informe.rutas == len(HISTORIAS)
    assert informe.restitucion_plena == 5
    assert informe.rutas_por_estado == {
        "abierta": 3,
        f"cerrada: {MotivoCierre.DECISION_PERSONA}": 1,
        f"cerrada: {MotivoCierre.PRESUNCION_DESCARTADA}": 1,
        f"cerrada: {MotivoCierre.RESTITUCION_PLENA}": 5,
        f"cerrada: {MotivoCierre.TRASLADO_OTRO_PAIS}": 2,
    }
    assert set(informe.rechazos) <= RECHAZOS_PREVISTOS


def test_la_restitucion_plena_lo_es_derecho_a_derecho(informe):
    muestra = historia(Path(informe.carpeta), UUID(informe.ruta_de_muestra), None, None, MotivoAcceso.OPERACION)
    assert muestra.estado.cierre is MotivoCierre.RESTITUCION_PLENA
    assert {d.estado for d in muestra.estado.derechos.values()} <= {Estado.RESTITUIDO, Estado.NO_APLICABLE}
    assert not muestra.obligaciones


def test_hay_quien_rechaza_quien_calla_y_quien_vuelve(informe):
    hechos = informe.eventos_por_tipo
    for clase in (
        DerivacionRechazada,
        DerivacionReasignada,
        DerivacionEscalada,
        RutaReabierta,
        InteresSuperiorDeterminado,
        TrasladoRealizado,
    ):
        assert hechos.get(clase.tipo), clase.tipo


def test_el_reloj_avisa_de_lo_que_esta_por_vencer_y_de_lo_que_vencio(informe):
    assert informe.fechas_por_vencer > 0
    assert informe.fechas_vencidas > 0


def test_quien_vuelve_a_su_pais_lo_recibe_una_institucion_de_alli(informe):
    """Dos países en una misma ruta: la derivación cruza la frontera y quien la acepta responde desde entonces."""
    motor = abrir_motor(f"sqlite:///{Path(informe.carpeta) / 'repatriacion.db'}")
    with leyendo(motor) as conexion:
        sobres = [decodificar(c) for c in conexion.scalars(sa.select(eventos.c.cuerpo).order_by(eventos.c.posicion))]
    motor.dispose()
    reciben = {a.institucion for a in sobres if isinstance(a.hecho, RecepcionConfirmada)}
    siguen = {a.institucion for a in sobres if isinstance(a.hecho, SeguimientoRealizado)}
    assert reciben & EN_OTRO_PAIS
    assert siguen <= reciben


def test_la_misma_semilla_da_la_misma_raiz_y_otra_no(informe, tmp_path):
    assert corrida(tmp_path / "misma").raiz == informe.raiz
    assert corrida(tmp_path / "otra", semilla=8).raiz != informe.raiz


@pytest.mark.parametrize("personas", [12, 25, 220])
def test_ninguna_historia_se_queda_sin_contar(personas):
    cuentan = Counter(h.nombre for h in repartir(personas))
    assert sum(cuentan.values()) == personas
    assert set(cuentan) == {h.nombre for h in HISTORIAS}


def test_una_historia_que_se_retrasa_mas_alla_del_final_previsto_acaba(tmp_path, monkeypatch):
    def con_menos_tiempo(sistema, reloj, escena, fin, avance):
        correr_embebida(sistema, reloj, escena, fin - timedelta(days=60), avance)

    monkeypatch.setattr(funcion, "correr_embebida", con_menos_tiempo)
    assert corrida(tmp_path / "justa").rutas


def test_la_carpeta_de_otra_cosa_no_se_toca(tmp_path):
    (tmp_path / "tesis.txt").write_text("lo de alguien")
    with pytest.raises(CarpetaAjena):
        preparar(tmp_path)
    assert (tmp_path / "tesis.txt").exists()


def test_la_carpeta_de_una_demostracion_anterior_se_vacia(tmp_path):
    preparar(tmp_path / "demo")
    (tmp_path / "demo" / "resto").touch()
    preparar(tmp_path / "demo")
    assert [p.name for p in (tmp_path / "demo").iterdir()] == [MARCA]


def verificar(carpeta: Path, libro: Path, capsys) -> tuple[int, dict]:
    salida = senda_verificar([str(libro), "--clave", str(carpeta / "libro.claves"), "--json"])
    return salida, loads(capsys.readouterr().out)


def test_deja_el_libro_exportado_y_el_verificador_aparte_lo_da_por_bueno(informe, capsys):
    carpeta = Path(informe.carpeta)
    salida, dicho = verificar(carpeta, Path(informe.libro), capsys)
    assert (salida, dicho["faltas"]) == (0, [])
    assert (dicho["raiz"], dicho["tamano"]) == (informe.raiz, informe.eventos)
    # Lo último que contó cada origen ya está en una cabecera suya.
    assert not any("aún no firmó una cabecera" in que for que in dicho["sin_comprobar"])


def test_de_una_ruta_que_no_consta_no_hay_informe_de_accesos(informe):
    inventada = "00000000-0000-4000-8000-000000000000"
    pedido = CliRunner().invoke(app, ["auditar", "accesos", inventada, "--carpeta", informe.carpeta])
    assert pedido.exit_code == 2
    assert "no consta" in pedido.output


def test_las_cuentas_danadas_del_libro_se_notan_y_se_rehacen(informe, tmp_path, capsys):
    carpeta = Path(informe.carpeta)

    def exportado(nombre: str) -> tuple[int, dict]:
        orden = ["auditar", "exportar", str(tmp_path / nombre), "--con-entradas", "--carpeta", str(carpeta)]
        assert CliRunner().invoke(app, orden).exit_code == 0
        return verificar(carpeta, tmp_path / nombre, capsys)

    motor = abrir_motor(f"sqlite:///{carpeta / 'auditoria.db'}")
    with motor.begin() as conexion:
        conexion.execute(sa.update(nodos).where(nodos.c.indice == 1).values(hash=b"x" * 32))
    motor.dispose()
    salida, dicho = exportado("danado")
    assert (salida, [f["codigo"] for f in dicho["faltas"]]) == (1, ["tesela-distinta"])
    assert CliRunner().invoke(app, ["operar", "recontar", "--carpeta", str(carpeta)]).exit_code == 0
    assert exportado("rehecho")[0] == 0


# La última: pide sobre la carpeta que las demás leen.
def test_sobre_lo_que_deja_la_demostracion_se_puede_pedir(informe):
    carpeta = Path(informe.carpeta)
    opciones = ["--carpeta", str(carpeta), "--institucion", "GT-PNC", "--agente", "ag-7c1e90aa", "--json"]
    presunta = {"nna": "si", "extranjera": "no", "idioma": "quc", "riesgo": "alto", "pais_deteccion": "gt"}

    pedida = CliRunner().invoke(app, ["solicitar", "detectar-presunta-victima", "-a", "-", *opciones], dumps(presunta))

    assert pedida.exit_code == 0, pedida.output
    nueva = historia(carpeta, UUID(loads(pedida.stdout)["eventos"][0]["sujeto"]), None, None, MotivoAcceso.OPERACION)
    assert "GT-PGN" in {d.a for d in nueva.obligaciones}
    # Nada de lo que quedó pendiente vence por abrirla otro día.
    assert not any(d.vencidas for d in nueva.obligaciones)
    assert verificar_despliegue(carpeta).correcto
    assert all(clave.stat().st_mode & 0o777 == 0o600 for clave in (carpeta / CARPETA).iterdir())
