"""A quién se aloja y dónde; lo que un albergue puede decir de sus plazas."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from eventos.atencion import AlbergueInscrito, AlojamientoFinalizado, ClaseAlojamiento, CuposActualizados
from eventos.motivos import MotivoFinAlojamiento
from eventos.plazas import Cupo, Plaza, Titularidad, TramoCupo
from eventos.tipos import Sexo
from servicios.atencion.dominio import alojamiento, correccion
from servicios.atencion.dominio.alojamiento import Albergue
from servicios.atencion.dominio.consentimiento import SinConsentimiento
from servicios.atencion.dominio.plazas import (
    Estancia,
    FaltaPlaza,
    PlazaDeOtraEdad,
    PlazaFueraDeAlbergue,
    SinPlaza,
)
from servicios.atencion.dominio.ruta import RutaYaCerrada
from tests.unidad.atencion.relatos import ALBERGUE, CONSIENTE, ESTANCIA, EXAMINA, OTRA_META, estancia, historia
from tests.unidad.historia import INICIO, RUTA, id_de
from tests.unidad.historia import historia as plegar

MUJER_ADULTA = Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA)
HOMBRE_ADULTO = Plaza(sexo=Sexo.HOMBRE, tramo=TramoCupo.ADULTA)
NINA = Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.NINEZ)
ADULTA = frozenset({False})
#: Quien ocupa la única plaza libre del albergue de estas pruebas.
OTRA = Estancia(plaza=MUJER_ADULTA, nna=ADULTA, desde_recuento=True)


def cupo(tramo=TramoCupo.ADULTA, total=2, libres=1, sexo=Sexo.MUJER):
    return Cupo(sexo=sexo, tramo=tramo, total=total, libres=libres)


def inscrito(*cupos, especializado=False):
    return AlbergueInscrito(
        codigo=ALBERGUE,
        titular="GT-REFUGIO",
        titularidad=Titularidad.ONG,
        especializado=especializado,
        territorio="GT-01",
        cupos=cupos or (cupo(),),
    )


def actualizados(*cupos):
    return CuposActualizados(codigo=ALBERGUE, cupos=cupos)


def albergue(*hechos):
    return plegar(Albergue, *hechos, id_agregado=alojamiento.flujo_de(ALBERGUE))


def asignar(atencion, asignado, *, donde=None, estancias=(), nna=False, en_directorio=True, abierta=True):
    return alojamiento.asignar(
        atencion,
        asignado,
        albergue=albergue(inscrito()) if donde is None else donde,
        estancias=estancias,
        nna=nna,
        en_directorio=en_directorio,
        abierta=abierta,
        institucion=EXAMINA,
        instante=INICIO + timedelta(days=1),
    )


def finalizado(id_=ESTANCIA):
    return AlojamientoFinalizado(ruta=RUTA, alojamiento=id_, motivo=MotivoFinAlojamiento.AUTONOMIA)


def test_un_albergue_es_el_mismo_flujo_que_sus_hechos():
    assert inscrito().agregado == alojamiento.flujo_de(ALBERGUE) == actualizados().agregado


def test_el_ingreso_ordinario_exige_consentimiento_y_ruta_abierta():
    asignar(historia(CONSIENTE), estancia())
    with pytest.raises(SinConsentimiento):
        asignar(historia(), estancia())
    with pytest.raises(RutaYaCerrada):
        asignar(historia(CONSIENTE), estancia(), abierta=False)


def test_el_ingreso_de_urgencia_no_espera():
    asignar(historia(), estancia(urgente=True), abierta=False)


@pytest.mark.parametrize("urgente", [True, False])
def test_nunca_mas_que_los_cupos(urgente):
    with pytest.raises(SinPlaza):
        asignar(historia(CONSIENTE), estancia(urgente=urgente), estancias=[OTRA])


def test_una_persona_una_plaza():
    with pytest.raises(alojamiento.YaAlojada):
        asignar(historia(CONSIENTE, estancia()), estancia())
    asignar(historia(CONSIENTE, estancia(), finalizado()), estancia())


@pytest.mark.parametrize("clase", [ClaseAlojamiento.ALBERGUE_GENERAL, ClaseAlojamiento.ALBERGUE_ESPECIALIZADO])
def test_un_albergue_esta_inscrito(clase):
    with pytest.raises(alojamiento.AlbergueDesconocido):
        asignar(historia(CONSIENTE), estancia(clase=clase), donde=albergue())


def test_una_familia_sustituta_depende_de_una_institucion_conocida():
    con_familia = estancia(clase=ClaseAlojamiento.FAMILIA_SUSTITUTA)
    asignar(historia(CONSIENTE), con_familia, donde=albergue())
    with pytest.raises(alojamiento.AlbergueDesconocido):
        asignar(historia(CONSIENTE), con_familia, donde=albergue(), en_directorio=False)


def test_especializado_es_el_que_lo_es():
    especializada = estancia(clase=ClaseAlojamiento.ALBERGUE_ESPECIALIZADO)
    with pytest.raises(alojamiento.NoEspecializado):
        asignar(historia(CONSIENTE), especializada)
    asignar(historia(CONSIENTE), especializada, donde=albergue(inscrito(especializado=True)))


def test_se_finaliza_la_estancia_viva():
    alojamiento.finalizar(historia(estancia()), finalizado())
    for hechos, id_ in (((), ESTANCIA), ((estancia(), finalizado()), ESTANCIA), ((estancia(),), OTRA_META)):
        with pytest.raises(alojamiento.EstanciaDesconocida):
            alojamiento.finalizar(historia(*hechos), finalizado(id_))


def test_un_fin_de_estancia_no_se_anula():
    with pytest.raises(correccion.HechoFirme):
        correccion.exigir_rectificable(historia(estancia(), finalizado()), id_de(2))
    correccion.exigir_rectificable(historia(estancia(), finalizado()), id_de(1))


def test_un_albergue_se_inscribe_una_vez():
    alojamiento.inscribir(albergue(), inscrito())
    with pytest.raises(alojamiento.AlbergueYaInscrito):
        alojamiento.inscribir(albergue(inscrito()), inscrito())


@pytest.mark.parametrize("cupos", [(cupo(total=1, libres=2),), (cupo(), cupo())], ids=["mas-libres", "repetido"])
def test_los_cupos_cuadran(cupos):
    with pytest.raises(alojamiento.CuposIncoherentes):
        alojamiento.inscribir(albergue(), inscrito(*cupos))
    with pytest.raises(alojamiento.CuposIncoherentes):
        alojamiento.actualizar_cupos(albergue(inscrito()), actualizados(*cupos), ())


def test_no_se_cuentan_cupos_de_un_albergue_que_no_consta():
    with pytest.raises(alojamiento.AlbergueDesconocido):
        alojamiento.actualizar_cupos(albergue(), actualizados(), ())


@pytest.mark.parametrize(
    ("total", "libres", "ocupadas", "cabe"), [(3, 1, 2, True), (3, 2, 2, False), (1, 0, 2, True), (1, 1, 2, False)]
)
def test_no_quedan_libres_las_que_alguien_ocupa(total, libres, ocupadas, cabe):
    nuevos = actualizados(cupo(total=total, libres=libres))
    estancias = [Estancia(plaza=MUJER_ADULTA, nna=ADULTA) for _ in range(ocupadas)]
    estancias += [Estancia(plaza=NINA, nna=frozenset({True})) for _ in range(9)]
    if cabe:
        alojamiento.actualizar_cupos(albergue(inscrito()), nuevos, estancias)
    else:
        with pytest.raises(alojamiento.CuposIncoherentes):
            alojamiento.actualizar_cupos(albergue(inscrito()), nuevos, estancias)


def test_los_ultimos_cupos_sustituyen_a_los_anteriores():
    nuevos = (cupo(total=9, libres=9),)
    assert albergue(inscrito(), actualizados(cupo()), actualizados(*nuevos)).ficha.cupos == nuevos


def test_en_un_albergue_el_hecho_lleva_la_plaza_aunque_se_deduzca():
    assert asignar(historia(CONSIENTE), estancia()).plaza == MUJER_ADULTA
    assert asignar(historia(CONSIENTE), estancia(plaza=MUJER_ADULTA)).plaza == MUJER_ADULTA


def test_con_varias_clases_de_plaza_para_su_edad_hay_que_decir_cual():
    de_varias = albergue(inscrito(cupo(), cupo(sexo=Sexo.HOMBRE), cupo(TramoCupo.NINEZ)))
    with pytest.raises(FaltaPlaza):
        asignar(historia(CONSIENTE), estancia(), donde=de_varias)
    assert asignar(historia(CONSIENTE), estancia(plaza=HOMBRE_ADULTO), donde=de_varias).plaza == HOMBRE_ADULTO
    assert asignar(historia(CONSIENTE), estancia(), donde=de_varias, nna=True).plaza == NINA


def test_la_plaza_es_de_su_edad_y_de_las_que_hay():
    de_varias = albergue(inscrito(cupo(), cupo(TramoCupo.NINEZ)))
    for plaza, nna in ((NINA, False), (MUJER_ADULTA, True)):
        with pytest.raises(PlazaDeOtraEdad):
            asignar(historia(CONSIENTE), estancia(plaza=plaza), donde=de_varias, nna=nna)
    with pytest.raises(SinPlaza):
        asignar(historia(CONSIENTE), estancia(plaza=HOMBRE_ADULTO), donde=de_varias)
    with pytest.raises(SinPlaza):
        asignar(historia(CONSIENTE), estancia(), donde=albergue(inscrito(cupo(TramoCupo.NINEZ))))


def test_una_plaza_llena_no_impide_la_de_otro_sexo():
    de_ambos = albergue(inscrito(cupo(), cupo(sexo=Sexo.HOMBRE)))
    with pytest.raises(SinPlaza):
        asignar(historia(CONSIENTE), estancia(plaza=MUJER_ADULTA), donde=de_ambos, estancias=[OTRA])
    asignar(historia(CONSIENTE), estancia(plaza=HOMBRE_ADULTO), donde=de_ambos, estancias=[OTRA])


@pytest.mark.parametrize("clase", [ClaseAlojamiento.FAMILIA_SUSTITUTA, ClaseAlojamiento.VIVIENDA_APOYADA])
def test_fuera_de_un_albergue_no_hay_plaza_que_decir(clase):
    """Aunque la institución que responde de la familia lleve también un albergue, y esté lleno."""
    assert asignar(historia(CONSIENTE), estancia(clase=clase), estancias=[OTRA]).plaza is UNSET
    with pytest.raises(PlazaFueraDeAlbergue):
        asignar(historia(CONSIENTE), estancia(clase=clase, plaza=MUJER_ADULTA))


def test_se_cuentan_tambien_las_que_declaro_antes():
    """Quien salió pudo estar en una plaza que el albergue ya no declara: no se da por libre la que queda."""
    salio = Estancia(nna=ADULTA, viva=False)
    solo_hombres = (cupo(total=1, libres=0, sexo=Sexo.HOMBRE),)
    asignar(historia(CONSIENTE), estancia(), donde=albergue(inscrito(*solo_hombres)), estancias=[salio])
    with pytest.raises(SinPlaza):
        asignar(
            historia(CONSIENTE),
            estancia(),
            donde=albergue(inscrito(cupo()), actualizados(*solo_hombres)),
            estancias=[salio],
        )
