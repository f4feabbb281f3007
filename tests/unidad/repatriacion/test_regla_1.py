"""Nadie viaja sin la regla 1, sea cual sea el orden en que se cuenten las cosas.

Una máquina propone hechos al azar; un oráculo que no usa `Repatriacion` recorre lo contado y dice si se podía.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import event, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from eventos import repatriacion as r
from eventos.base import Hecho
from eventos.comun import Efecto, HechoRectificado
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoDesistimiento, MotivoRectificacion
from eventos.rechazo import Rechazo
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo, SiNo
from servicios.repatriacion import dominio
from servicios.repatriacion.estado import Repatriacion
from tests.unidad.historia import INICIO, RUTA, anotado

ORDEN = [NivelRiesgo.BAJO, NivelRiesgo.MEDIO, NivelRiesgo.ALTO]
DIAS = st.integers(0, 25)
CORRIGE_QUIEN = MotivoRectificacion.ERROR_DE_REGISTRO


@dataclass(frozen=True)
class Ficha:
    nna: bool
    extranjera: SiNo = SiNo.SI
    abierta: bool = True


# --- El oráculo: la regla 1 leída otra vez, sobre la lista de lo que sigue en pie ------------------------------------


def tramo(hechos: list[Hecho], *cortes: type[Hecho]) -> list[Hecho]:
    """Lo contado después del último corte."""
    ultimo = max((i for i, h in enumerate(hechos) if isinstance(h, cortes)), default=-1)
    return hechos[ultimo + 1 :]


def de_este_viaje(hechos: list[Hecho]) -> list[Hecho]:
    """Lo contado desde que se pidió el viaje de ahora, si antes hubo otro; si no, todo."""
    for i in range(len(hechos) - 1, -1, -1):
        if isinstance(hechos[i], r.RepatriacionSolicitada) and any(
            isinstance(h, r.TrasladoRealizado) for h in hechos[:i]
        ):
            anteriores = [h for h in hechos[:i] if isinstance(h, r.TrasladoRealizado | r.RepatriacionSolicitada)]
            if isinstance(anteriores[-1], r.TrasladoRealizado):
                return hechos[i:]
    return hechos


def cumple_la_regla_1(hechos: list[Hecho], dia: date, acompanante: r.Acompanante, *, nna: bool) -> bool:
    ahora = de_este_viaje(hechos)
    riesgos = [h for h in ahora if isinstance(h, r.RiesgoRetornoEvaluado)]
    decisiones = [
        h for h in tramo(ahora, r.RepatriacionDesistida, r.TrasladoRealizado)
        if isinstance(h, r.DecisionInformadaRegistrada)
    ]  # fmt: skip
    if not riesgos or not decisiones:
        return False
    riesgo, decision = riesgos[-1], decisiones[-1]
    lugar = max(i for i, h in enumerate(ahora) if h is decision)
    conocidos = [h for h in ahora[:lugar] if isinstance(h, r.RiesgoRetornoEvaluado)]
    condiciones = [
        decision.decision == "acepta",
        decision.riesgos_explicados,
        riesgo.vigente_hasta >= dia,
        riesgo.nivel != "alto" or riesgo.medidas,
        bool(conocidos) and ORDEN.index(conocidos[-1].nivel) >= ORDEN.index(riesgo.nivel),
    ]
    if nna:
        intereses = [h for h in ahora if isinstance(h, r.InteresSuperiorDeterminado)]
        condiciones += [
            bool(intereses) and intereses[-1].resultado == "retorno" and intereses[-1].persona_oida,
            decision.por in {"representante-legal", "autoridad-de-ninez"} and decision.persona_oida,
            acompanante != "sin-acompanante",
        ]
    else:
        representada = decision.por in {"representante-legal", "apoyo-designado"} and decision.persona_oida
        condiciones.append(decision.por == "persona" or representada)
    return all(condiciones)


def contradice(hecho: Hecho) -> bool:
    """Si deja sin efecto un traslado programado."""
    match hecho:
        case r.DecisionInformadaRegistrada():
            return hecho.decision != "acepta"
        case r.RiesgoRetornoEvaluado():
            return hecho.nivel == "alto" and not hecho.medidas
        case r.InteresSuperiorDeterminado():
            return hecho.resultado != "retorno"
        case r.RepatriacionDesistida() | r.TrasladoRealizado():
            return True
        case _:
            return False


def traslado_en_pie(hechos: list[Hecho]) -> r.TrasladoProgramado | None:
    en_pie = None
    for hecho in hechos:
        if isinstance(hecho, r.TrasladoProgramado):
            en_pie = hecho
        elif contradice(hecho):
            en_pie = None
    return en_pie


def en_curso(hechos: list[Hecho]) -> bool:
    hitos = [
        h for h in hechos if isinstance(h, r.RepatriacionSolicitada | r.RepatriacionDesistida | r.TrasladoRealizado)
    ]
    return bool(hitos) and isinstance(hitos[-1], r.RepatriacionSolicitada)


# --- La máquina ------------------------------------------------------------------------------------------------------


class Retorno(RuleBasedStateMachine):
    """Propone cualquier hecho en cualquier momento; el dominio decide y el oráculo lo contrasta."""

    @initialize(nna=st.booleans())
    def empezar(self, *, nna: bool) -> None:
        self.rep = Repatriacion.vacio(RUTA)
        self.contados: list[Anotado] = []
        self.anulados: set[object] = set()
        self.ahora: datetime = INICIO
        self.ficha = Ficha(nna=nna)
        self.numero = 0

    def en_pie(self) -> list[Hecho]:
        return [a.hecho for a in self.contados if a.id not in self.anulados]

    def contar(self, hecho: Hecho) -> None:
        self.numero += 1
        nuevo = anotado(hecho, self.numero, ocurrido=self.ahora)
        self.rep = self.rep.evolucionar(nuevo)
        if isinstance(hecho, HechoRectificado):
            self.anulados.add(hecho.corrige)
        else:
            self.contados.append(nuevo)

    @rule(dias=st.integers(1, 15))
    def pasa_el_tiempo(self, dias: int) -> None:
        self.ahora += timedelta(days=dias)

    @rule()
    def resulta_ser_nna(self) -> None:
        self.ficha = replace(self.ficha, nna=True)

    @rule(sentido=st.sampled_from(r.Sentido))
    def solicitar(self, sentido: r.Sentido) -> None:
        propuesta = r.RepatriacionSolicitada(ruta=RUTA, sentido=sentido, iniciativa=r.Iniciativa.PERSONA)
        try:
            self.contar(dominio.solicitar(self.rep, propuesta, self.ficha))
        except Rechazo:
            assert en_curso(self.en_pie())

    @rule(nivel=st.sampled_from(NivelRiesgo), medidas=st.booleans(), dias=DIAS)
    def evaluar(self, nivel: NivelRiesgo, *, medidas: bool, dias: int) -> None:
        hasta = self.ahora.date() + timedelta(days=dias)
        propuesta = r.RiesgoRetornoEvaluado(ruta=RUTA, nivel=nivel, medidas=medidas, vigente_hasta=hasta)
        self.contar(dominio.evaluar_riesgo(propuesta, self.ficha, self.ahora))

    @rule(resultado=st.sampled_from(["retorno", "retorno", "permanencia", "tercer-pais"]), oida=st.booleans())
    def determinar(self, resultado: str, *, oida: bool) -> None:
        propuesta = r.InteresSuperiorDeterminado(
            ruta=RUTA, resultado=r.ResultadoInteresSuperior(resultado), persona_oida=oida
        )
        try:
            self.contar(dominio.determinar_interes_superior(propuesta, self.ficha))
        except Rechazo:
            assert not self.ficha.nna or not oida

    @rule(
        decision=st.sampled_from(["acepta", "acepta", "acepta", "rechaza", "aplaza"]),
        por=st.sampled_from(QuienConsiente),
        explicados=st.sampled_from([True, True, False]),
        oida=st.sampled_from([True, True, False]),
    )
    def decidir(self, decision: str, por: QuienConsiente, *, explicados: bool, oida: bool) -> None:
        propuesta = r.DecisionInformadaRegistrada(
            ruta=RUTA, decision=r.Decision(decision), por=por, idioma="kek", riesgos_explicados=explicados,
            persona_oida=oida,
        )  # fmt: skip
        try:
            self.contar(dominio.registrar_decision(self.rep, propuesta, self.ficha, self.ahora))
        except Rechazo:
            assert decision == "acepta", "no aceptar no tiene condiciones"

    @rule(
        salvo=st.sampled_from(
            ["nada", "nada", "solicitar", "evaluar", "determinar", "decidir", "documentar", "programar"]
        ),
        nivel=st.sampled_from([NivelRiesgo.MEDIO, NivelRiesgo.MEDIO, NivelRiesgo.ALTO]),
        medidas=st.sampled_from([True, True, False]),
        oida=st.sampled_from([True, True, False]),
    )
    def casi_todo(self, salvo: str, nivel: NivelRiesgo, *, medidas: bool, oida: bool) -> None:
        """Un retorno entero al que quizá le falta algo: desde ahí es desde donde más fácil sería saltarse la regla."""
        por = QuienConsiente.REPRESENTANTE_LEGAL if self.ficha.nna else QuienConsiente.PERSONA
        pasos = {
            "solicitar": lambda: self.solicitar(r.Sentido.HACIA_SU_PAIS),
            "evaluar": lambda: self.evaluar(nivel, medidas=medidas, dias=20),
            "determinar": lambda: self.determinar("retorno", oida=True),
            "decidir": lambda: self.decidir("acepta", por, explicados=True, oida=oida),
            "documentar": self.documentar,
            "programar": lambda: self.programar(5, "consulado"),
        }
        for nombre, paso in pasos.items():
            if nombre != salvo:
                paso()

    @rule(primero=st.sampled_from(["rechaza", "aplaza"]))
    def cambia_de_idea(self, primero: str) -> None:
        """No acepta y luego sí: lo que estaba programado no vuelve."""
        por = QuienConsiente.REPRESENTANTE_LEGAL if self.ficha.nna else QuienConsiente.PERSONA
        self.decidir(primero, por, explicados=True, oida=True)
        self.decidir("acepta", por, explicados=True, oida=True)

    @rule()
    def documentar(self) -> None:
        propuesta = r.DocumentosEmitidos(ruta=RUTA, documentos=(r.Documento.PASAPORTE,))
        self.contar(dominio.emitir_documentos(propuesta, self.ahora))

    @rule()
    def desistir(self) -> None:
        propuesta = r.RepatriacionDesistida(ruta=RUTA, motivo=MotivoDesistimiento.DECISION_PERSONA)
        try:
            self.contar(dominio.desistir(self.rep, propuesta))
        except Rechazo:
            assert not en_curso(self.en_pie())

    @rule(
        dias=st.integers(0, 10), acompanante=st.sampled_from(["consulado", "procuraduria-de-ninez", "sin-acompanante"])
    )
    def programar(self, dias: int, acompanante: str) -> None:
        dia = self.ahora.date() + timedelta(days=dias)
        propuesta = r.TrasladoProgramado(ruta=RUTA, fecha=dia, acompanante=r.Acompanante(acompanante))
        hechos = self.en_pie()
        se_puede = en_curso(hechos) and cumple_la_regla_1(hechos, dia, propuesta.acompanante, nna=self.ficha.nna)
        try:
            hecho = dominio.programar_traslado(self.rep, propuesta, self.ficha, self.ahora)
        except Rechazo:
            assert not se_puede
        else:
            event("traslado programado")
            assert se_puede
            self.contar(hecho)

    @rule()
    def viajar(self) -> None:
        hechos, dia = self.en_pie(), self.ahora.date()
        programado = traslado_en_pie(hechos)
        se_puede = (
            programado is not None
            and cumple_la_regla_1(hechos, dia, programado.acompanante, nna=self.ficha.nna)
            and any(isinstance(h, r.DocumentosEmitidos) for h in hechos)
        )
        try:
            hecho = dominio.realizar_traslado(
                self.rep, r.TrasladoRealizado(ruta=RUTA, fecha=dia), self.ficha, self.ahora
            )
        except Rechazo:
            # Corregir deja sin efecto más de lo que el oráculo sabe; sin correcciones, los dos dicen lo mismo.
            assert not se_puede or self.anulados
        else:
            event("traslado realizado")
            assert se_puede
            self.contar(hecho)

    @rule(datos=st.data())
    def corregir(self, datos: st.DataObject) -> None:
        vivos = [a for a in self.contados if a.id not in self.anulados]
        # Anular un viaje o su solicitud cambia de qué viaje se habla: tiene sus propias pruebas.
        vivos = [a for a in vivos if not isinstance(a.hecho, r.TrasladoRealizado | r.RepatriacionSolicitada)]
        if vivos:
            elegido = datos.draw(st.sampled_from(vivos))
            self.contar(HechoRectificado(ruta=RUTA, corrige=elegido.id, efecto=Efecto.ANULADO, motivo=CORRIGE_QUIEN))


TestRetorno = Retorno.TestCase
TestRetorno.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
