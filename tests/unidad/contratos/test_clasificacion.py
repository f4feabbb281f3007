"""Acto, medio y fin de lo que consta; y un registro en HTCDS y en CTDC, sin perder nada en silencio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contratos.clasificacion import (
    Condicion,
    CruceDesconocido,
    Elemento,
    Ficha,
    Lista,
    a_ctdc,
    a_htcds,
    clasificar,
    columnas_ctdc,
    cruce,
    ficha,
    leer_en,
    traducir,
)
from eventos.deteccion import PresuncionDescartada, PresuntaVictimaDetectada, VictimaIdentificada
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.motivos import MotivoDescarte
from eventos.perfil import Genero, PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo
from senda.demo import ctdc
from tests.unidad.historia import RUTA

ADULTA = Ficha(
    condicion=Condicion.IDENTIFICADA,
    nna=SiNo.NO,
    modalidades=(Modalidad.TRABAJO_FORZOSO, Modalidad.ACTIVIDAD_DELICTIVA),
    medios=(MedioControl.DEUDA, MedioControl.RESTRINGE_MOVIMIENTO),
    captacion=(Captacion.AMISTAD,),
    duracion=DuracionExplotacion.HASTA_12,
    genero=Genero.FEMENINO,
    grupo_etario="24-26",
    nacionalidades=("HND",),
    pais_explotacion="GTM",
)
VACIA = Ficha(condicion=Condicion.PRESUNTA)

fichas = st.builds(
    Ficha,
    condicion=st.sampled_from(Condicion),
    nna=st.sampled_from(SiNo),
    modalidades=st.lists(st.sampled_from(Modalidad), unique=True).map(tuple),
    medios=st.lists(st.sampled_from(MedioControl), unique=True).map(tuple),
    captacion=st.lists(st.sampled_from(Captacion), unique=True).map(tuple),
    duracion=st.sampled_from(DuracionExplotacion),
    genero=st.sampled_from(Genero),
    grupo_etario=st.sampled_from(["no-consta", "0-8", "18-26", "48+"]),
    nacionalidades=st.sampled_from([(), ("GTM",), ("HND", "GTM")]),
    pais_explotacion=st.sampled_from(["ZZZ", "GTM", "MEX"]),
)


def test_acto_medio_y_fin_de_una_adulta():
    suya = clasificar(ADULTA, nna=False)
    assert suya.actos == ("captacion",)
    assert suya.medios == ("coaccion",)
    assert suya.fines == ("trabajos-o-servicios-forzados", "otra-explotacion")
    assert suya.faltan == ()


def test_para_una_nina_no_hace_falta_medio():
    sin_medios = Ficha(
        condicion=Condicion.PRESUNTA, modalidades=(Modalidad.MENDICIDAD,), captacion=(Captacion.FAMILIA,)
    )
    assert clasificar(sin_medios, nna=True).faltan == ()
    assert clasificar(sin_medios, nna=False).faltan == (Elemento.MEDIO,)


def test_lo_que_no_consta_falta_y_no_se_inventa():
    assert clasificar(VACIA, nna=False).faltan == (Elemento.ACTO, Elemento.MEDIO, Elemento.FIN)
    nada = Ficha(
        condicion=Condicion.PRESUNTA,
        modalidades=(Modalidad.NO_CONSTA,),
        medios=(MedioControl.NO_CONSTA,),
        captacion=(Captacion.NO_CONSTA,),
    )
    assert clasificar(nada, nna=True).faltan == (Elemento.ACTO, Elemento.FIN)


@pytest.mark.parametrize(
    ("pais", "medio_exigible", "falta"),
    [("gt", False, ()), ("pe", True, (Elemento.MEDIO,)), ("sv", None, ()), ("mx", None, ()), ("hn", None, ())],
)
def test_cada_ley_exige_lo_suyo_y_lo_no_hallado_no_se_exige(pais, medio_exigible, falta):
    sin_medios = Ficha(
        condicion=Condicion.PRESUNTA, modalidades=(Modalidad.SERVIDUMBRE,), captacion=(Captacion.PAREJA,)
    )
    lectura = leer_en(pais, sin_medios, nna=False)
    assert lectura.medio_exigible is medio_exigible
    assert lectura.faltan == falta
    assert len(lectura.fines) == 1
    assert leer_en(pais, sin_medios, nna=True).faltan == ()


def test_un_fin_que_la_ley_no_nombra_se_dice():
    lectura = leer_en("gt", ADULTA, nna=False)
    assert lectura.fines == ("trabajos o servicios forzados",)
    assert [(p.valor, p.sale_como) for p in lectura.perdidas] == [("actividad-delictiva-forzada", "")]


@pytest.mark.parametrize("pais", ["xx", "", "GT"])
def test_un_pais_sin_cruce_se_dice(pais):
    with pytest.raises(CruceDesconocido):
        leer_en(pais, ADULTA, nna=False)


def test_un_registro_en_htcds():
    exportado = a_htcds(ADULTA)
    assert (exportado.cruce, exportado.version) == ("htcds", "2.0")
    assert exportado.campos == {
        "vic_TraffickingStatus": ("ActualVictimOfTrafficking",),
        "vic_TypeOfExploitation": ("ForcedLabour", "Other"),
        "vic_MethodsOfControl": ("DebtBondage", "Other"),
        "vic_RelationshipToTrafficker": ("Acquainted",),
        "prs_Gender": ("Feminine",),
        "prs_Citizenship": ("HND",),
        "hte_Type": ("Exploitation",),
        "hte_Country": ("GTM",),
    }
    assert {(p.valor, p.sale_como) for p in exportado.perdidas} == {
        ("actividad-delictiva-forzada", "Other"),
        ("restringe-movimiento", "Other"),
        ("hasta-12-meses", ""),
    }


def test_un_campo_de_un_solo_codigo_dice_lo_que_dejo_fuera():
    varias = Ficha(condicion=Condicion.PRESUNTA, captacion=(Captacion.FAMILIA, Captacion.DESCONOCIDA))
    exportado = a_htcds(varias)
    assert exportado.campos["vic_RelationshipToTrafficker"] == ("Familial",)
    assert [p.valor for p in exportado.perdidas] == ["persona-desconocida"]


def test_un_registro_en_ctdc():
    unos = {c: v for c, v in a_ctdc(ADULTA).items() if v}
    assert unos == {
        "isForcedLabour": 1,
        "Means Debt Bondage Earnings": 1,
        "Recruiter Relation Friend": 1,
        "Trafficking Duration": 1,
        "Age Band": 5,
        "Woman": 1,
    }
    assert a_ctdc(VACIA) == dict.fromkeys(columnas_ctdc(), 0)


@given(fichas)
def test_todo_lo_que_consta_sale_o_se_dice_que_no(suya):
    for nombre in ("palermo", "htcds", "ctdc", "delito-gt", "delito-pe"):
        traducida = traducir(cruce(nombre), suya)
        perdidos = {(p.lista, p.valor) for p in traducida.perdidas}
        for e in cruce(nombre).listas:
            salen = {*traducida.campos, *(c for codigos in traducida.campos.values() for c in codigos)}
            for valor in suya.valores(e.lista):
                assert valor == "no-consta" or e.valores.get(valor) in salen or (e.lista, valor) in perdidos


@given(st.fixed_dictionaries({columna: st.integers(0, mayor) for columna, mayor in columnas_ctdc().items()}))
def test_lo_leido_de_ctdc_vuelve_a_ctdc(fila):
    leido = ctdc.registro(fila)
    vuelta = a_ctdc(
        Ficha(
            condicion=Condicion.PRESUNTA,
            modalidades=leido.modalidades,
            medios=leido.medios,
            captacion=leido.captacion,
            duracion=leido.duracion,
            genero=leido.persona.perfil.genero,
            grupo_etario=leido.persona.perfil.grupo_etario,
        )
    )
    # La ciudadanía no dice cuál, y de dos géneros se queda uno.
    ajenas = {"Is Citizen of Country", "Woman"}
    assert {c: v for c, v in vuelta.items() if c not in ajenas} == {c: v for c, v in fila.items() if c not in ajenas}


def test_la_ficha_sale_de_la_deteccion_y_de_la_identificacion():
    perfil = PerfilDesagregado(genero=Genero.TRANS_FEMENINO, grupo_etario="18-20", nacionalidades=("SLV",))
    detectada = PresuntaVictimaDetectada(
        ruta=RUTA,
        nna=SiNo.NO_CONSTA,
        extranjera=SiNo.SI,
        idioma="spa",
        riesgo=NivelRiesgo.BAJO,
        pais_deteccion="gt",
        perfil=perfil,
        modalidades=(Modalidad.SERVIDUMBRE,),
    )
    suya = ficha(detectada)
    assert (suya.condicion, suya.genero, suya.modalidades) == (
        Condicion.PRESUNTA,
        Genero.TRANS_FEMENINO,
        (Modalidad.SERVIDUMBRE,),
    )
    assert suya.valores(Lista.MEDIO) == ()
    identificada = VictimaIdentificada(ruta=RUTA, nna=SiNo.SI, extranjera=SiNo.NO)
    assert ficha(identificada) == Ficha(condicion=Condicion.IDENTIFICADA, nna=SiNo.SI)


def test_lo_sellado_sin_abrir_no_consta_y_un_descarte_no_dice_mas():
    assert a_htcds(ficha(VictimaIdentificada(ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.NO))).campos == {
        "vic_TraffickingStatus": ("ActualVictimOfTrafficking",),
        "prs_Gender": ("NonSpecifiedUnknown",),
    }
    descarte = ficha(PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.SIN_INDICIOS))
    assert a_htcds(descarte).campos["vic_TraffickingStatus"] == ("NotAVictimOfTrafficking",)
