"""Regla 2: con una NNA, la procuraduría lo sabe siempre y ya; por ella consiente su representación, tras oírla."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contratos.solicitudes.atencion import OtorgarConsentimiento
from eventos.atencion import Alcance
from eventos.base import Hecho
from eventos.coordinacion import DerivacionEmitida, RutaAbierta
from eventos.deteccion import RiesgoInmediatoSenalado, VictimaIdentificada
from eventos.listas import QuienConsiente, ServicioPedido
from eventos.rechazo import Rechazo
from eventos.tipos import SiNo, Urgencia
from servicios.atencion.contexto import CONTEXTO as ATENCION
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from tests.unidad.banco import Banco
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import RUTA
from tests.unidad.reglas.lectura import hechos_de

EN_SU_NOMBRE = {QuienConsiente.REPRESENTANTE_LEGAL, QuienConsiente.AUTORIDAD_NINEZ}
POR_SI = {QuienConsiente.PERSONA, QuienConsiente.APOYO_DESIGNADO}


class Ninez(RuleBasedStateMachine):
    """Coordinación y atención juntas: la edad se presume, se identifica y se corrige en cualquier orden."""

    @initialize(supuesta=st.sampled_from(SiNo), extranjera=st.sampled_from(SiNo))
    def detectar(self, supuesta: SiNo, extranjera: SiNo) -> None:
        self.carpeta = tempfile.TemporaryDirectory(prefix="senda-regla2-")
        donde = Path(self.carpeta.name)
        (donde / "c").mkdir()
        (donde / "a").mkdir()
        self.coordinacion = Banco(COORDINACION, donde / "c")
        self.atencion = Banco(ATENCION, donde / "a")
        self.coordinacion.conocer(deteccion(nna=supuesta, extranjera=extranjera))
        (apertura,) = [h for h in self.contados() if isinstance(h, RutaAbierta)]
        self.atencion.conocer(apertura)
        self.al_abrir = self.nna = apertura.nna
        assert apertura.nna or supuesta is not SiNo.SI, "se abrió como adulta la ruta de quien consta que es NNA"

    def contados(self) -> list[Hecho]:
        return hechos_de(self.coordinacion.almacen.registrador)

    @rule(resulta=st.sampled_from(SiNo))
    def identificar(self, resulta: SiNo) -> None:
        hecho = VictimaIdentificada(ruta=RUTA, nna=resulta, extranjera=SiNo.NO)
        self.coordinacion.conocer(hecho)
        self.atencion.conocer(hecho)
        # La identificación manda sobre la presunción, salvo en lo que tampoco a ella le consta.
        self.nna = self.al_abrir if resulta is SiNo.NO_CONSTA else resulta is SiNo.SI

    @rule(urgencia=st.sampled_from(Urgencia))
    def senalar_riesgo(self, urgencia: Urgencia) -> None:
        self.coordinacion.conocer(RiesgoInmediatoSenalado(ruta=RUTA, urgencia=urgencia))

    @rule(por=st.sampled_from(QuienConsiente), oida=st.booleans(), alcance=st.sampled_from(Alcance))
    def consentir(self, por: QuienConsiente, alcance: Alcance, *, oida: bool) -> None:
        peticion = OtorgarConsentimiento(ruta=RUTA, alcances=(alcance,), por=por, persona_oida=oida, idioma="spa")
        try:
            self.atencion.pedir(peticion)
        except Rechazo:
            return
        assert por in (EN_SU_NOMBRE if self.nna else POR_SI), f"consintió {por} con nna={self.nna}"
        assert oida or por is QuienConsiente.PERSONA, "decidió otro sin oír a la persona"

    @invariant()
    def la_procuraduria_lo_sabe(self) -> None:
        if not getattr(self, "nna", False):
            return
        encargos = [
            h
            for h in self.contados()
            if isinstance(h, DerivacionEmitida) and h.servicio is ServicioPedido.PROTECCION_NNA
        ]
        assert encargos, "es NNA y nadie avisó a la procuraduría"
        assert encargos[0].urgencia is Urgencia.INMEDIATA

    def teardown(self) -> None:
        if hasattr(self, "carpeta"):
            self.coordinacion.cerrar()
            self.atencion.cerrar()
            self.carpeta.cleanup()


Ninez.TestCase.settings = settings(
    max_examples=15, stateful_step_count=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestNinez = Ninez.TestCase
