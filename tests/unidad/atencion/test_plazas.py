"""Ninguna secuencia de ingresos, salidas, recuentos y correcciones aloja a más personas que plazas."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from contratos.solicitudes.atencion import (
    ActualizarCupos,
    AsignarAlojamiento,
    FinalizarAlojamiento,
    InscribirAlbergue,
    RectificarHecho,
)
from eventos.atencion import ClaseAlojamiento
from eventos.comun import Efecto
from eventos.deteccion import VictimaIdentificada
from eventos.motivos import MotivoFinAlojamiento, MotivoRectificacion
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.tipos import Sexo, SiNo
from infra.almacen.motor import leyendo
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.dominio.alojamiento import CuposIncoherentes, SinPlaza
from servicios.atencion.lecturas import plazas
from tests.unidad.atencion.relatos import ALBERGUE
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco

TITULAR = "GT-REFUGIO"
CUPOS = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))


def cupos(ninez: int, adolescencia: int, adulta: int, menos: int) -> tuple[Cupo, ...]:
    """Plazas por tramo, con algunas ocupadas por quien no tiene ruta."""
    totales = {TramoCupo.NINEZ: ninez, TramoCupo.ADOLESCENCIA: adolescencia, TramoCupo.ADULTA: adulta}
    return tuple(
        Cupo(sexo=Sexo.MUJER, tramo=tramo, total=total, libres=max(0, total - menos))
        for tramo, total in totales.items()
    )


class Albergue(RuleBasedStateMachine):
    """Cuenta por su lado: quién está, cuántas plazas hay y cuántas dijo el albergue que quedaban."""

    alojadas = Bundle("alojadas")

    @initialize(declarados=CUPOS)
    def inscribir(self, declarados):
        self.carpeta = tempfile.TemporaryDirectory(prefix="senda-plazas-")
        self.banco = Banco(CONTEXTO, Path(self.carpeta.name))
        self.personas = 0
        self.dentro: dict[UUID, bool] = {}
        self.desde: dict[UUID, int] = {}
        self.al_abrir: dict[UUID, bool] = {}
        self.recuentos = 0
        self.margen: Counter[bool] = Counter()
        self.total: Counter[bool] = Counter()
        nuevos = cupos(*declarados)
        self.banco.pedir(
            InscribirAlbergue(
                codigo=ALBERGUE, titular=TITULAR, titularidad=Titularidad.ONG, especializado=False,
                territorio="GT-01", cupos=nuevos,
            ),
            institucion=TITULAR,
        )  # fmt: skip
        self._contar(nuevos)

    def _contar(self, nuevos):
        self.recuentos += 1
        self.total, self.margen = Counter(), Counter()
        for cupo in nuevos:
            self.total[cupo.tramo is not TramoCupo.ADULTA] += cupo.total
            self.margen[cupo.tramo is not TramoCupo.ADULTA] += cupo.libres

    def _ocupadas(self, nna):
        return sum(es_nna is nna for es_nna in self.dentro.values())

    @rule(target=alojadas, nna=st.booleans())
    def ingresa(self, nna):
        self.personas += 1
        ruta = UUID(int=self.personas << 64 | 0x8000_0000_0000_0000)
        self.banco.conocer(abierta(ruta, nna=nna))
        peticion = AsignarAlojamiento(
            ruta=ruta, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True
        )
        try:
            [asignado] = self.banco.pedir(peticion)
        except SinPlaza:
            assert self.margen[nna] < 1 or self._ocupadas(nna) >= self.total[nna]
            return None
        self.dentro[ruta] = self.al_abrir[ruta] = nna
        self.desde[ruta] = self.recuentos
        self.margen[nna] -= 1
        assert self.margen[nna] >= 0, "se dio una plaza que el albergue no tenía libre"
        assert self._ocupadas(nna) <= self.total[nna], "hay más personas que plazas"
        return asignado

    @rule(asignado=consumes(alojadas))
    def sale(self, asignado):
        if asignado is None:
            return
        ruta = asignado.hecho.ruta
        self.banco.pedir(
            FinalizarAlojamiento(
                ruta=ruta, alojamiento=asignado.hecho.alojamiento, motivo=MotivoFinAlojamiento.AUTONOMIA
            )
        )
        self.margen[self.dentro.pop(ruta)] += 1

    @precondition(lambda self: self.dentro)
    @rule(datos=st.data(), resulta=st.sampled_from(SiNo))
    def la_identifican(self, datos, resulta):
        """Quien se creía NNA resulta adulta, o al revés: desde entonces cuenta donde le toca."""
        ruta = datos.draw(st.sampled_from(sorted(self.dentro)))
        self.banco.conocer(VictimaIdentificada(ruta=ruta, nna=resulta, extranjera=SiNo.NO))
        antes = self.dentro[ruta]
        ahora = self.al_abrir[ruta] if resulta is SiNo.NO_CONSTA else resulta is SiNo.SI
        self.dentro[ruta] = ahora
        if self.desde[ruta] == self.recuentos:
            self.margen[antes] += 1
            self.margen[ahora] -= 1

    @rule(declarados=CUPOS)
    def recuenta(self, declarados):
        nuevos = cupos(*declarados)
        try:
            self.banco.pedir(ActualizarCupos(codigo=ALBERGUE, cupos=nuevos), institucion=TITULAR)
        except CuposIncoherentes:
            return
        self._contar(nuevos)
        for nna in (True, False):
            assert self.margen[nna] <= max(0, self.total[nna] - self._ocupadas(nna))

    @rule(asignado=consumes(alojadas))
    def no_ocurrio(self, asignado):
        """Anular un ingreso libera la plaza; si el albergue ya recontó, manda su recuento."""
        if asignado is None:
            return
        ruta = asignado.hecho.ruta
        self.banco.pedir(
            RectificarHecho(
                ruta=ruta, corrige=asignado.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO
            )
        )
        nna = self.dentro.pop(ruta)
        if self.desde[ruta] == self.recuentos:
            self.margen[nna] += 1

    @invariant()
    def la_lectura_cuenta_lo_mismo(self):
        if not hasattr(self, "banco"):
            return
        with leyendo(self.banco.motor) as conexion:
            for nna in (True, False):
                leidas = plazas(lambda consulta: conexion.execute(consulta).all(), ALBERGUE, nna=nna)
                assert (leidas.total, leidas.ocupadas) == (self.total[nna], self._ocupadas(nna))
                assert leidas.libres <= max(0, leidas.total - leidas.ocupadas)

    def teardown(self):
        if hasattr(self, "banco"):
            self.banco.cerrar()
            self.carpeta.cleanup()


Albergue.TestCase.settings = settings(
    max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAlbergue = Albergue.TestCase
