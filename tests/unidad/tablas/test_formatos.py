"""Los formatos lo dicen todo: cada columna del estándar, cada campo de Senda y cada valor de sus listas."""

from __future__ import annotations

import pytest

from contratos.clasificacion.paquete import VALORES
from contratos.solicitudes.deteccion import DetectarPresuntaVictima, IdentificarVictima
from contratos.tablas import Lleva, formato, formatos
from contratos.tablas.idiomas import idiomas
from contratos.tablas.lector import FormatoDesconocido, FormatoInvalido, leer
from eventos.perfil import PerfilDesagregado
from senda.tablas.archivo import parece_identidad
from senda.tablas.manifiesto import _PUBLICOS

#: Qué campo de Senda cuenta cada cosa que una columna lleva.
CAMPO = {
    Lleva.MODALIDAD: "modalidades",
    Lleva.MEDIO: "medios",
    Lleva.CAPTACION: "captacion",
    Lleva.DURACION: "duracion",
    Lleva.GENERO: "perfil.genero",
    Lleva.GRUPO_ETARIO: "perfil.grupo_etario",
    Lleva.IDIOMA: "perfil.idioma",
    Lleva.NACIONALIDADES: "perfil.nacionalidades",
    Lleva.PAIS: "pais_explotacion",
}
TODOS = {
    *(c for p in (DetectarPresuntaVictima, IdentificarVictima) for c in p.__struct_fields__ if c != "perfil"),
    *(f"perfil.{c}" for c in PerfilDesagregado.__struct_fields__),
}


@pytest.mark.parametrize("nombre", formatos())
def test_todo_campo_de_senda_se_lleva_o_se_declara_perdido(nombre):
    suyo = formato(nombre)
    llevados = {CAMPO[c.lleva] for c in suyo.llevadas if c.lleva in CAMPO}
    del_cruce = {CAMPO[Lleva(e.lista)] for e in suyo.cruce.listas if Lleva(e.lista) in CAMPO}
    perdidos = {c.campo for c in suyo.campos_perdidos}

    assert llevados | del_cruce | perdidos == TODOS
    # Lo que se declara dos veces se contaría dos veces.
    assert not perdidos & del_cruce


@pytest.mark.parametrize("nombre", formatos())
def test_todo_valor_de_toda_lista_tiene_codigo_o_perdida_declarada(nombre):
    suyo = formato(nombre)
    cruzadas = {e.lista: e for e in suyo.cruce.listas}
    for lista, valores in VALORES.items():
        for valor in valores:
            equivalencias = cruzadas[lista]
            assert valor in equivalencias.valores or equivalencias.sin_equivalente[valor].motivo, (lista, valor)
    perdidos = {c.campo for c in suyo.campos_perdidos}
    assert set(_PUBLICOS) <= perdidos


@pytest.mark.parametrize(("nombre", "cuantas"), [("ctdc", 19), ("htcds", 84)])
def test_estan_todas_las_columnas_del_estandar_y_cada_una_con_su_fuente(nombre, cuantas):
    suyo = formato(nombre)

    assert len(suyo.columnas) == cuantas
    assert all(suyo.fuentes[c.fuente] for c in suyo.columnas)
    assert all(suyo.fuentes[c.fuente] for c in suyo.campos_perdidos)
    assert all(c.motivo for c in suyo.campos_perdidos)


def test_lo_que_dice_quien_es_alguien_no_puede_venir():
    suyo = formato("htcds")
    de_identidad = {c.nombre for c in suyo.columnas if c.identidad}

    assert {
        "prs_FirstName",
        "prs_Birthdate",
        "prs_IdentityNumber",
        "prs_MobilePhone",
        "cco_CaseComment",
    } <= de_identidad
    # Nada que se lea puede llamarse como algo de identidad.
    assert not [c.nombre for c in suyo.llevadas if parece_identidad(c.nombre)]
    dudosas = [c.nombre for c in suyo.columnas if c.pierde and parece_identidad(c.nombre)]
    assert all("org_" in c or "Org" in c or "cas_" in c or c.startswith("vic_") for c in dudosas), dudosas


def test_el_idioma_que_no_tiene_codigo_se_pierde_y_el_bibliografico_se_entiende():
    norma = idiomas()

    assert (norma.leer("spa"), norma.leer("fre"), norma.leer("fra")) == ("spa", "fra", "fra")
    assert (norma.leer("myn"), norma.leer("und"), norma.leer("k'iche")) == ("und", "und", None)
    assert (norma.escribir("spa"), norma.escribir("quc"), norma.escribir("und")) == ("spa", "", "")
    assert set(norma.bibliograficos.values()) <= norma.lenguas
    assert not norma.lenguas & norma.colectivos


BUENO = """
formato = "ctdc"
version = "1"
generalizar = [["A"]]
[fuentes]
f = "x"
"""


@pytest.mark.parametrize(
    ("columnas", "dice"),
    [
        ('[[columnas]]\nnombre = "A"\nfuente = "otra"\npierde = "x"', "la fuente no está"),
        ('[[columnas]]\nnombre = "A"\nfuente = "f"', "una cosa"),
        ('[[columnas]]\nnombre = "A"\nfuente = "f"\npierde = "x"\nidentidad = "x"', "una cosa"),
        ('[[columnas]]\nnombre = "A"\nfuente = "f"\npierde = "x"\nobligatoria = true', "obligatoria"),
        ('[[columnas]]\nnombre = "A"\nfuente = "f"\nidentidad = "x"\nvalores = ["a"]', "los valores"),
        ('[[columnas]]\nnombre = "A"\nfuente = "f"\npierde = "x"\n' * 2, "está 2 veces"),
        ('[[columnas]]\nnombre = "B"\nfuente = "f"\nlleva = "idioma"', "B no se generaliza"),
    ],
)
def test_un_formato_que_se_contradice_no_se_carga(tmp_path, columnas, dice):
    archivo = tmp_path / "ctdc.toml"
    archivo.write_text(BUENO + columnas)

    with pytest.raises(FormatoInvalido, match=dice):
        leer(archivo)


def test_un_formato_que_no_esta_se_dice():
    with pytest.raises(FormatoDesconocido, match="ctdc, htcds"):
        formato("../ctdc")


def test_las_columnas_de_ctdc_son_las_que_lee_la_demostracion():
    from senda.demo.ctdc import COLUMNAS

    assert {c.nombre for c in formato("ctdc").columnas} == set(COLUMNAS)
