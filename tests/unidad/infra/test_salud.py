"""La salud se lee de la base: cada cifra y cada alarma, con lo que la causa."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from eventos.deteccion import AlertaRecibida
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados, avances, entrada, salida
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from infra.almacen.tanda import Autoria
from infra.azar import AzarSembrado
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.pausas import MotivoPausa, Tarea, pausar
from infra.mensajeria.presencia import Presencia
from infra.mensajeria.puertos import Medida
from infra.observabilidad.medidas import Medidas
from infra.observabilidad.metricas import DelProceso, exponer
from infra.observabilidad.salud import Salud, medir
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from tests.unidad.historia import INICIO, RUTA

ORIGEN = "/gt/atencion"


@pytest.fixture
def almacen(tmp_path: Path) -> Iterator[Almacen]:
    reloj, azar = RelojSimulado(INICIO), AzarSembrado(1)
    llavero = Llavero(f"sqlite:///{tmp_path / 'llavero.db'}", bytes(32), azar.hijo("llavero"), reloj)
    llavero.crear_esquema()
    motor = abrir_motor(f"sqlite:///{tmp_path / 'servicio.db'}")
    lecturas = Lecturas((), ())
    instalar(motor, Instalacion(lecturas))
    yield Almacen(motor, "/gt/deteccion", llavero, ClavesServicio.generar(azar), reloj, azar, lecturas)
    motor.dispose()
    llavero.cerrar()


def seguir(almacen: Almacen, **campos: object) -> None:
    fila = {"origen": ORIGEN, "aplicada": 0, "hoja": bytes(32), "anunciada": 0, "pedidos": 0} | campos
    poner(almacen, avances, **fila)


def poner(almacen: Almacen, tabla: sa.Table, **campos: object) -> None:
    with almacen.motor.begin() as conexion:
        conexion.execute(sa.insert(tabla).values(**campos))


def ver(almacen: Almacen, *, bus: bool = True) -> Salud:
    return medir(almacen, "deteccion", Ajustes(), bus=bus)


def pasan(almacen: Almacen, segundos: float) -> None:
    assert isinstance(almacen.reloj, RelojSimulado)
    almacen.reloj.adelantar(timedelta(seconds=segundos))


def recibida(almacen: Almacen, posicion: int) -> None:
    fila = {"posicion": posicion, "anterior": bytes(32), "hoja": bytes(32), "cuerpo": b"", "recibido": INICIO}
    poner(almacen, entrada, origen=ORIGEN, **fila)


def test_recien_puesto_esta_listo_y_callado(almacen: Almacen):
    salud = ver(almacen)
    assert (salud.listo, salud.base, salud.alarmas) == (True, True, ())
    assert (salud.relevo.pendientes, salud.relevo.edad) == (0, None)


def test_sin_bus_no_esta_listo(almacen: Almacen):
    salud = ver(almacen, bus=False)
    assert (salud.listo, salud.alarmas) == (False, ("sin-bus",))


def test_sin_base_lo_dice_y_no_lanza(almacen: Almacen, tmp_path: Path):
    almacen.motor = abrir_motor(f"sqlite:///{tmp_path / 'no' / 'existe.db'}")
    salud = ver(almacen)
    assert (salud.listo, salud.base, salud.alarmas) == (False, False, ("sin-base",))


def test_lo_que_falta_por_publicar_y_desde_cuando(almacen: Almacen):
    autoria = Autoria(institucion="GT-PGN", agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="c")
    for _ in range(2):
        with almacen.tanda() as tanda:
            tanda.anotar([AlertaRecibida(ruta=RUTA, canal=CanalAlerta.SALUD, urgencia=Urgencia.ORDINARIA)], autoria)
            tanda.enviar(intercambio="acuses", clave="GT-PGN", tipo="acuse", cuerpo=b"{}")
        pasan(almacen, 20)
    relevo = ver(almacen).relevo
    assert (relevo.hechos, relevo.mensajes, relevo.pendientes, relevo.edad) == (2, 2, 4, 40.0)
    assert ver(almacen).alarmas == ("relevo-atrasado",)
    assert ver(almacen).listo


def test_un_hueco_viejo_alarma_pero_deja_trabajar(almacen: Almacen):
    seguir(almacen, anunciada=9, falta=1, falta_desde=INICIO)
    recibida(almacen, 4)
    pasan(almacen, 31)
    salud = ver(almacen)
    origen = salud.entrada[ORIGEN]
    assert (origen.aplicada, origen.recibida, origen.anunciada) == (0, 4, 9)
    assert (origen.hueco, origen.edad_hueco) == (1, 31.0)
    assert (salud.listo, salud.alarmas) == (True, ("hueco-viejo",))


def test_una_divergencia_quita_de_listo(almacen: Almacen):
    seguir(almacen, alto="divergencia")
    salud = ver(almacen)
    assert (salud.listo, salud.alarmas) == (False, ("divergencia",))
    assert salud.entrada[ORIGEN].alto == "divergencia"


def test_apartados_y_urgentes_alarman(almacen: Almacen):
    poner(almacen, apartados, origen=ORIGEN, posicion=1, sujeto="x", motivo="fallo:X", desde=INICIO)
    poner(
        almacen, salida, intercambio="buzon", clave="GT-PGN", tipo="t", id="1", cuerpo=b"", urgente=True, creado=INICIO,
        proximo=INICIO,
    )  # fmt: skip
    pasan(almacen, 30)
    salud = ver(almacen)
    assert (salud.apartados, salud.urgentes_sin_entregar, salud.listo) == (1, 1, True)
    assert set(salud.alarmas) == {"apartados", "urgentes-sin-entregar"}


def test_las_metricas_dicen_lo_mismo_y_no_a_quien(almacen: Almacen):
    seguir(almacen, aplicada=5, anunciada=7)
    medidas = Medidas("deteccion")
    for resultado in ("aceptada", "aceptada", "rechazada", "devuelta"):
        medidas.respondida(resultado, 0.2)
    medidas.enviado("acuses", 3.0)
    medidas.paso("relevo", 0.01)
    proceso = DelProceso(fallos={"entrada": 2}, muertos=3, atascadas=1, contadas=medidas.familias())
    texto = exponer(ver(almacen), proceso).decode()
    for linea in (
        'senda_listo{servicio="deteccion"} 1.0',
        'senda_solicitudes_total{resultado="aceptada",servicio="deteccion"} 2.0',
        'senda_solicitudes_total{resultado="rechazada",servicio="deteccion"} 1.0',
        'senda_solicitudes_total{resultado="devuelta",servicio="deteccion"} 1.0',
        'senda_hechos_aplicados_total{origen="/gt/atencion",servicio="deteccion"} 5.0',
        'senda_entrada_anunciada{origen="/gt/atencion",servicio="deteccion"} 7.0',
        'senda_entrada_pendientes{origen="/gt/atencion",servicio="deteccion"} 2.0',
        'senda_fallos_de_bucle_total{bucle="entrada",servicio="deteccion"} 2.0',
        'senda_respuesta_segundos_bucket{le="0.5",servicio="deteccion"} 4.0',
        'senda_salida_segundos_count{destino="acuses",servicio="deteccion"} 1.0',
        'senda_paso_segundos_count{paso="relevo",servicio="deteccion"} 1.0',
        'senda_muertos{servicio="deteccion"} 3.0',
        'senda_colas_atascadas{servicio="deteccion"} 1.0',
        'senda_pausado{servicio="deteccion",tarea="publicar"} 0.0',
    ):
        assert linea in texto
    assert "process_resident_memory_bytes" in texto
    assert "_created" not in texto
    # De un origen al que aún no se oyó no se dice que latiera hace nada.
    assert "senda_entrada_latido_segundos{" not in texto


def test_sin_base_las_metricas_lo_dicen(almacen: Almacen, tmp_path: Path):
    almacen.motor = abrir_motor(f"sqlite:///{tmp_path / 'no' / 'existe.db'}")
    texto = exponer(ver(almacen), DelProceso()).decode()
    assert 'senda_base{servicio="deteccion"} 0.0' in texto
    assert "senda_bandeja" not in texto


def test_lo_recibido_y_sin_aplicar_envejece(almacen: Almacen):
    seguir(almacen, aplicada=3, anunciada=4, latido=INICIO)
    recibida(almacen, 4)
    pasan(almacen, 119)
    origen = ver(almacen).entrada[ORIGEN]
    assert (origen.pendientes, origen.edad, origen.edad_latido, ver(almacen).alarmas) == (1, 119.0, 119.0, ())
    pasan(almacen, 2)
    assert ver(almacen).alarmas == ("entrada-atrasada",)


def test_lo_que_espera_tras_un_hueco_tambien_envejece(almacen: Almacen):
    seguir(almacen, aplicada=3, anunciada=9)
    recibida(almacen, 7)
    pasan(almacen, 60)
    assert ver(almacen).entrada[ORIGEN].edad == 60.0


def test_una_pausa_se_ve_y_no_quita_de_listo(almacen: Almacen):
    with almacen.motor.begin() as conexion:
        pausar(conexion, [Tarea.APLICAR], MotivoPausa.DEFECTO, "ag-0123abcd", INICIO)
    salud = ver(almacen)
    assert (salud.listo, salud.alarmas) == (True, ("en-pausa",))
    assert [(p.tarea, p.motivo, p.quien, p.desde) for p in salud.pausas] == [
        ("aplicar", "defecto", "ag-0123abcd", INICIO)
    ]
    assert 'senda_pausado{servicio="deteccion",tarea="aplicar"} 1.0' in exponer(salud, DelProceso()).decode()


def test_un_plazo_sin_atender_alarma_si_hay_quien_lo_atienda(almacen: Almacen):
    class ConPlazo:
        def proximo_vencimiento(self, _tanda: object) -> datetime:
            return INICIO

        def medidas(self, _conexion: object, _ahora: object) -> list[Medida]:
            return [Medida("plazos_vencidos", "x", 1.0)]

    contexto: Any = ConPlazo()
    pasan(almacen, 121)
    parado = medir(almacen, "deteccion", Ajustes(), bus=True, contexto=contexto)
    assert (parado.retraso_plazos, parado.propias[0].valor, parado.alarmas) == (121.0, 1.0, ())
    Presencia(almacen, "deteccion:1", Ajustes()).paso()
    andando = medir(almacen, "deteccion", Ajustes(), bus=True, contexto=contexto)
    assert (andando.procesos, andando.alarmas) == (1, ("plazos-atrasados",))
