"""Cuántas plazas quedan de cada sexo y edad: las cuentas, sin base ni bus."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec import UNSET, Struct

from eventos.plazas import Cupo, Plaza, TramoCupo
from eventos.rechazo import Rechazo
from eventos.tipos import Sexo
from servicios.atencion.dominio.plazas import Estancia, Plazas, contar, elegir

MUJER = Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA)
HOMBRE = Plaza(sexo=Sexo.HOMBRE, tramo=TramoCupo.ADULTA)
NINA = Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.NINEZ)
NINO = Plaza(sexo=Sexo.HOMBRE, tramo=TramoCupo.NINEZ)
GRUPOS = (MUJER, HOMBRE, NINA, NINO)
ADULTA, NNA = frozenset({False}), frozenset({True})


def cupo(grupo: Plaza, total: int, libres: int) -> Cupo:
    return Cupo(sexo=grupo.sexo, tramo=grupo.tramo, total=total, libres=libres)


CUPOS = (cupo(MUJER, 4, 2), cupo(HOMBRE, 3, 2), cupo(NINA, 2, 1))


def libres(*estancias: Estancia, cupos=CUPOS, antes=()) -> list[int]:
    return [plazas.libres for plazas in contar(cupos, estancias, antes=antes).values()]


def test_sin_nadie_quedan_las_declaradas():
    assert contar(CUPOS, ()) == {
        MUJER: Plazas(total=4, libres=2, ocupadas=0),
        HOMBRE: Plazas(total=3, libres=2, ocupadas=0),
        NINA: Plazas(total=2, libres=1, ocupadas=0),
    }


def test_un_ingreso_tras_el_recuento_resta_de_su_grupo_y_de_ningun_otro():
    assert libres(Estancia(plaza=MUJER, nna=ADULTA, desde_recuento=True)) == [1, 2, 1]


def test_quien_ya_estaba_al_contar_no_resta_otra_vez_y_al_salir_la_devuelve():
    assert libres(Estancia(plaza=MUJER, nna=ADULTA)) == [2, 2, 1]
    assert libres(Estancia(plaza=MUJER, nna=ADULTA, viva=False)) == [3, 2, 1]


def test_nunca_quedan_mas_que_las_que_no_ocupa_nadie():
    assert libres(*[Estancia(plaza=MUJER, nna=ADULTA)] * 3) == [1, 2, 1]
    assert libres(*[Estancia(plaza=MUJER, nna=ADULTA)] * 9) == [0, 2, 1]


def test_la_que_no_se_sabe_cuenta_en_cada_grupo_de_su_edad():
    assert libres(Estancia(nna=ADULTA, desde_recuento=True)) == [1, 1, 1]
    assert libres(Estancia(nna=NNA, desde_recuento=True)) == [2, 2, 0]


def test_si_se_la_tuvo_por_nna_y_por_adulta_cuenta_en_las_dos_edades():
    assert libres(Estancia(nna=ADULTA | NNA, desde_recuento=True)) == [1, 1, 0]


def test_la_que_no_se_sabe_y_sale_solo_devuelve_si_no_pudo_ser_de_otro_grupo():
    assert libres(Estancia(nna=ADULTA, viva=False)) == [2, 2, 1]
    assert libres(Estancia(nna=NNA, viva=False)) == [2, 2, 2]
    assert libres(Estancia(nna=NNA, viva=False), antes=(NINO,)) == [2, 2, 1]


def test_quien_esta_en_una_plaza_que_ya_no_se_declara_cuenta_en_las_de_esa_edad():
    assert libres(Estancia(plaza=NINO, nna=ADULTA, desde_recuento=True)) == [2, 2, 0]
    assert libres(Estancia(plaza=NINO, nna=NNA, viva=False)) == [2, 2, 1]


def test_la_que_se_sabe_cuenta_donde_esta_aunque_la_persona_resulte_de_otra_edad():
    assert libres(Estancia(plaza=MUJER, nna=ADULTA | NNA, desde_recuento=True)) == [1, 2, 1]


class Cama(Struct):
    """Dónde duerme de verdad una persona, y lo que el servicio puede saber de ella."""

    grupo: Plaza
    nna: frozenset[bool]
    desde_recuento: bool = True
    se_sabe: bool = True
    viva: bool = True

    @property
    def estancia(self) -> Estancia:
        plaza = self.grupo if self.se_sabe else UNSET
        return Estancia(plaza=plaza, nna=self.nna, viva=self.viva, desde_recuento=self.desde_recuento)


#: Por grupo, cuántas plazas tiene y cuántas ocupa quien no tiene ruta.
RECUENTOS = st.dictionaries(st.sampled_from(GRUPOS), st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1)


class EnCualquierOrden(RuleBasedStateMachine):
    """El servicio solo sabe lo que la estancia dice; aquí se sabe quién duerme en cada cama."""

    @initialize(recuento=RECUENTOS)
    def inscribir(self, recuento):
        self.camas: list[Cama] = []
        self.antes: set[Plaza] = set()
        self.recuenta(recuento)

    @rule(recuento=RECUENTOS)
    def recuenta(self, recuento):
        self.camas = [cama for cama in self.camas if cama.viva]
        for cama in self.camas:
            cama.desde_recuento = False
        self.declarados = {
            grupo: cupo(grupo, total, max(0, total - self.dentro(grupo) - de_fuera))
            for grupo, (total, de_fuera) in recuento.items()
        }
        self.quedan = {grupo: declarado.libres for grupo, declarado in self.declarados.items()}
        self.antes |= self.declarados.keys()

    def dentro(self, grupo):
        return sum(cama.viva and cama.grupo == grupo for cama in self.camas)

    @rule(pedida=st.sampled_from((*GRUPOS, UNSET)), nna=st.booleans())
    def ingresa(self, pedida, nna):
        # La que entró y salió tras el recuento ya no cuenta: su plaza quedó como estaba.
        cuentan = [cama.estancia for cama in self.camas if cama.viva or not cama.desde_recuento]
        plazas = contar(self.declarados.values(), cuentan, antes=self.antes)
        try:
            dada = elegir(pedida, plazas, nna=nna)
        except Rechazo:
            return
        self.camas.append(Cama(dada, frozenset({nna})))
        self.quedan[dada] -= 1
        assert self.quedan[dada] >= 0, "se dio una plaza que el albergue no tenía libre"
        assert self.dentro(dada) <= self.declarados[dada].total, "hay más personas que plazas"

    @precondition(lambda self: any(cama.viva for cama in self.camas))
    @rule(cual=st.integers(0, 99))
    def sale(self, cual):
        vivas = [cama for cama in self.camas if cama.viva]
        cama = vivas[cual % len(vivas)]
        cama.viva = False
        if cama.grupo in self.quedan:
            self.quedan[cama.grupo] += 1

    @precondition(lambda self: self.camas)
    @rule(cual=st.integers(0, 99))
    def se_destruye_su_clave(self, cual):
        self.camas[cual % len(self.camas)].se_sabe = False

    @precondition(lambda self: self.camas)
    @rule(cual=st.integers(0, 99), nna=st.booleans())
    def la_identifican(self, cual, nna):
        self.camas[cual % len(self.camas)].nna |= {nna}


EnCualquierOrden.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestEnCualquierOrden = EnCualquierOrden.TestCase


@pytest.mark.parametrize("nna", [True, False])
def test_sin_plazas_de_su_edad_no_hay_que_elegir(nna):
    with pytest.raises(Rechazo, match="sin-plaza"):
        elegir(UNSET, contar([cupo(MUJER if nna else NINA, 3, 3)], ()), nna=nna)
