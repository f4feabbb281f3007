"""Lo que se revisa antes de enviar es lo que el servicio comprueba: ni más, ni menos, y todo de una vez."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from contratos.campos import campos
from contratos.revision import Defecto, leer, revisar
from contratos.solicitudes import PETICIONES
from contratos.solicitudes.atencion import AcordarPlan, InscribirAlbergue
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.base import campos_sellados

RUTA = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"
BASURA = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize("clase", PETICIONES.values(), ids=lambda c: c.tipo)
def test_los_ejemplos_de_cada_campo_valen_en_el_contrato(clase):
    datos = {c.nombre: c.forma.ejemplo for c in campos(clase)}

    assert revisar(clase, datos) == ()
    assert {c.nombre for c in campos(clase) if c.sellado} == campos_sellados(clase)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hay_defectos_si_y_solo_si_el_servicio_no_la_admitiria(data):
    clase = data.draw(st.sampled_from(list(PETICIONES.values())))
    datos = {c.nombre: c.forma.ejemplo for c in campos(clase)}
    for nombre in data.draw(st.lists(st.sampled_from([*datos, "sobra"]), max_size=3)):
        datos[nombre] = data.draw(BASURA)

    try:
        leer(clase, datos)
    except msgspec.ValidationError:
        assert revisar(clase, datos)
    else:
        assert revisar(clase, datos) == ()


def test_se_dicen_todos_los_defectos_con_su_campo():
    hallados = revisar(DetectarPresuntaVictima, {"nna": "quiza", "extranjer": "no", "relato": 3})

    assert {d.campo for d in hallados} == {
        "extranjer", "nna", "extranjera", "idioma", "riesgo", "pais_deteccion", "relato"
    }  # fmt: skip
    assert Defecto("extranjer", "Sobra; ¿querías decir «extranjera»?") in hallados


def test_el_camino_llega_hasta_dentro_de_las_listas():
    datos = {"ruta": RUTA, "metas": [{"derecho": "ninguno", "servicio": "salud"}, 3], "por": "persona"}

    assert {d.campo for d in revisar(AcordarPlan, datos)} == {
        "metas[0].derecho", "metas[1]", "persona_oida", "revisar_el"
    }  # fmt: skip


def test_una_lista_demasiado_larga_o_corta_es_un_defecto():
    assert [d.campo for d in revisar(AcordarPlan, _plan(metas=[]))] == ["metas"]
    cupo = {"sexo": "mujer", "tramo": "adulta", "total": 1, "libres": 1}
    albergue = {c.nombre: c.forma.ejemplo for c in campos(InscribirAlbergue)} | {"cupos": [cupo] * 17}
    assert [d.campo for d in revisar(InscribirAlbergue, albergue)] == ["cupos"]


@pytest.mark.parametrize("datos", [None, 3, [], "x"])
def test_lo_que_no_es_un_objeto_tambien_se_dice(datos):
    assert [d.campo for d in revisar(AcordarPlan, datos)] == [""]


def test_ningun_defecto_repite_lo_recibido():
    secreto = "JUANA-PEREZ"
    datos = {"nna": secreto, "idioma": secreto, "relato": [secreto], secreto: 1, "perfil": {"sexo": secreto}}

    assert all(secreto not in texto for d in revisar(DetectarPresuntaVictima, datos) for texto in d)


def _plan(**cambios):
    return {c.nombre: c.forma.ejemplo for c in campos(AcordarPlan)} | cambios
