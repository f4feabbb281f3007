"""A quién se aloja y dónde; lo que un albergue puede decir de sus plazas."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos.atencion import AlbergueInscrito, AlojamientoFinalizado, ClaseAlojamiento, CuposActualizados
from eventos.motivos import MotivoFinAlojamiento
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.tipos import Sexo
from servicios.atencion.dominio import alojamiento, correccion
from servicios.atencion.dominio.alojamiento import Albergue, Plazas
from servicios.atencion.dominio.consentimiento import SinConsentimiento
from servicios.atencion.dominio.ruta import RutaYaCerrada
from tests.unidad.atencion.relatos import ALBERGUE, CONSIENTE, ESTANCIA, EXAMINA, OTRA_META, estancia, historia
from tests.unidad.historia import INICIO, RUTA, id_de
from tests.unidad.historia import historia as plegar

UNA_LIBRE = Plazas(total=2, libres=1, ocupadas=1)
LLENO = Plazas(total=2, libres=0, ocupadas=2)


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


def asignar(atencion, asignado, *, donde=None, plazas=UNA_LIBRE, en_directorio=True, abierta=True):
    return alojamiento.asignar(
        atencion,
        asignado,
        albergue=albergue(inscrito()) if donde is None else donde,
        plazas=plazas,
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
    with pytest.raises(alojamiento.SinPlaza):
        asignar(historia(CONSIENTE), estancia(urgente=urgente), plazas=LLENO)


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
    asignar(historia(CONSIENTE), con_familia, donde=albergue(), plazas=Plazas())
    with pytest.raises(alojamiento.AlbergueDesconocido):
        asignar(historia(CONSIENTE), con_familia, donde=albergue(), plazas=Plazas(), en_directorio=False)


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
        alojamiento.actualizar_cupos(albergue(inscrito()), actualizados(*cupos), ocupadas_nna=0, ocupadas_adultas=0)


def test_no_se_cuentan_cupos_de_un_albergue_que_no_consta():
    with pytest.raises(alojamiento.AlbergueDesconocido):
        alojamiento.actualizar_cupos(albergue(), actualizados(), ocupadas_nna=0, ocupadas_adultas=0)


@pytest.mark.parametrize(
    ("total", "libres", "ocupadas", "cabe"), [(3, 1, 2, True), (3, 2, 2, False), (1, 0, 2, True), (1, 1, 2, False)]
)
def test_no_quedan_libres_las_que_alguien_ocupa(total, libres, ocupadas, cabe):
    nuevos = actualizados(cupo(total=total, libres=libres))
    if cabe:
        alojamiento.actualizar_cupos(albergue(inscrito()), nuevos, ocupadas_nna=9, ocupadas_adultas=ocupadas)
    else:
        with pytest.raises(alojamiento.CuposIncoherentes):
            alojamiento.actualizar_cupos(albergue(inscrito()), nuevos, ocupadas_nna=9, ocupadas_adultas=ocupadas)


def test_los_ultimos_cupos_sustituyen_a_los_anteriores():
    nuevos = (cupo(total=9, libres=9),)
    assert albergue(inscrito(), actualizados(cupo()), actualizados(*nuevos)).ficha.cupos == nuevos


def test_las_plazas_de_nna_y_de_adultas_no_se_mezclan():
    cupos = (
        cupo(total=4, libres=3),
        cupo(TramoCupo.NINEZ, total=5, libres=2),
        cupo(TramoCupo.ADOLESCENCIA, total=7, libres=6, sexo=Sexo.HOMBRE),
    )
    assert Plazas.de(cupos, nna=False) == Plazas(total=4, libres=3)
    assert Plazas.de(cupos, nna=True) == Plazas(total=12, libres=8)
