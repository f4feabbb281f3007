"""Regla 7: revocar un consentimiento corta lo que se apoyaba en él desde entonces, y nada más."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from eventos.atencion import (
    Alcance,
    AtencionInmediataBrindada,
    ConsentimientoOtorgado,
    ConsentimientoRevocado,
    Prestacion,
    ServicioPrestado,
)
from eventos.base import Hecho
from eventos.listas import QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.rechazo import Rechazo
from eventos.tipos import SiNo
from servicios.atencion.dominio import consentimiento, servicios
from servicios.atencion.dominio.ruta import Atencion
from tests.unidad.historia import INICIO, RUTA, anotado

QUIENES = ("GT-A", "GT-B")
#: Qué alcance ampara cada servicio; los que no están no lo necesitan.
AMPARA = {
    ServicioPedido.PSICOSOCIAL: {Alcance.ATENCION},
    ServicioPedido.LOCALIZACION_FAMILIAR: {Alcance.CONTACTO_FAMILIAR},
}
# Pocos valores, para que la misma cosa se consienta, se revoque y se preste: es ahí donde puede fallar.
ALCANCES = (Alcance.ATENCION, Alcance.CONTACTO_FAMILIAR)
SIEMPRE = (ServicioPedido.ALIMENTACION,)


class Revocacion(RuleBasedStateMachine):
    """Se consiente, se revoca y se presta en cualquier orden, también contado tarde. Lo que vale se lleva aparte."""

    def __init__(self) -> None:
        super().__init__()
        self.ahora = INICIO
        self.atencion = Atencion.vacio(RUTA)
        self.contados = 0
        #: alcance, a quién (vacío, a todas), desde, hasta
        self.dados: dict[UUID, tuple[Alcance, str, datetime, datetime]] = {}

    def contar(self, hecho: Hecho, institucion: str = "GT-A", ocurrido: datetime | None = None) -> None:
        self.contados += 1
        cuando = ocurrido or self.ahora
        self.atencion = self.atencion.evolucionar(
            anotado(hecho, self.contados, institucion=institucion, ocurrido=cuando)
        )

    @rule(minutos=st.integers(1, 600))
    def pasa_el_tiempo(self, minutos: int) -> None:
        self.ahora += timedelta(minutes=minutos)

    @rule(alcance=st.sampled_from(ALCANCES), a=st.sampled_from(("", *QUIENES)))
    def otorgar(self, alcance: Alcance, a: str) -> None:
        cual = UUID(int=len(self.dados) + 1)
        otorgado = ConsentimientoOtorgado(
            ruta=RUTA, consentimiento=cual, alcances=(alcance,), por=QuienConsiente.PERSONA, persona_oida=True,
            idioma="spa", destinatarias=(a,) if a else (),
        )  # fmt: skip
        self.contar(consentimiento.otorgar(otorgado, nna=False, dia=self.ahora.date()))
        self.dados[cual] = (alcance, a, self.ahora, datetime.max.replace(tzinfo=UTC))

    @rule(datos=st.data(), presion=st.sampled_from(SiNo))
    def revocar(self, datos: st.DataObject, presion: SiNo) -> None:
        cual = datos.draw(st.sampled_from([*self.dados] or [UUID(int=999)]))
        revocado = ConsentimientoRevocado(ruta=RUTA, consentimiento=cual, por=QuienConsiente.PERSONA, presion=presion)
        try:
            hecho = consentimiento.revocar(self.atencion, revocado, nna=False)
        except Rechazo:
            assert cual not in self.dados or self.dados[cual][3] <= self.ahora
            return
        alcance, a, desde, _ = self.dados[cual]
        self.dados[cual] = (alcance, a, desde, self.ahora)
        self.contar(hecho)

    @rule(
        que=st.sampled_from((*AMPARA, *SIEMPRE)),
        quien=st.sampled_from(QUIENES),
        tarde=st.sampled_from((0, 0, 0, 20, 300)),
    )
    def prestar(self, que: ServicioPedido, quien: str, tarde: int) -> None:
        """Vale lo que regía cuando se prestó, aunque se cuente después."""
        cuando = self.ahora - timedelta(minutes=tarde)
        prestado = ServicioPrestado(ruta=RUTA, servicio=que, resultado=ResultadoAtencion.COMPLETA)
        amparado = que in SIEMPRE or any(
            alcance in AMPARA[que] and a in {"", quien} and desde <= cuando < hasta
            for alcance, a, desde, hasta in self.dados.values()
        )
        try:
            hecho = servicios.prestar_servicio(
                self.atencion, prestado, derivada=True, institucion=quien, instante=cuando
            )
        except Rechazo:
            assert not amparado, f"se negó {que}, que alguien consintió o no lo necesita"
            return
        assert amparado, f"se prestó {que} sin consentimiento vigente"
        self.contar(hecho, quien, cuando)

    @rule(prestacion=st.sampled_from(Prestacion))
    def atender_ya(self, prestacion: Prestacion) -> None:
        """La atención inmediata no lo pide: revocar no la quita."""
        hecho = AtencionInmediataBrindada(ruta=RUTA, prestaciones=(prestacion,))
        self.contar(servicios.brindar_atencion_inmediata(hecho))


Revocacion.TestCase.settings = settings(max_examples=250, stateful_step_count=25, deadline=None)
TestRevocacion = Revocacion.TestCase
