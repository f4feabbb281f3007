"""Reparto justo: quien pide miles, quien no lee y quien firma mal no retrasan ni desplazan a las demás.

Todo se afirma por orden o por cuenta, nunca por tiempo.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import sqlalchemy as sa

from contratos.acuse import Acuse, Resultado
from contratos.codigos import CUPO
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.tipos import SiNo
from infra.almacen.devueltas import contar_devueltas
from infra.almacen.esquema import bandeja, salida, solicitudes
from infra.almacen.motor import leyendo
from infra.mensajeria import bandeja as la_bandeja
from infra.mensajeria import porteria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.bandeja import Recibida, Trago
from infra.mensajeria.compas import CEDER, CEDER_RECIBIDO, DESCANSO, DESCANSO_MAXIMO, SEGUIDO, VARIAS
from infra.mensajeria.labor import Labor
from infra.mensajeria.porteria import VIGENCIA
from infra.mensajeria.topologia import Cola, colas_de_institucion
from infra.mensajeria.transportes import Mensaje
from infra.mensajeria.transportes.base import Entrega
from infra.mensajeria.turnos import Turno
from infra.observabilidad.medidas import Medidas
from infra.observabilidad.salud import CUPO_AGOTADO, medir
from senda.cliente import Compuesta, Credencial
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema
from tests.integracion.pilas import Pila
from tests.unidad.historia import INICIO

OTRA = "GT-MP"
CUPO_CORTO = 5


@pytest.fixture
def sistema(pila: Pila) -> Iterator[Sistema]:
    sistema = Sistema(pila, Ajustes(cupo=CUPO_CORTO, cupo_de_nadie=CUPO_CORTO, lote_solicitudes=10))
    yield sistema
    for cola in colas_de_institucion(OTRA, pila.prefijo):
        pila.borrar_cola(cola.nombre)


def inscribir(sistema: Sistema, *, tope: int | None = None) -> Credencial:
    """Otra institución. Con ``tope``, su cola de acuses está declarada de otro modo: nada le cabe."""
    credencial = Credencial.generar(OTRA, sistema.azar)
    sistema.origen.directorio[OTRA] = credencial.publica
    suya = colas_de_institucion(OTRA, sistema.pila.prefijo)[0]
    if tope is not None:
        suya = Cola(suya.nombre, suya.ataduras, suya.muertos, limite_de_entregas=tope)
    sistema.fuera.asegurar_cola(suya)
    return credencial


def pedir(sistema: Sistema, *compuestas: Compuesta, como: str | None = None) -> None:
    """Publica con el usuario de esa institución (en RabbitMQ todas salen como «guest», y manda la firma)."""
    transporte = sistema.pila.transporte(como)
    for c in compuestas:
        mensaje = Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", c.cuerpo, c.id, {"firma": c.firma})
        assert transporte.publicar([mensaje]) == [True]


def recibir(sistema: Sistema) -> None:
    """Todo lo de la cola, a la bandeja, sin atender nada: como con mucha prisa o en pausa."""
    sistema.deteccion.solicitudes.en_pausa = lambda: True
    vaciar_la_cola(sistema)
    sistema.deteccion.solicitudes.en_pausa = lambda: False


def hacer_cola(sistema: Sistema) -> None:
    """Algo de otra queda en la bandeja, y el servicio lo sabe."""
    pedir(sistema, sistema.componer(credencial=inscribir(sistema)), como=OTRA)
    recibir(sistema)
    assert de(sistema, OTRA) == 1


def vaciar_la_cola(sistema: Sistema) -> None:
    """Recibe todo, esté o no en pausa."""
    while sistema.deteccion.solicitudes.recibir(0.5 if sistema.pila.real else 0.0):
        pass


def por_atender(sistema: Sistema, cuantas: int) -> list[int]:
    ahora = sistema.reloj.ahora()
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        return la_bandeja.por_atender(conexion, ahora, ahora + sistema.ajustes.aplazamiento_maximo, Trago(cuantas))


def leidos(sistema: Sistema, institucion: str, cuantos: int) -> list[Acuse]:
    crudos = sistema.acuses(cuantos, sistema.nombres.acuses_de(institucion))
    return [msgspec.json.decode(c, type=Acuse) for c in crudos]


def de(sistema: Sistema, institucion: str) -> int:
    """Cuántas esperan en sus turnos."""
    consulta = sa.select(sa.func.count()).where(bandeja.c.institucion == institucion)
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        return conexion.scalar(consulta) or 0


def _recibida(institucion: str) -> Recibida:
    return Recibida(0, b"", "", institucion or None, None, INICIO, institucion=institucion)


def _base_caida(*_: object) -> None:
    raise sa.exc.OperationalError("", {}, Exception())


def amontonar(sistema: Sistema, institucion: str, cuantas: int) -> None:
    """Solicitudes suyas en la bandeja, como si ya hubieran llegado."""
    ahora = sistema.reloj.ahora()
    cuerpo = sistema.componer().cuerpo
    for desde in range(0, cuantas, 500):
        llegada = porteria.en_su_turno(Recibida(0, cuerpo, "-", institucion, None, ahora))
        llegadas = [llegada] * min(500, cuantas - desde)
        admitidas = sistema.deteccion.solicitudes._porteria.admitir(llegadas, ahora)
        assert len(admitidas) == len(llegadas)
        with sistema.deteccion.almacen.motor.begin() as conexion:
            la_bandeja.guardar(conexion, admitidas, [ahora] * len(admitidas))


def sin_atender(sistema: Sistema) -> dict[str, int]:
    """Las que no se atendieron, por código."""
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        return contar_devueltas(conexion)


def contadas(medidas: Medidas, resultado: str) -> float:
    """Las que un proceso dice haber respondido así."""
    todas = (muestra for familia in medidas.familias() for muestra in familia.samples)
    return sum(m.value for m in todas if m.name == "senda_solicitudes_total" and m.labels["resultado"] == resultado)


def test_con_cinco_mil_delante_se_atiende_en_la_primera_tanda(pila: Pila):
    sistema = Sistema(pila)
    amontonar(sistema, OTRA, 5000)
    sistema.enviar(sistema.componer())
    recibir(sistema)
    sistema.deteccion.solicitudes.atender()
    assert sistema.hechos() == 1
    assert de(sistema, INSTITUCION) == 0
    assert de(sistema, OTRA) == 5001 - sistema.ajustes.lote_solicitudes
    assert sistema.acuse().resultado is Resultado.ACEPTADA


def test_lo_que_pasa_del_cupo_se_rechaza_sin_guardarlo_y_se_puede_repetir(sistema: Sistema):
    todas = [sistema.componer() for _ in range(CUPO_CORTO + 3)]
    sistema.enviar(*todas)
    recibir(sistema)
    assert de(sistema, INSTITUCION) == CUPO_CORTO
    # Las tres, rechazadas ya, antes de atender nada; y sin id: no son la respuesta a esas solicitudes.
    assert sistema.hechos() == 0
    acuses = [msgspec.json.decode(c, type=Acuse) for c in sistema.acuses(len(todas))]
    rehusadas = [a for a in acuses if a.codigo == CUPO]
    assert {(a.id, a.institucion) for a in rehusadas} == {("", INSTITUCION)}
    assert len(rehusadas) == 3
    assert all(a.que_hacer for a in rehusadas)
    assert (sistema.hechos(), sistema.filas(solicitudes)) == (CUPO_CORTO, CUPO_CORTO)
    # Los mismos bytes con la misma firma: ahora caben, y las que ya se atendieron no se repiten.
    sistema.enviar(*todas[CUPO_CORTO:], todas[0])
    sistema.reposo()
    assert {a.resultado for a in leidos(sistema, INSTITUCION, 4)} == {Resultado.ACEPTADA}
    assert sistema.hechos() == len(todas)


def test_el_cupo_de_una_no_es_de_otra(sistema: Sistema):
    otra = inscribir(sistema)
    sistema.enviar(*(sistema.componer() for _ in range(CUPO_CORTO + 3)))
    pedir(sistema, sistema.componer(credencial=otra), como=OTRA)
    recibir(sistema)
    assert (de(sistema, INSTITUCION), de(sistema, OTRA)) == (CUPO_CORTO, 1)
    assert [a.resultado for a in leidos(sistema, OTRA, 1)] == [Resultado.ACEPTADA]


def test_lo_urgente_no_espera_detras_de_lo_demas_de_su_institucion(sistema: Sistema):
    """Ni en el turno ni en el cupo."""
    urgente = sistema.componer(sistema.peticion(nna=SiNo.SI))
    sistema.enviar(*(sistema.componer() for _ in range(CUPO_CORTO + 1)), urgente)
    recibir(sistema)
    assert de(sistema, INSTITUCION) == CUPO_CORTO + 1
    atendidas: list[SiNo] = []

    def anotar(peticion: object, _tanda: object) -> None:
        assert isinstance(peticion, DetectarPresuntaVictima)
        atendidas.append(peticion.nna)

    sistema.origen.al_atender = anotar
    (primera,) = por_atender(sistema, 1)
    sistema.deteccion.solicitudes._atender_sola(primera)
    assert atendidas == [SiNo.SI]


def test_quien_firma_por_otra_no_le_llena_el_cupo(sistema: Sistema, monkeypatch):
    """Sin usuario del bus, al principio se cree de quién dice ser; antes de llenarle el turno, ya no."""
    monkeypatch.setattr(porteria, "SIN_COMPROBAR", 2)
    impostora = Credencial.generar(INSTITUCION, sistema.azar)
    pedir(sistema, *(sistema.componer(credencial=impostora) for _ in range(3 * CUPO_CORTO)))
    recibir(sistema)
    assert (de(sistema, INSTITUCION), de(sistema, "")) == (2, CUPO_CORTO)
    buena = sistema.componer()
    pedir(sistema, buena)
    recibir(sistema)
    assert de(sistema, INSTITUCION) == 3
    sistema.reposo()
    contestadas = leidos(sistema, INSTITUCION, 1 + 2 + CUPO_CORTO)
    assert [a.id for a in contestadas if a.resultado is Resultado.ACEPTADA] == [buena.id]
    assert sistema.filas(bandeja) == 0


def test_la_basura_que_no_es_de_nadie_no_pasa_de_su_cupo_y_se_cuenta(sistema: Sistema):
    medidas = sistema.deteccion.solicitudes.atencion.medidas = Medidas("deteccion")
    basura = Compuesta("x", "deteccion", b"{" * 50, "")
    pedir(sistema, *(basura for _ in range(CUPO_CORTO + 4)))
    recibir(sistema)
    assert de(sistema, "") == CUPO_CORTO
    assert sin_atender(sistema) == {CUPO: 4}
    sistema.reposo()
    assert sistema.filas(bandeja) == 0
    assert sorted(sin_atender(sistema).values()) == [4, CUPO_CORTO]
    assert contadas(medidas, "rehusada") == 4


def test_un_turno_lleno_es_una_alarma(sistema: Sistema):
    def alarmas() -> tuple[str, ...]:
        return medir(sistema.deteccion.almacen, "deteccion", sistema.ajustes, bus=True).alarmas

    assert CUPO_AGOTADO not in alarmas()
    sistema.enviar(*(sistema.componer() for _ in range(CUPO_CORTO)))
    recibir(sistema)
    assert CUPO_AGOTADO in alarmas()
    sistema.acuses(CUPO_CORTO)
    assert CUPO_AGOTADO not in alarmas()


def test_a_quien_no_lee_no_se_le_acumula_mas_que_su_cupo(sistema: Sistema):
    """Sus acuses no caben en su cola: esperan en la base, y con el cupo lleno de ellos no se admite más."""
    otra = inscribir(sistema, tope=7)
    for _ in range(4):
        pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(CUPO_CORTO)), como=OTRA)
        sistema.reposo()
        sistema.pasan(seconds=2 * VIGENCIA)
    assert (sistema.filas(salida), sistema.filas(bandeja)) == (CUPO_CORTO, 0)
    assert sistema.hechos() == CUPO_CORTO
    sistema.enviar(sistema.componer())
    sistema.reposo()
    assert sistema.acuse().resultado is Resultado.ACEPTADA


def test_la_que_no_tiene_cola_consta_hasta_que_la_tenga(sistema: Sistema):
    """No solo en la vuelta en que se intenta lo suyo: es lo que dice la alarma."""
    otra = inscribir(sistema, tope=7)
    pedir(sistema, sistema.componer(credencial=otra), como=OTRA)
    sistema.reposo()
    sistema.enviar(sistema.componer())
    sistema.reposo()
    relevo = sistema.deteccion.relevo
    assert relevo.atascadas == {OTRA}
    acuses = colas_de_institucion(OTRA, sistema.pila.prefijo)[0]
    sistema.pila.borrar_cola(acuses.nombre)
    sistema.hasta(lambda: sistema.filas(salida) == 0)
    assert relevo.atascadas == set()


def test_los_acuses_que_nadie_lee_no_ocupan_siempre_el_principio_del_relevo(pila: Pila):
    """Aunque toque reintentarlos todos en cada vuelta, lo que aún no se probó sale antes."""
    ajustes = Ajustes(lote_relevo=2, retroceso_inicial=timedelta(), retroceso_maximo=timedelta())
    sistema = Sistema(pila, ajustes)
    otra = inscribir(sistema, tope=7)
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(6)), como=OTRA)
    recibir(sistema)
    sistema.deteccion.solicitudes.atender()
    sistema.pasan(seconds=1)
    sistema.enviar(sistema.componer())
    recibir(sistema)
    sistema.deteccion.solicitudes.atender()
    assert sistema.filas(salida) == 7
    for _ in range(6):
        sistema.pasan(seconds=1)
        sistema.deteccion.relevo.paso()
    assert sistema.filas(salida) == 6
    assert len(sistema.acuses(1)) == 1
    for cola in colas_de_institucion(OTRA, pila.prefijo):
        pila.borrar_cola(cola.nombre)


def test_mirar_otra_vez_es_otra_vez_en_su_turno(sistema: Sistema):
    """Lo que espera a que llegue algo no adelanta, cada vez que se mira, a lo que aún no se miró."""
    ahora = sistema.reloj.ahora()
    amontonar(sistema, OTRA, 3)
    orden = por_atender(sistema, 10)
    with sistema.deteccion.almacen.motor.begin() as conexion:
        la_bandeja.aplazar(conexion, [(r, ahora) for r in la_bandeja.leer(conexion, orden[:1])], ahora)
    assert por_atender(sistema, 10) == [*orden[1:], orden[0]]


def test_mientras_llega_mas_de_lo_que_cabe_se_atiende_a_tragos_cortos(tmp_path: Path):
    """En memoria: de un broker de verdad, el primer lote puede venir partido y no llegar a estar lleno."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=4, lote_apretado=2))
    sistema.enviar(*(sistema.componer() for _ in range(5)))
    paso = sistema.deteccion.solicitudes
    assert paso.recibir()
    assert (sistema.filas(bandeja), sistema.hechos()) == (3, 1)
    assert paso.atender() is Labor.QUEDA
    assert sistema.filas(bandeja) == 1
    assert paso.recibir()
    paso.atender()
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, 5)
    sistema.pila.cerrar()


def test_pidiendo_una_sola_los_tragos_son_largos_y_vuelven_a_serlo_cuando_la_otra_se_va(tmp_path: Path):
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=10))
    sistema.reposo()
    paso, otra = sistema.deteccion.solicitudes, inscribir(sistema)
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(60)), como=OTRA)
    vaciar_la_cola(sistema)
    assert paso.atender() is Labor.QUEDA
    assert de(sistema, OTRA) == 49
    pedir(sistema, *(sistema.componer() for _ in range(3)), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert de(sistema, INSTITUCION) == 2
    for quedan in (47, 45):
        assert paso.atender() is Labor.QUEDA
        assert (de(sistema, INSTITUCION), de(sistema, OTRA)) == (0, quedan)
    sistema.pasan(seconds=VARIAS)
    paso.atender()
    assert de(sistema, OTRA) == 35
    sistema.pila.cerrar()


def test_pidiendo_varias_a_la_que_hace_cola_ella_sola_se_la_atiende_a_ratos(tmp_path: Path):
    """Se descansa en proporción a lo que costó el trago; lo de otra se atiende entretanto, y se le deja salir."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=20, lote_apretado=10))
    sistema.reposo()
    paso, otra = sistema.deteccion.solicitudes, inscribir(sistema)
    (atender,) = (p for p in sistema.deteccion.pasos if p.nombre == "solicitudes.atender")
    cuesta = timedelta(seconds=DESCANSO_MAXIMO / DESCANSO / 4)
    sistema.origen.al_atender = lambda _peticion, _tanda: sistema.reloj.adelantar(cuesta)
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(45)), como=OTRA)
    vaciar_la_cola(sistema)
    paso.atender()
    assert (de(sistema, OTRA), paso.descanso()) == (24, 0)  # pide una sola
    pedir(sistema, *(sistema.componer() for _ in range(2)), como=INSTITUCION)
    vaciar_la_cola(sistema)
    paso.atender()
    assert (de(sistema, INSTITUCION), paso.descanso()) == (0, 0)  # el trago fue de las dos
    sistema.pasan(seconds=SEGUIDO)
    paso.atender()
    assert paso.descanso() == atender.descanso() == pytest.approx(DESCANSO * 2 * cuesta.total_seconds())
    # Y de ella, algo más que dos cada vez: con tan poco no acabaría nunca.
    quedaban = de(sistema, OTRA)
    paso.atender()
    assert de(sistema, OTRA) == quedaban - sistema.ajustes.lote_apretado
    assert paso.descanso() == pytest.approx(DESCANSO_MAXIMO)
    # La que no tiene nada esperando se atiende al llegar, y a lo suyo se le deja salir.
    sistema.pasan(seconds=DESCANSO_MAXIMO / 2)
    pedir(sistema, sistema.componer(), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert de(sistema, INSTITUCION) == 0
    assert paso.descanso() == pytest.approx(CEDER)
    # La segunda que manda de una vez hace cola, y no espera a que se descanse.
    pedir(sistema, *(sistema.componer() for _ in range(2)), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert (de(sistema, INSTITUCION), paso.descanso()) == (1, 0)
    paso.atender()
    paso.atender()
    assert (de(sistema, INSTITUCION), de(sistema, OTRA)) == (0, 6)
    # Mientras la otra pida una tras otra, entre dos suyas cabe poco.
    paso.atender()
    assert de(sistema, OTRA) == 6 - sistema.ajustes.lote_entre_dos
    assert paso.descanso() == pytest.approx(DESCANSO_MAXIMO)
    # Uno a medias no deja cola de la que descansar.
    paso.atender()
    assert (de(sistema, OTRA), paso.descanso()) == (0, 0)
    sistema.pila.cerrar()


class ConCola(NamedTuple):
    """Otra hace cola ella sola, y la institución de siempre pide una tras otra."""

    sistema: Sistema
    credencial: Credencial

    def otra_pide(self, cuantas: int) -> list[Compuesta]:
        suyas = [self.sistema.componer(credencial=self.credencial) for _ in range(cuantas)]
        pedir(self.sistema, *suyas, como=OTRA)
        return suyas

    def pide(self, cuantas: int = 1) -> list[Compuesta]:
        suyas = [self.sistema.componer() for _ in range(cuantas)]
        pedir(self.sistema, *suyas, como=INSTITUCION)
        return suyas

    def en_la_bandeja(self) -> tuple[int, int]:
        """Cuántas esperan de la otra y de la institución."""
        return de(self.sistema, OTRA), de(self.sistema, INSTITUCION)


@pytest.fixture
def con_cola(tmp_path: Path) -> Iterator[ConCola]:
    """En memoria: los lotes llegan enteros."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=10))
    sistema.reposo()
    con_cola = ConCola(sistema, inscribir(sistema))
    con_cola.pide()
    con_cola.otra_pide(20)
    vaciar_la_cola(sistema)
    sistema.deteccion.solicitudes.atender()
    yield con_cola
    sistema.pila.cerrar()


def test_lo_recibido_con_la_de_otra_se_guarda_cuando_salio_su_acuse_y_en_su_orden(con_cola: ConCola):
    sistema = con_cola.sistema
    paso, (habia, _), hechos = sistema.deteccion.solicitudes, con_cola.en_la_bandeja(), sistema.hechos()
    suyas = con_cola.otra_pide(3)
    de_la_institucion = con_cola.pide(2)
    assert paso.recibir()
    assert (sistema.hechos(), con_cola.en_la_bandeja()) == (hechos + 1, (habia, 0))
    # Nada de quien tiene algo sin guardar lo adelanta.
    suyas += con_cola.otra_pide(1)
    de_la_institucion += con_cola.pide()
    assert paso.recibir()
    assert (sistema.hechos(), con_cola.en_la_bandeja()) == (hechos + 1, (habia + 4, 2))
    assert not paso.recibir()
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        cuerpos = conexion.scalars(sa.select(bandeja.c.cuerpo).order_by(bandeja.c.ronda, bandeja.c.numero)).all()
    for en_orden in (suyas, de_la_institucion[1:]):
        enviados = [c.cuerpo for c in en_orden]
        assert [c for c in cuerpos if c in enviados] == enviados


def test_lo_retenido_deja_salir_el_acuse_y_no_pasa_de_un_lote(con_cola: ConCola, monkeypatch):
    sistema = con_cola.sistema
    paso, (habia, _) = sistema.deteccion.solicitudes, con_cola.en_la_bandeja()
    esperas: list[float] = []
    recibir_de_verdad = paso.transporte.recibir

    def recibir_y_apuntar(cola: str, maximo: int, espera: float) -> list[Entrega]:
        esperas.append(espera)
        return recibir_de_verdad(cola, maximo, espera)

    monkeypatch.setattr(paso.transporte, "recibir", recibir_y_apuntar)
    con_cola.otra_pide(39)
    con_cola.pide()
    assert paso.recibir()
    # Con lo retenido solo cabe una más: mientras sea de otra, se la atiende; y si no, se guarda todo.
    con_cola.pide()
    con_cola.otra_pide(1)
    assert paso.recibir()
    assert con_cola.en_la_bandeja() == (habia, 0)
    assert paso.transporte.pendientes(sistema.nombres.solicitudes_de("deteccion")) == 1
    sistema.pasan(seconds=CEDER_RECIBIDO / 2)
    assert paso.recibir()
    assert con_cola.en_la_bandeja() == (habia + 40, 0)
    assert esperas == [0.0, pytest.approx(CEDER_RECIBIDO), pytest.approx(CEDER_RECIBIDO / 2)]


@pytest.mark.parametrize(("falla", "guardadas"), [("la base", 3), ("el consumo", 6)])
def test_lo_retenido_que_vuelve_a_la_cola_surte_efecto_una_vez(
    con_cola: ConCola, monkeypatch, falla: str, guardadas: int
):
    """De un consumo que otro cancela no se entera: lo retenido se guarda, y otra vez cuando vuelve."""
    sistema = con_cola.sistema
    paso, (habia, _) = sistema.deteccion.solicitudes, con_cola.en_la_bandeja()
    esperados = sistema.hechos() + habia + 4
    con_cola.otra_pide(3)
    con_cola.pide()
    assert paso.recibir()
    if falla == "el consumo":
        paso.transporte.cancelar(sistema.nombres.solicitudes_de("deteccion"))
    else:
        with monkeypatch.context() as sin_base:
            sin_base.setattr(la_bandeja, "guardar", _base_caida)
            with pytest.raises(sa.exc.OperationalError):
                paso.recibir()
    vaciar_la_cola(sistema)
    assert con_cola.en_la_bandeja() == (habia + guardadas, 0)
    while paso.atender():
        pass
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, esperados)


def test_lo_respondido_a_varias_sale_sin_esperar_a_juntar_mas(tmp_path: Path):
    """El relevo junta mientras llega trabajo, y con una que no para, el acuse de las demás esperaría siempre."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=10))
    sistema.reposo()
    paso, otra = sistema.deteccion.solicitudes, inscribir(sistema)
    avisos: list[int] = []
    paso.al_mezclar = lambda: avisos.append(sistema.hechos())
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(3)), como=OTRA)
    vaciar_la_cola(sistema)
    assert avisos == []
    # Al llegar, y en la bandeja: cuando ya está confirmado.
    pedir(sistema, sistema.componer(credencial=otra), como=OTRA)
    pedir(sistema, sistema.componer(), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert avisos == [5]
    amontonar(sistema, OTRA, 1)
    amontonar(sistema, INSTITUCION, 1)
    while paso.atender():
        pass
    assert len(avisos) == 2
    sistema.pila.cerrar()


def test_lo_que_se_adelanta_sale_sin_esperar_a_juntar_lo_de_quien_hace_cola(sistema: Sistema):
    sistema.reposo()
    hacer_cola(sistema)
    avisos: list[int] = []
    sistema.deteccion.solicitudes.al_mezclar = lambda: avisos.append(sistema.hechos())
    sistema.enviar(sistema.componer())
    vaciar_la_cola(sistema)
    assert avisos == [1]


def test_sin_turnos_se_atiende_por_llegada(tmp_path: Path):
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, turnos=False))
    sistema.reposo()
    sistema.enviar(*(sistema.componer() for _ in range(40)))
    vaciar_la_cola(sistema)
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, 40)
    sistema.pila.cerrar()


def test_lo_que_llega_suelto_y_sin_nadie_delante_se_atiende_al_llegar(sistema: Sistema):
    sistema.reposo()
    sistema.enviar(sistema.componer())
    vaciar_la_cola(sistema)
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, 1)


def test_quien_inunda_hace_cola_y_quien_no_tiene_nada_esperando_se_atiende_al_llegar(tmp_path: Path):
    """Lo que no cabe en una tanda hace cola; la primera de cada una que no la hacía, no."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=10))
    sistema.reposo()
    paso, otra = sistema.deteccion.solicitudes, inscribir(sistema)
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(70)), como=OTRA)
    pedir(sistema, *(sistema.componer() for _ in range(2)), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert (sistema.hechos(), de(sistema, INSTITUCION), de(sistema, OTRA)) == (2, 1, 69)
    # Detrás de lo suyo: lo que pide de más no adelanta a lo que ya esperaba.
    pedir(sistema, sistema.componer(), como=INSTITUCION)
    pedir(sistema, sistema.componer(credencial=otra), como=OTRA)
    vaciar_la_cola(sistema)
    assert (de(sistema, INSTITUCION), de(sistema, OTRA)) == (2, 70)
    paso.atender()
    # De quien inunda, una por ronda: la otra no espera a que se atienda más.
    assert (de(sistema, INSTITUCION), de(sistema, OTRA)) == (0, 70 - sistema.ajustes.rondas)
    while paso.atender():
        pass
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, 74)
    sistema.enviar(sistema.componer())
    vaciar_la_cola(sistema)
    assert (sistema.filas(bandeja), sistema.hechos()) == (0, 75)
    sistema.pila.cerrar()


def test_con_cola_lo_de_nadie_no_adelanta_y_de_una_vez_no_adelantan_muchas(tmp_path: Path):
    """Quien dice ser muchas no llena la tanda de quien espera."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=3))
    sistema.reposo()
    hacer_cola(sistema)
    (sana,) = [sistema.componer()]
    dicen_ser = [sana.cuerpo.replace(INSTITUCION.encode(), f"GT-FALSA{n}".encode()) for n in range(5)]
    for cuerpo in (b"[]", *dicen_ser):
        sistema.pila.transporte().publicar(
            [Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", cuerpo, "x")]
        )
    vaciar_la_cola(sistema)
    # A las que se miraron se las espera por si su inscripción está en camino; las demás aún no se miraron.
    consulta = sa.select(sa.func.count()).where(bandeja.c.proximo > sistema.reloj.ahora())
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        miradas = conexion.scalar(consulta)
    assert (de(sistema, ""), sum(de(sistema, f"GT-FALSA{n}") for n in range(5)), miradas) == (1, 5, 3)
    sistema.pila.cerrar()


def test_no_se_cede_a_lo_que_no_causa_nada_ni_se_toma_por_cola_una_suelta_entre_basura(tmp_path: Path):
    """Códigos inventados, cada vez otro, no frenan a quien hace cola; ni la basura de otra, a quien pide una a una."""
    sistema = Sistema(Pila(tmp_path), Ajustes(lote_recepcion=40, lote_solicitudes=10, lote_apretado=3))
    sistema.reposo()
    paso, otra = sistema.deteccion.solicitudes, inscribir(sistema)
    pedir(sistema, sistema.componer(), como=INSTITUCION)
    vaciar_la_cola(sistema)
    pedir(sistema, *(sistema.componer(credencial=otra) for _ in range(20)), como=OTRA)
    vaciar_la_cola(sistema)
    paso.atender()
    sistema.pasan(seconds=DESCANSO_MAXIMO)
    falsa = sistema.componer().cuerpo.replace(INSTITUCION.encode(), b"GT-FALSA")
    sistema.pila.transporte().publicar([Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", falsa, "x")])
    vaciar_la_cola(sistema)
    assert (de(sistema, "GT-FALSA"), paso.descanso()) == (1, 0)
    pedir(sistema, sistema.componer(), como=INSTITUCION)
    vaciar_la_cola(sistema)
    assert paso.descanso() == pytest.approx(CEDER)
    assert paso._hacen_cola([_recibida(OTRA), _recibida("")], Trago(50, 2)) == set()
    assert paso._hacen_cola([_recibida(OTRA)] * 2 + [_recibida("")] * 2, Trago(50, 2)) == {Turno(OTRA)}
    sistema.pila.cerrar()


def test_quien_no_lee_no_adelanta_por_encima_de_su_cupo(sistema: Sistema):
    sistema.reposo()
    hacer_cola(sistema)
    for quedan in range(1, CUPO_CORTO + 2):
        sistema.enviar(sistema.componer())
        vaciar_la_cola(sistema)
        assert sistema.filas(salida) == min(quedan, CUPO_CORTO)
    assert (de(sistema, INSTITUCION), sin_atender(sistema)) == (0, {CUPO: 1})


def test_en_pausa_nadie_adelanta_a_nadie(sistema: Sistema):
    sistema.reposo()
    hacer_cola(sistema)
    sistema.enviar(sistema.componer())
    recibir(sistema)
    assert (de(sistema, INSTITUCION), sistema.hechos()) == (1, 0)


def test_si_la_que_adelanta_revienta_se_guarda_con_las_demas(sistema: Sistema):
    sistema.reposo()
    hacer_cola(sistema)

    def revienta(_peticion: object, _tanda: object) -> None:
        raise ValueError

    sistema.origen.al_atender = revienta
    sistema.enviar(sistema.componer())
    vaciar_la_cola(sistema)
    assert (de(sistema, INSTITUCION), sistema.hechos()) == (1, 0)
