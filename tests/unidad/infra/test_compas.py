"""De quién se descansa y de quién no: lo dicen las llegadas de los últimos segundos y lo que llenó el último trago."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.mensajeria.compas import CEDER, CEDER_MAXIMO, DESCANSO, DESCANSO_MAXIMO, SEGUIDO, VARIAS, Compas
from infra.mensajeria.turnos import DE_NADIE, Turno
from infra.reloj import RelojSimulado
from tests.unidad.historia import INICIO

UNA, OTRA = Turno("GT-MP"), Turno("GT-PGN")


class Ensayo:
    """Un compás con el reloj en la mano."""

    def __init__(self) -> None:
        self.reloj = RelojSimulado(INICIO)
        self.compas = Compas(self.reloj)

    def pasan(self, segundos: float) -> None:
        self.reloj.adelantar(timedelta(seconds=segundos))

    def trago(self, *turnos: Turno, costo: float = DESCANSO_MAXIMO / DESCANSO / 2) -> float:
        """Uno lleno de esos turnos, que cuesta esos segundos; da lo que se descansa tras él."""
        desde = self.reloj.monotono()
        self.pasan(costo)
        self.compas.atendido(set(turnos), desde)
        return self.compas.descanso()


@pytest.fixture
def piden_dos() -> Ensayo:
    ensayo = Ensayo()
    ensayo.compas.oir([UNA, OTRA, UNA])
    return ensayo


def test_pidiendo_una_sola_no_se_descansa():
    ensayo = Ensayo()
    ensayo.compas.oir([UNA, UNA])
    assert ensayo.trago(UNA) == 0
    assert not ensayo.compas.piden_varias()


def test_pidiendo_otra_se_descansa_en_proporcion_a_lo_que_costo_y_no_mas_de_un_tope(piden_dos: Ensayo):
    assert piden_dos.trago(UNA) == pytest.approx(DESCANSO_MAXIMO / 2)
    assert piden_dos.compas.espera_una_sola()
    assert piden_dos.trago(UNA, costo=1.0) == pytest.approx(DESCANSO_MAXIMO)
    piden_dos.pasan(DESCANSO_MAXIMO)
    assert piden_dos.compas.descanso() == 0


def test_de_un_trago_de_varias_o_a_medias_no_se_descansa(piden_dos: Ensayo):
    """Lo que queda tras uno a medias no es cola de nadie."""
    assert piden_dos.trago(UNA, OTRA) == 0
    assert piden_dos.trago() == 0
    assert not piden_dos.compas.espera_una_sola()


def test_lo_que_queda_esperando_de_otra_acaba_el_descanso_y_lo_suyo_no(piden_dos: Ensayo):
    assert piden_dos.trago(UNA) > 0
    piden_dos.compas.esperan([UNA])
    assert piden_dos.compas.descanso() > 0
    piden_dos.compas.esperan([UNA, OTRA, UNA])
    assert piden_dos.compas.descanso() == 0
    # Y el trago siguiente es otra vez por rondas.
    assert not piden_dos.compas.espera_una_sola()
    assert piden_dos.compas.piden_varias()


def test_a_los_cinco_segundos_de_lo_ultimo_de_otra_ya_no_se_descansa(piden_dos: Ensayo):
    assert piden_dos.trago(UNA) > 0
    piden_dos.pasan(VARIAS)
    piden_dos.compas.oir([UNA])
    assert not piden_dos.compas.espera_una_sola()
    assert piden_dos.trago(UNA) == 0
    assert not piden_dos.compas.piden_varias()


def test_lo_que_otra_pidio_hace_una_hora_no_es_pedir_a_la_vez():
    ensayo = Ensayo()
    ensayo.compas.oir([OTRA])
    ensayo.pasan(3600)
    ensayo.compas.oir([UNA])
    assert not ensayo.compas.piden_varias()
    assert ensayo.trago(UNA) == 0


def test_lo_urgente_de_una_institucion_va_por_turnos_con_lo_suyo_y_no_la_hace_descansar():
    ensayo = Ensayo()
    ensayo.compas.oir([UNA, Turno(UNA.institucion, urgente=True), UNA])
    assert ensayo.compas.piden_varias()
    assert ensayo.trago(UNA) == 0
    ensayo.compas.oir([OTRA])
    assert ensayo.trago(UNA) > 0


def test_a_lo_atendido_de_otra_se_le_deja_salir_pero_nadie_espera_por_ella_mas_que_un_tope(piden_dos: Ensayo):
    piden_dos.trago(UNA)
    piden_dos.compas.atendidas_al_llegar([OTRA])
    assert piden_dos.compas.descanso() == pytest.approx(CEDER)
    for _ in range(int(CEDER_MAXIMO / CEDER) - 1):
        piden_dos.pasan(CEDER)
        piden_dos.compas.atendidas_al_llegar([OTRA])
        assert piden_dos.compas.descanso() > 0
    piden_dos.pasan(CEDER)
    piden_dos.compas.atendidas_al_llegar([OTRA])
    assert piden_dos.compas.descanso() == 0


def test_se_cede_seguido_mientras_otra_pida_una_tras_otra(piden_dos: Ensayo):
    assert not piden_dos.compas.cede_seguido()
    piden_dos.trago(UNA)
    piden_dos.compas.atendidas_al_llegar([OTRA])
    piden_dos.pasan(SEGUIDO / 2)
    assert piden_dos.compas.cede_seguido()
    # Se descansa lo mismo cueste lo que cueste: entre dos de la otra cabe un trago, no varios.
    assert piden_dos.trago(UNA, costo=0.001) == pytest.approx(DESCANSO_MAXIMO)
    piden_dos.compas.atendidas_al_llegar([UNA])
    piden_dos.pasan(SEGUIDO / 2)
    assert not piden_dos.compas.cede_seguido()
    assert piden_dos.trago(UNA, costo=0.001) == pytest.approx(DESCANSO * 0.001)


def test_con_varias_haciendo_cola_no_se_cede_a_nadie(piden_dos: Ensayo):
    piden_dos.trago(UNA, OTRA)
    piden_dos.compas.atendidas_al_llegar([OTRA])
    assert piden_dos.compas.descanso() == 0


def test_lo_urgente_suyo_no_la_hace_esperar(piden_dos: Ensayo):
    antes = piden_dos.trago(UNA)
    piden_dos.compas.atendidas_al_llegar([Turno(UNA.institucion, urgente=True)])
    assert piden_dos.compas.descanso() == pytest.approx(antes)


def test_la_basura_que_espera_no_acaba_el_descanso_ni_es_de_nadie_que_pida(piden_dos: Ensayo):
    assert piden_dos.trago(UNA) > 0
    piden_dos.compas.esperan([UNA, DE_NADIE])
    assert piden_dos.compas.espera_una_sola()
    sola = Ensayo()
    sola.compas.oir([UNA, DE_NADIE])
    assert sola.trago(UNA) == 0
