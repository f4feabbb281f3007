"""Un bucle andando: qué hace cuando algo falla, sin procesos y sin dormir."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infra.almacen.motor import abrir_motor
from infra.anfitrion.estacion import Bucle, Paso
from infra.anfitrion.marcha import JUNTAR, Marcha
from infra.anfitrion.verde import Despertador, Vencido, ceder, con_plazo
from infra.mensajeria.labor import Labor
from infra.mensajeria.transportes.base import TransporteCaido
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojSimulado
from tests.unidad.historia import INICIO


class Ensayo:
    """Una marcha que se para sola tras unas cuantas escuchas; el reloj avanza un segundo en cada una."""

    def __init__(self, *pasos: Paso, vueltas: int = 5, escuchar: Callable[[], bool] = lambda: False) -> None:
        self.reloj = RelojSimulado(INICIO)
        self.esperas: list[float] = []
        self._quedan, self._escuchar = vueltas, escuchar
        bucle = Bucle("prueba", TransporteMemoria(BrokerMemoria()), self._oir, pasos)
        self.marcha = Marcha(bucle, "cola", abrir_motor("sqlite://"), self.reloj)

    def _oir(self, espera: float) -> bool:
        self.esperas.append(espera)
        self.reloj.adelantar(timedelta(seconds=1))
        self._quedan -= 1
        if self._quedan <= 0:
            self.marcha.parar()
        return self._escuchar()

    def correr(self) -> None:
        with con_plazo(60):  # que un bucle que no acaba se note: no mide nada
            self.marcha.correr()


def paso(dar: Callable[[], bool | Labor], proximo: Callable[[], datetime | None] | None = None) -> Paso:
    return Paso(getattr(dar, "__name__", "paso"), dar, proximo)


def test_mientras_un_paso_hace_algo_no_se_espera():
    quedan = [3]

    def trabajo() -> bool:
        quedan[0] -= 1
        return quedan[0] > 0

    ensayo = Ensayo(paso(trabajo))
    ensayo.correr()
    assert ensayo.esperas == [0.0, 0.0, 1.0, 1.0, 1.0]


def test_tras_oir_algo_se_vuelve_a_mirar_sin_esperar_y_solo_entonces_se_dice_que_hay_calma():
    """Quien publica junta mientras llega trabajo: saber que ya no llega le quita el descanso."""
    oidas, calmas = iter([True, True, False]), list[int]()
    ensayo = Ensayo(vueltas=6, escuchar=lambda: next(oidas, False))
    ensayo.marcha.al_calmarse = lambda: calmas.append(len(ensayo.esperas))
    ensayo.correr()
    assert ensayo.esperas == [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert calmas == [3]


def test_el_paso_que_pide_descanso_no_se_da_hasta_que_pasa_y_entretanto_no_hay_calma():
    """Quien descansa de la que no para tiene más que hacer: el relevo sigue juntando. Y se sigue oyendo."""
    calmas, hasta = list[int](), [0.0]

    def trabajo() -> Labor:
        hasta[0] = ensayo.reloj.monotono() + 1.5
        return Labor.QUEDA

    cansado = paso(trabajo)
    cansado.descanso = lambda: max(0.0, hasta[0] - ensayo.reloj.monotono())
    ensayo = Ensayo(cansado, vueltas=5)
    ensayo.marcha.al_calmarse = lambda: calmas.append(len(ensayo.esperas))
    ensayo.correr()
    assert ensayo.esperas == [0.0, 0.5, 0.0, 0.5, 0.0]
    assert calmas == []


def test_si_el_descanso_acaba_mientras_se_mira_cuanto_esperar_no_se_espera_nada():
    descansos = iter([0.1, 0.0])
    cansado = paso(lambda: False)
    cansado.descanso = lambda: next(descansos, 0.0)
    ensayo = Ensayo(cansado, vueltas=2)
    ensayo.correr()
    assert ensayo.esperas == [0.0, 1.0]


def test_al_que_descansa_con_la_hora_ya_llegada_se_le_espera_sin_girar_en_vacio():
    dados, hasta = list[float](), [0.0]

    def trabajo() -> Labor:
        dados.append(ensayo.reloj.monotono())
        hasta[0] = ensayo.reloj.monotono() + 2.5
        return Labor.HECHA

    cansado = paso(trabajo, lambda: ensayo.reloj.ahora() + timedelta(seconds=0.5))
    cansado.descanso = lambda: max(0.0, hasta[0] - ensayo.reloj.monotono())
    ensayo = Ensayo(cansado, vueltas=4)
    ensayo.correr()
    assert ensayo.esperas == [0.0, 0.5, 0.5, 0.0]
    assert dados == [0.0, 3.0]


class Publicador:
    """Un bucle que no escucha: tras cada trabajo, descansa. Se para tras unos cuantos."""

    def __init__(self, trabajos: int) -> None:
        self.descansos: list[float] = []
        self._quedan = trabajos
        bucle = Bucle("relevo", TransporteMemoria(BrokerMemoria()), None, (Paso("relevo", self._publicar),))
        self.marcha = Marcha(bucle, "", abrir_motor("sqlite://"), RelojSimulado(INICIO))
        self._esperar = self.marcha._calma.esperar
        self.marcha._calma.esperar = self._descansar  # type: ignore[method-assign]

    def _publicar(self) -> Labor:
        return Labor.HECHA

    def _descansar(self, segundos: float) -> bool:
        self._quedan -= 1
        if self._quedan <= 0:
            self.marcha.parar()
        self.descansos.append(segundos)
        avisado = self._esperar(0.0)
        self.marcha.bucle.pasos[0].avisar()
        return avisado


def test_quien_publica_descansa_tras_sacarlo_todo():
    publicador = Publicador(3)
    with con_plazo(5):
        publicador.marcha.correr()
    assert publicador.descansos == [JUNTAR] * 3


def test_la_calma_acaba_el_descanso():
    publicador = Publicador(1)
    publicador.marcha.calmar()
    with con_plazo(5):
        assert publicador.marcha._calma.esperar(0.0)
    publicador.marcha.parar()
    with con_plazo(5):
        assert publicador._esperar(60.0)


def test_se_espera_hasta_la_cita_y_no_mas():
    ensayo = Ensayo(paso(lambda: False, lambda: INICIO + timedelta(milliseconds=300)), vueltas=1)
    ensayo.correr()
    assert ensayo.esperas == [pytest.approx(0.3)]


def test_con_reloj_acelerado_la_espera_es_tiempo_de_verdad():
    ensayo = Ensayo(paso(lambda: False, lambda: INICIO + timedelta(minutes=30)), vueltas=1)
    ensayo.marcha.ritmo = 3600.0
    ensayo.correr()
    assert ensayo.esperas == [pytest.approx(0.5)]


def test_un_paso_que_falla_se_repite_cada_vez_mas_tarde_y_los_demas_siguen():
    intentos, buenos = [], []

    def malo() -> bool:
        intentos.append(ensayo.reloj.monotono())
        raise ValueError("MARIA")

    def bueno() -> bool:
        buenos.append(1)
        return True

    ensayo = Ensayo(paso(malo), paso(bueno), vueltas=12)
    ensayo.correr()
    assert intentos == [0.0, 1.0, 2.0, 3.0, 5.0, 9.0]
    assert len(buenos) == 12
    assert ensayo.marcha.fallos == 6


def test_sin_bus_los_pasos_que_solo_usan_la_base_siguen():
    dados = []

    def aplicar() -> bool:
        dados.append(1)
        ensayo.reloj.adelantar(timedelta(seconds=1))
        return True

    def sin_bus() -> bool:
        raise TransporteCaido

    ensayo = Ensayo(paso(aplicar), vueltas=4, escuchar=sin_bus)
    ensayo.marcha.bus = True
    ensayo.correr()
    assert len(dados) >= 4
    assert not ensayo.marcha.bus


def test_escuchar_sin_fallo_es_tener_bus():
    ensayo = Ensayo(vueltas=1)
    assert not ensayo.marcha.bus
    ensayo.correr()
    assert ensayo.marcha.bus


def test_sin_base_espera_sin_dar_pasos_hasta_la_parada(tmp_path: Path):
    dados = []

    def escribir() -> bool:
        dados.append(1)
        with ensayo.marcha.motor.connect():
            return True

    ensayo = Ensayo(paso(escribir))
    ensayo.marcha.motor = abrir_motor(f"sqlite:///{tmp_path / 'no' / 'existe.db'}")
    vistas = iter(range(3))
    esperar = ensayo.marcha._despertador.esperar

    def contar(segundos: float) -> bool:
        if next(vistas, None) is None:
            ensayo.marcha.parar()
        return esperar(min(segundos, 0.0))

    ensayo.marcha._despertador.esperar = contar  # type: ignore[method-assign]
    ensayo.correr()
    assert dados == [1]
    assert ensayo.esperas == []


def test_el_despertador_recuerda_un_aviso_que_llego_antes():
    despertador = Despertador()
    despertador.sonar()
    despertador.sonar()
    with con_plazo(5):
        assert despertador.esperar(60)
    assert not despertador.esperar(0)


def test_el_propio_bucle_no_se_despierta_a_si_mismo():
    ensayo = Ensayo(vueltas=1)
    ensayo.correr()
    ensayo.marcha._despertador.esperar(0)
    ensayo.marcha.despertar()
    assert not ensayo.marcha._despertador.esperar(0)


def test_con_plazo_corta_lo_que_tarda():
    def nunca_acaba() -> None:
        with con_plazo(0.01):
            while True:
                ceder()

    with pytest.raises(Vencido):
        nunca_acaba()


def test_a_quien_ya_avisaron_otra_vez_no_se_le_pregunta_cuando_le_toca():
    """Preguntarlo es un viaje a la base, y mientras llega trabajo el relevo se da diez veces por segundo."""
    dados, preguntas = [], []

    def publicar() -> Labor:
        dados.append(1)
        if len(dados) < 3:
            relevo.avisar()
        return Labor.HECHA

    relevo = Paso("relevo", publicar, lambda: preguntas.append(len(dados)))
    Ensayo(relevo).correr()
    assert preguntas == [3]


def test_que_un_paso_no_pare_no_deja_sin_cita_a_los_demas():
    citas = []

    def cuando() -> datetime:
        citas.append(len(ensayo.esperas))
        return INICIO + timedelta(hours=1)

    ensayo = Ensayo(paso(lambda: True), paso(lambda: False, cuando))
    ensayo.correr()
    assert citas == [1]


def test_si_no_se_puede_saber_cuando_le_toca_se_pregunta_otra_vez_mas_tarde():
    preguntas = []

    def cuando() -> datetime:
        preguntas.append(ensayo.reloj.monotono())
        if len(preguntas) == 1:
            raise ValueError("MARIA")
        return INICIO + timedelta(hours=1)

    ensayo = Ensayo(paso(lambda: False, cuando))
    ensayo.correr()
    assert len(preguntas) == 2
    assert ensayo.marcha.fallos == 1
