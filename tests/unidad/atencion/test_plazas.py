"""Ninguna secuencia de ingresos, salidas, recuentos, correcciones y claves destruidas da dos veces la misma plaza."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, precondition, rule
from msgspec import UNSET

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
from eventos.plazas import Cupo, Plaza, Titularidad, TramoCupo
from eventos.tipos import Sexo, SiNo
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.dominio.alojamiento import CuposIncoherentes
from servicios.atencion.dominio.plazas import FaltaPlaza, PlazaDeOtraEdad, SinPlaza
from tests.unidad.atencion.relatos import ALBERGUE
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco

TITULAR = "GT-REFUGIO"
GRUPOS = (
    Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.NINEZ),
    Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.ADOLESCENCIA),
    Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA),
    Plaza(sexo=Sexo.HOMBRE, tramo=TramoCupo.ADULTA),
)
#: Por grupo, cuántas plazas tiene y cuántas ocupa quien no tiene ruta.
CUPOS = st.dictionaries(st.sampled_from(GRUPOS), st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1)


def cupos(declarados):
    return tuple(
        Cupo(sexo=grupo.sexo, tramo=grupo.tramo, total=total, libres=max(0, total - otras))
        for grupo, (total, otras) in declarados.items()
    )


class Albergue(RuleBasedStateMachine):
    """Sabe en qué cama está cada una, aunque el servicio ya no pueda saberlo, y cuántas dijo el albergue que quedaban.

    ``dudas``: si alguien está donde no se sabe o ya no se declara; desde entonces puede negarse una plaza que queda.
    """

    alojadas = Bundle("alojadas")

    @initialize(declarados=CUPOS)
    def inscribir(self, declarados):
        self.carpeta = tempfile.TemporaryDirectory(prefix="senda-plazas-")
        self.banco = Banco(CONTEXTO, Path(self.carpeta.name))
        self.personas = 0
        self.dentro: dict[UUID, Plaza] = {}
        self.desde: dict[UUID, int] = {}
        self.recuentos = 0
        self.dudas = False
        nuevos = cupos(declarados)
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
        self.total = {Plaza(sexo=cupo.sexo, tramo=cupo.tramo): cupo.total for cupo in nuevos}
        self.margen = Counter({Plaza(sexo=cupo.sexo, tramo=cupo.tramo): cupo.libres for cupo in nuevos})
        self.dudas = self.dudas or not self.total.keys() >= set(self.dentro.values())

    def _ocupadas(self, grupo):
        return sum(suya == grupo for suya in self.dentro.values())

    def _queda(self, grupo):
        return grupo in self.total and self.margen[grupo] > 0 and self._ocupadas(grupo) < self.total[grupo]

    @rule(target=alojadas, grupo=st.sampled_from(GRUPOS), la_dice=st.booleans(), nna=st.booleans())
    def ingresa(self, grupo, la_dice, nna):
        self.personas += 1
        ruta = UUID(int=self.personas << 64 | 0x8000_0000_0000_0000)
        self.banco.conocer(abierta(ruta, nna=nna))
        de_su_edad = [otro for otro in self.total if otro.de_nna is nna]
        peticion = AsignarAlojamiento(
            ruta=ruta, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True,
            plaza=grupo if la_dice else UNSET,
        )  # fmt: skip
        try:
            [asignado] = cast("list[Any]", self.banco.pedir(peticion))
        except PlazaDeOtraEdad:
            assert la_dice
            assert grupo.de_nna is not nna
            return None
        except FaltaPlaza:
            assert not la_dice
            assert len(de_su_edad) > 1
            return None
        except SinPlaza:
            pedidas = [grupo] if la_dice else de_su_edad
            assert self.dudas or not any(map(self._queda, pedidas)), "se negó una plaza que quedaba"
            return None
        dada = asignado.hecho.plaza
        assert dada in de_su_edad
        assert dada == grupo or not la_dice
        assert self._queda(dada), "se dio una plaza que no quedaba"
        self.dentro[ruta] = dada
        self.desde[ruta] = self.recuentos
        self.margen[dada] -= 1
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
        """Quien se creía NNA resulta adulta, o al revés: sigue en la cama en que está."""
        ruta = datos.draw(st.sampled_from(sorted(self.dentro)))
        self.banco.conocer(VictimaIdentificada(ruta=ruta, nna=resulta, extranjera=SiNo.NO))

    @precondition(lambda self: self.personas)
    @rule(datos=st.data())
    def se_destruye_su_clave(self, datos):
        """De quien está, o de quien ya salió: nadie puede volver a saber qué plaza ocupó."""
        quien = datos.draw(st.integers(1, self.personas))
        self.banco.llavero.destruir(UUID(int=quien << 64 | 0x8000_0000_0000_0000))
        self.dudas = True

    @rule(declarados=CUPOS)
    def recuenta(self, declarados):
        nuevos = cupos(declarados)
        libres = {Plaza(sexo=cupo.sexo, tramo=cupo.tramo): (cupo.libres, cupo.total) for cupo in nuevos}
        caben = all(quedan <= max(0, total - self._ocupadas(g)) for g, (quedan, total) in libres.items())
        try:
            self.banco.pedir(ActualizarCupos(codigo=ALBERGUE, cupos=nuevos), institucion=TITULAR)
        except CuposIncoherentes:
            assert self.dudas or not caben or not libres.keys() >= set(self.dentro.values())
            return
        assert caben, "se creyó un recuento en que sobran plazas"
        self._contar(nuevos)

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
        grupo = self.dentro.pop(ruta)
        if self.desde[ruta] == self.recuentos:
            self.margen[grupo] += 1

    def teardown(self):
        if hasattr(self, "banco"):
            self.banco.cerrar()
            self.carpeta.cleanup()


Albergue.TestCase.settings = settings(
    max_examples=30, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAlbergue = Albergue.TestCase
