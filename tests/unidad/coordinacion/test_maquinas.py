"""Hypothesis intenta saltarse las reglas 3, 5 y 9 pidiendo cualquier cosa, quien sea, en cualquier orden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from eventos.atencion import RiesgoEvaluado, ServicioPrestado
from eventos.base import Hecho
from eventos.coordinacion import (
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEscalada,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRecibida,
    DerivacionVencida,
    Etapa,
    RutaCerrada,
)
from eventos.deteccion import InformacionEntregada, RiesgoInmediatoSenalado, Tema
from eventos.listas import Derecho, ResultadoAtencion, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoDerivacion,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRechazo,
    MotivoRetiro,
)
from eventos.rechazo import Rechazo
from eventos.tipos import NivelRiesgo, Urgencia
from servicios.coordinacion.dominio import cierre, derechos, derivacion, encargo
from servicios.coordinacion.dominio.derivacion import Estado
from servicios.coordinacion.dominio.encargo import Plazos
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Evidencia
from tests.unidad.coordinacion.muestras import ADULTA, ENCARGO, GT, abierta, emitida, prueba
from tests.unidad.historia import INICIO, RUTA, anotado, id_de

RECTORA = "GT-SVET"
CODIGOS = ["GT-MSPAS", "GT-IV", RECTORA, "GT-MP"]
#: La mitad de las veces, quien lo tiene: si no, casi todo se rechazaría por lo mismo.
LA_SUYA = ""
QUIENES = st.one_of(st.just(LA_SUYA), st.sampled_from(CODIGOS))
SALUD = frozenset({ServicioPedido.SALUD.value})
PLAZOS = Plazos(GT.por_urgencia, GT.calendario)


class Ficha:
    servicios = SALUD
    activa = True


DIRECTORIO = {"GT-MSPAS": Ficha(), "GT-IV": Ficha()}
TERMINADAS = {Estado.ATENDIDA, Estado.RECHAZADA, Estado.REASIGNADA, Estado.RETIRADA}


class MaquinaDerivacion(RuleBasedStateMachine):
    """Un encargo y su cadena de reasignaciones, atacados por todas las instituciones a la vez."""

    def __init__(self) -> None:
        super().__init__()
        self.ahora = INICIO
        self.ruta = Ruta.vacio(RUTA).con(abierta(), INICIO).con(emitida(), INICIO)
        self.autores: list[tuple[Hecho, str]] = []
        self.finales: dict[UUID, Estado] = {}
        self.usados = 0

    @property
    def ultimo(self) -> derivacion.Derivacion:
        return list(self.ruta.derivaciones.values())[-1]

    def quien_es(self, quien: str) -> str:
        return quien or self.ultimo.a

    def intentar(self, quien: str, decidir: Callable[[], Iterable[Hecho]]) -> None:
        try:
            hechos = list(decidir())
        except Rechazo:
            return
        for hecho in hechos:
            self.autores.append((hecho, quien))
            self.ruta = self.ruta.con(hecho, self.ahora)

    @rule(horas=st.integers(min_value=1, max_value=30))
    def pasa_el_tiempo(self, horas: int) -> None:
        self.ahora += timedelta(hours=horas)

    @rule(quien=QUIENES)
    def acusar(self, quien: str) -> None:
        quien = self.quien_es(quien)
        self.intentar(quien, lambda: [derivacion.recibir(self.ultimo, quien)])

    @rule(quien=QUIENES)
    def aceptar(self, quien: str) -> None:
        quien = self.quien_es(quien)
        self.intentar(quien, lambda: derivacion.aceptar(self.ultimo, quien))

    @rule(quien=QUIENES)
    def rechazar(self, quien: str) -> None:
        quien = self.quien_es(quien)

        def decidir() -> list[Hecho]:
            d = self.ultimo
            hechos = derivacion.rechazar(d, quien, MotivoRechazo.SIN_CUPO)
            a = encargo.destinataria(DIRECTORIO, "", d.servicio, RECTORA, d.ya_pasaron)
            return [*hechos, *encargo.reasignar(d, self.nuevo_id(), a, PLAZOS, self.ahora)] if a else []

        self.intentar(quien, decidir)

    @rule(quien=QUIENES, a=st.sampled_from(CODIGOS))
    def reasignar(self, quien: str, a: str) -> None:
        quien = self.quien_es(quien)

        def decidir() -> Iterable[Hecho]:
            derivacion.exigir_reasignable(self.ultimo, quien, RECTORA, a)
            return encargo.reasignar(self.ultimo, self.nuevo_id(), a, PLAZOS, self.ahora)

        self.intentar(quien, decidir)

    @rule(quien=QUIENES, resultado=st.sampled_from(ResultadoAtencion), vale=st.booleans(), cuantas=st.integers(0, 2))
    def atender(self, quien: str, resultado: ResultadoAtencion, *, vale: bool, cuantas: int) -> None:
        quien = self.quien_es(quien)
        pruebas = [
            prueba(anotado(emitida(), n), con_mandato=vale, contradicha_por=None if vale else id_de(7))
            for n in range(1, cuantas + 1)
        ]
        antes = len(self.autores)
        self.intentar(quien, lambda: [derivacion.atender(self.ultimo, quien, resultado, pruebas)])
        if len(self.autores) > antes and resultado in {ResultadoAtencion.COMPLETA, ResultadoAtencion.PARCIAL}:
            assert pruebas, "se atendió sin prueba (regla 9)"
            assert vale, "se atendió con una prueba que no vale (regla 9)"

    @rule(quien=QUIENES)
    def retirar(self, quien: str) -> None:
        quien = self.quien_es(quien)
        self.intentar(
            quien,
            lambda: [derivacion.retirar(self.ultimo, quien, RECTORA, MotivoRetiro.NECESIDAD_CUBIERTA, nna=False)],
        )

    @rule(etapa=st.sampled_from(Etapa))
    def vencer(self, etapa: Etapa) -> None:
        d = self.ultimo
        plazo = d.vence_acuse if etapa is Etapa.ACUSE else d.vence_atencion
        assert plazo is not None
        hechos = derivacion.vencer(d, etapa, self.ahora, RECTORA)
        respondida = d.estado is not Estado.EMITIDA if etapa is Etapa.ACUSE else not d.pendiente
        debia = plazo <= self.ahora and not respondida and etapa not in d.vencidas
        assert bool(hechos) is debia
        self.intentar("GT-SISTEMA", lambda: hechos)

    @invariant()
    def solo_responde_quien_lo_tiene(self) -> None:
        for hecho, quien in self.autores:
            if isinstance(hecho, DerivacionRecibida | DerivacionAceptada | DerivacionRechazada | DerivacionAtendida):
                assert self.ruta.derivaciones[hecho.derivacion].a == quien

    @invariant()
    def no_se_atiende_lo_que_no_se_acepto(self) -> None:
        aceptadas = {h.derivacion for h, _ in self.autores if isinstance(h, DerivacionAceptada)}
        assert {h.derivacion for h, _ in self.autores if isinstance(h, DerivacionAtendida)} <= aceptadas

    @invariant()
    def vence_una_vez_por_etapa_y_siempre_escala(self) -> None:
        vencidas = [(h.derivacion, h.etapa) for h, _ in self.autores if isinstance(h, DerivacionVencida)]
        escaladas = [h.derivacion for h, _ in self.autores if isinstance(h, DerivacionEscalada)]
        assert len(vencidas) == len(set(vencidas)) == len(escaladas)

    @invariant()
    def lo_terminado_no_cambia(self) -> None:
        for d in self.ruta.derivaciones.values():
            if d.id in self.finales:
                assert d.estado is self.finales[d.id]
            elif d.estado in TERMINADAS:
                self.finales[d.id] = d.estado

    @invariant()
    def nunca_queda_sin_dueno(self) -> None:
        reasignadas = {h.derivacion for h, _ in self.autores if isinstance(h, DerivacionReasignada)}
        rechazadas = {h.derivacion for h, _ in self.autores if isinstance(h, DerivacionRechazada)}
        assert rechazadas <= reasignadas
        vivas = [d for d in self.ruta.derivaciones.values() if d.pendiente]
        if self.ultimo.estado in {Estado.ATENDIDA, Estado.RETIRADA}:
            assert vivas == []
        else:
            assert vivas == [self.ultimo]

    def nuevo_id(self) -> UUID:
        self.usados += 1
        return UUID(int=ENCARGO.int + 100 + self.usados)


SERVICIOS = {
    Derecho.SALUD_FISICA: ServicioPedido.SALUD,
    Derecho.ALIMENTACION: ServicioPedido.ALIMENTACION,
}
DERECHOS = (Derecho.SALUD_FISICA, Derecho.ALIMENTACION, Derecho.INFORMACION, Derecho.INTEGRIDAD)
COMPLETA = ResultadoAtencion.COMPLETA
PRUEBAS: dict[Derecho, Hecho] = {
    Derecho.SALUD_FISICA: ServicioPrestado(ruta=RUTA, servicio=ServicioPedido.SALUD, resultado=COMPLETA),
    Derecho.ALIMENTACION: ServicioPrestado(ruta=RUTA, servicio=ServicioPedido.ALIMENTACION, resultado=COMPLETA),
    Derecho.INFORMACION: InformacionEntregada(ruta=RUTA, idioma="spa", comprendida=True, temas=(Tema.DERECHOS,)),
    Derecho.INTEGRIDAD: RiesgoEvaluado(ruta=RUTA, nivel=NivelRiesgo.BAJO, vigente_hasta=date(2026, 12, 31)),
}
#: La mitad de las veces se parte de todo probado: lo que cuesta es impedir el cierre cuando algo deja de valer.
PARTIDAS = st.one_of(st.just(list(DERECHOS)), st.lists(st.sampled_from(DERECHOS), unique=True, max_size=4))


class MaquinaRuta(RuleBasedStateMachine):
    """Una ruta a la que llegan pruebas, peligros y rectificaciones desordenados, y quien insiste en cerrarla."""

    def __init__(self) -> None:
        super().__init__()
        self.ahora = INICIO
        self.ruta = Ruta.vacio(RUTA)
        self.evidencias: list[Evidencia] = []
        self.excluidos: set[Derecho] = set()

    @initialize(obligacion=st.booleans(), probados=PARTIDAS)
    def abrir(self, probados: list[Derecho], *, obligacion: bool) -> None:
        self.ruta = self.ruta.con(abierta(derechos=DERECHOS), self.ahora)
        for derecho in probados:
            self.se_prueba(derecho, con_mandato=True)
        if obligacion:
            self.ruta = self.ruta.con(emitida(motivo=MotivoDerivacion.OBLIGACION_LEGAL), self.ahora)

    def llega(self, hecho: Hecho, *, con_mandato: bool = True, hace: int = 0) -> None:
        self.ahora += timedelta(minutes=1)
        n = len(self.evidencias) + 1
        ocurrido = self.ahora - timedelta(minutes=3 * hace)
        nueva = prueba(anotado(hecho, n, ocurrido=self.ahora), con_mandato=con_mandato, ocurrido=ocurrido)
        self.evidencias.append(nueva)

    @rule(
        derecho=st.sampled_from(list(SERVICIOS)),
        resultado=st.sampled_from(ResultadoAtencion),
        hace=st.integers(0, 2),
        con_mandato=st.booleans(),
    )
    def se_presta(self, derecho: Derecho, resultado: ResultadoAtencion, hace: int, *, con_mandato: bool) -> None:
        hecho = ServicioPrestado(ruta=RUTA, servicio=SERVICIOS[derecho], resultado=resultado)
        self.llega(hecho, con_mandato=con_mandato, hace=hace)

    @rule(derecho=st.sampled_from(DERECHOS), con_mandato=st.booleans())
    def se_prueba(self, derecho: Derecho, *, con_mandato: bool) -> None:
        self.llega(PRUEBAS[derecho], con_mandato=con_mandato)

    @rule(comprendida=st.booleans())
    def se_informa(self, *, comprendida: bool) -> None:
        self.llega(InformacionEntregada(ruta=RUTA, idioma="spa", comprendida=comprendida, temas=(Tema.DERECHOS,)))

    @rule(nivel=st.sampled_from(NivelRiesgo), hace=st.integers(0, 2))
    def se_evalua_el_riesgo(self, nivel: NivelRiesgo, hace: int) -> None:
        self.llega(RiesgoEvaluado(ruta=RUTA, nivel=nivel, vigente_hasta=date(2026, 12, 31)), hace=hace)

    @rule()
    def hay_peligro(self) -> None:
        self.llega(RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA))

    @precondition(lambda self: self.evidencias)
    @rule(datos=st.data())
    def se_rectifica(self, datos: Any) -> None:
        i = datos.draw(st.integers(0, len(self.evidencias) - 1))
        vieja = self.evidencias[i]
        self.evidencias[i] = Evidencia(
            tipo=vieja.tipo, campos=vieja.campos, id=vieja.id, ocurrido=vieja.ocurrido, registrado=vieja.registrado,
            con_mandato=vieja.con_mandato, contradicha_por=id_de(9000 + i),
        )  # fmt: skip

    @rule()
    def se_revisa(self) -> None:
        """Lo que hace el servicio al conocer un hecho; también puede tardar."""
        if self.ruta.abierta:
            self.contar(derechos.revisar(RUTA, self.ruta.derechos, GT.derechos, self.evidencias))
            assert derechos.revisar(RUTA, self.ruta.derechos, GT.derechos, self.evidencias) == []

    @rule(derecho=st.sampled_from(Derecho), motivo=st.sampled_from(MotivoNoAplicable))
    def se_excluye(self, derecho: Derecho, motivo: MotivoNoAplicable) -> None:
        try:
            hecho = cierre.no_aplica(
                self.ruta, derecho, motivo, perfil=ADULTA, exigibles=DERECHOS, reglas=GT.exclusiones,
                evidencias=self.evidencias, autoridad_ninez=False,
            )  # fmt: skip
        except Rechazo:
            return
        self.excluidos.add(derecho)
        self.contar([hecho])

    @rule(motivo=st.one_of(st.just(MotivoCierre.RESTITUCION_PLENA), st.sampled_from(MotivoCierre)))
    def se_cierra(self, motivo: MotivoCierre) -> None:
        cambios = derechos.revisar(RUTA, self.ruta.derechos, GT.derechos, self.evidencias)
        al_dia = self.ruta
        for cambio in cambios:
            al_dia = al_dia.con(cambio, self.ahora)
        try:
            hechos = cierre.cerrar(
                al_dia, motivo, reglas=GT.cierres, exigibles=DERECHOS, evidencias=self.evidencias, nna=False,
                autoridad_ninez=False,
            )  # fmt: skip
        except Rechazo:
            return
        if motivo is MotivoCierre.RESTITUCION_PLENA:
            for derecho in DERECHOS:
                assert derecho in self.excluidos or self.probado(derecho), f"cerró sin {derecho} (regla 3)"
            assert not any(d.motivo is MotivoDerivacion.OBLIGACION_LEGAL for d in self.ruta.pendientes)
        self.contar([*cambios, *hechos])
        assert isinstance(hechos[-1], RutaCerrada)
        assert self.ruta.pendientes == []

    @rule(motivo=st.sampled_from(MotivoReapertura))
    def se_reabre(self, motivo: MotivoReapertura) -> None:
        try:
            self.contar([cierre.reabrir(self.ruta, motivo)])
        except Rechazo:
            return

    @invariant()
    def nada_irrenunciable_se_excluye(self) -> None:
        assert not self.excluidos & {Derecho.INFORMACION, Derecho.INTEGRIDAD, Derecho.PRIVACIDAD}

    def contar(self, hechos: Iterable[Hecho]) -> None:
        self.ahora += timedelta(minutes=1)
        for hecho in hechos:
            self.ruta = self.ruta.con(hecho, self.ahora)

    def probado(self, derecho: Derecho) -> bool:
        """Otro camino para lo mismo: la última palabra en pie sobre ese derecho, a mano."""
        en_pie = sorted((e for e in self.evidencias if e.vale), key=lambda e: (e.ocurrido, e.registrado, e.id))
        if derecho in SERVICIOS:
            servicio = SERVICIOS[derecho]
            return any(e.campos.get("servicio") == servicio and e.campos["resultado"] == "completa" for e in en_pie)
        if derecho is Derecho.INFORMACION:
            return any(e.campos.get("comprendida") is True for e in en_pie)
        ultimo_bajo = max((i for i, e in enumerate(en_pie) if e.campos.get("nivel") == "bajo"), default=-1)
        malos = ("riesgo-evaluado", "riesgo-inmediato-senalado")
        despues = [e for e in en_pie[ultimo_bajo + 1 :] if e.tipo.split(".")[2] in malos]
        return ultimo_bajo >= 0 and all(e.campos.get("nivel") == "medio" for e in despues)


RAPIDO = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestDerivacion = MaquinaDerivacion.TestCase
TestDerivacion.settings = RAPIDO
TestRuta = MaquinaRuta.TestCase
TestRuta.settings = RAPIDO


def test_la_maquina_sabe_llegar_a_la_restitucion_plena():
    """Sin esto, una máquina que nunca cierra también pasaría."""
    maquina = MaquinaRuta()
    maquina.abrir(list(DERECHOS), obligacion=False)
    maquina.se_cierra(MotivoCierre.RESTITUCION_PLENA)
    assert maquina.ruta.cierre is MotivoCierre.RESTITUCION_PLENA
    assert isinstance(maquina.ruta.cerrada_en, datetime)
