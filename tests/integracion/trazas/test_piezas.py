"""Qué se anota y qué no cuando algo falla, se repite, se pierde o viene con mala intención."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from infra.anfitrion.estacion import Estacion
from infra.anfitrion.planificador import Planificador
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.base import Mensaje, Transporte, TransporteCaido
from infra.observabilidad.puntos_de_traza import CABECERA, Punto, Puntos
from infra.observabilidad.servicio_trazado import ServicioTrazado
from infra.observabilidad.transporte_trazado import TransporteTrazado
from infra.observabilidad.trazas import Terminado, Trazas
from tests.integracion.mensajeria.sistema import AJUSTES, INSTITUCION, Contador, Sistema, muere_tras_publicar
from tests.integracion.pilas import Pila

PUNTOS = Puntos(b"k" * 32)
AJENO = Punto(0xAB, 0xCD)


class Trazado(Sistema):
    """El sistema de dos servicios, con trazas. ``spans``: lo anotado; ``trazas``: las de cada servicio."""

    def __init__(self, pila: Pila, proporcion: float = 1.0, ajustes: Ajustes = AJUSTES) -> None:
        self.spans: list[Terminado] = []
        self.trazas: dict[str, Trazas] = {}
        self.proporcion = proporcion
        super().__init__(pila, ajustes)

    def montar(self, servicio: Contador, motor: object = None) -> Estacion:
        trazas = self.trazas[servicio.nombre] = Trazas(servicio.nombre, PUNTOS, self.spans.append, self.proporcion)
        with pytest.MonkeyPatch.context() as parche:
            sin_trazas = self.pila.transporte

            def con_trazas() -> Transporte:
                return TransporteTrazado(sin_trazas(), trazas, self.nombres)

            parche.setattr(self.pila, "transporte", con_trazas)
            return super().montar(ServicioTrazado(servicio, trazas, self.nombres), motor)  # type: ignore[arg-type]

    def llamados(self, nombre: str) -> list[Terminado]:
        return [s for s in self.spans if s.nombre.startswith(nombre) and not s.nombre.endswith("(lote)")]


@pytest.fixture
def pila(tmp_path: Path) -> Iterator[Pila]:
    abierta = Pila(tmp_path)
    yield abierta
    abierta.cerrar()


@pytest.fixture
def sistema(pila: Pila) -> Trazado:
    return Trazado(pila)


def test_lo_que_se_revierte_no_consta_como_hecho(sistema: Trazado):
    fallan = iter([True, True])

    def fallar(_anotado: object) -> None:
        if next(fallan, False):
            raise ZeroDivisionError("MARIA")

    sistema.destino.al_conocer = fallar
    sistema.enviar(sistema.componer())
    sistema.hasta(sistema.efectos)

    aplicados = sistema.llamados("process senda.entrada")
    assert [s.error for s in aplicados] == ["ZeroDivisionError", "ZeroDivisionError", ""]
    assert len({s.punto for s in aplicados}) == 3
    (nacido,) = sistema.llamados("create ")
    assert {s.padre for s in aplicados} == {nacido.punto}
    assert "MARIA" not in repr(sistema.spans)


def test_una_solicitud_que_no_se_puede_atender_no_deja_hechos_y_dice_su_codigo(sistema: Trazado):
    def fallar(_peticion: object, _tanda: object) -> None:
        raise ZeroDivisionError

    sistema.origen.al_atender = fallar
    sistema.enviar(sistema.componer())
    sistema.hasta(lambda: sistema.llamados("publish senda.acuses"))
    assert not sistema.llamados("create ")
    (acuse,) = sistema.llamados("publish senda.acuses")
    assert acuse.atributos["senda.codigo"] == "error-interno"


def test_un_lote_que_falla_y_se_repite_se_anota_una_vez(sistema: Trazado):
    compuestas = [sistema.componer() for _ in range(3)]
    veces = iter([False, True])

    def fallar(_peticion: object, _tanda: object) -> None:
        if next(veces, False):
            raise ZeroDivisionError

    sistema.origen.al_atender = fallar
    sistema.enviar(*compuestas)
    sistema.hasta(lambda: sistema.hechos() == 3)
    sistema.reposo()
    assert len(sistema.llamados("create ")) == 3
    assert len([s for s in sistema.llamados("process senda.solicitudes") if not s.error]) == 3


def test_lo_publicado_dos_veces_surte_un_efecto_en_la_misma_traza(sistema: Trazado):
    sistema.enviar(sistema.componer())
    with muere_tras_publicar(sistema.deteccion.relevo):
        for bucle in sistema.deteccion.bucles:
            if bucle.escucha:
                bucle.escucha(0.0)
        sistema.deteccion.solicitudes.atender()
        with pytest.raises(TransporteCaido):
            sistema.deteccion.relevo.paso()
    sistema.reposo()
    assert len(sistema.llamados("process senda.entrada")) == 1
    assert len({s.punto.traza for s in sistema.spans if not s.nombre.endswith("(lote)")}) == 1


def test_lo_perdido_y_reenviado_sigue_en_su_traza(sistema: Trazado):
    """Lo que llega por una reparación cuelga de lo mismo que si hubiera llegado a la primera."""
    sistema.enviar(*(sistema.componer() for _ in range(2)))
    sistema.planificador = Planificador([sistema.deteccion], sistema.reloj)
    sistema.reposo()
    perdido = sistema.tomar(sistema.entrada, 1)[0]
    sistema.planificador = Planificador([sistema.deteccion, sistema.coordinacion], sistema.reloj)
    sistema.hasta(lambda: len(sistema.efectos()) == 2)
    nacidos = {s.punto for s in sistema.llamados("create ")}
    assert {s.padre for s in sistema.llamados("process senda.entrada")} == nacidos
    reenviados = sistema.llamados("publish senda.reenvios")
    assert perdido.cabeceras[CABECERA] in {s.padre.cabecera() for s in reenviados if s.padre}


@pytest.mark.parametrize(
    "cabecera",
    ["MARIA", f"{AJENO.cabecera()}-MARIA", AJENO.cabecera().upper(), "00-" + "0" * 32 + "-" + "1" * 16 + "-01"],
)
def test_lo_hostil_no_entra_en_las_trazas(sistema: Trazado, cabecera: str):
    cuerpo = json.dumps({"tipo": "senda.MARIA.v1", "id": "MARIA", "institucion": "GT-MARIA"}).encode()
    hostil = Mensaje(sistema.nombres.solicitudes, "deteccion", "MARIA", cuerpo, "MARIA", {CABECERA: cabecera})
    assert sistema.fuera.publicar([hostil]) == [True]
    falso: dict[str, str | int] = {"origen": "/gt/deteccion", "posicion": 1, "anterior": "MARIA", CABECERA: cabecera}
    sistema.meter([Mensaje("", "", "MARIA", b'{"id":"MARIA"}', "MARIA", falso)])
    sistema.reposo()
    (llegada,) = sistema.llamados("receive senda.solicitudes")
    assert llegada.enlaces == ()
    assert "MARIA" not in repr(sistema.spans)


def test_el_contexto_ajeno_bien_formado_es_un_enlace(sistema: Trazado):
    compuesta = sistema.componer()
    sistema.enviar(compuesta, cabeceras={"firma": compuesta.firma, CABECERA: AJENO.cabecera()})
    sistema.reposo()
    (llegada,) = sistema.llamados("receive senda.solicitudes")
    assert (llegada.padre, llegada.enlaces) == (None, (AJENO,))
    assert AJENO.traza not in {s.punto.traza for s in sistema.spans}


def test_sin_muestra_no_se_anota_ni_se_pone_cabecera(pila: Pila):
    sistema = Trazado(pila, proporcion=0.0)
    sistema.planificador = Planificador([sistema.deteccion], sistema.reloj)
    sistema.enviar(sistema.componer())
    sistema.reposo()
    (mensaje,) = sistema.tomar(sistema.entrada, 1)
    assert CABECERA not in mensaje.cabeceras
    assert sistema.spans == []


def test_un_aviso_de_buzon_no_lleva_contexto(sistema: Trazado):
    transporte = sistema.deteccion.relevo.transporte
    suya = colas_de_institucion(INSTITUCION)[1]
    sistema.fuera.asegurar_cola(suya)
    aviso = Mensaje(sistema.nombres.buzon, INSTITUCION, "senda.coordinacion.ruta-cerrada.v1", b"{}", "aviso", {})
    assert transporte.publicar([aviso]) == [True]
    (recibido,) = sistema.fuera.recibir(suya.nombre, 1, espera=5)
    assert CABECERA not in recibido.mensaje.cabeceras
    assert sistema.spans == []


def test_si_anotar_falla_el_trabajo_sigue(sistema: Trazado):
    def fallar(_terminado: Terminado) -> None:
        raise ZeroDivisionError

    for trazas in sistema.trazas.values():
        trazas.dejar = fallar
    sistema.enviar(sistema.componer())
    sistema.hasta(sistema.efectos)
    sistema.acuse()


def test_lo_registrado_mientras_se_aplica_dice_su_traza(sistema: Trazado):
    visto: list[dict[str, object]] = []
    sistema.destino.al_conocer = lambda _anotado: visto.append(structlog.contextvars.get_contextvars())
    sistema.enviar(sistema.componer())
    sistema.hasta(sistema.efectos)
    (aplicado,) = sistema.llamados("process senda.entrada")
    assert visto == [{"trace_id": f"{aplicado.punto.traza:032x}", "span_id": f"{aplicado.punto.span:016x}"}]
    assert "trace_id" not in structlog.contextvars.get_contextvars()
