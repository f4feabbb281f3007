"""Lo que sale en una tabla y vuelve a entrar dice lo mismo, salvo lo que se declaró perdido."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from msgspec.structs import asdict

from contratos.tablas import escribir, formato, formatos, leer
from eventos.deteccion import VictimaIdentificada
from eventos.perfil import PerfilDesagregado
from eventos.tipos import SiNo
from infra.azar import AzarSembrado
from senda.tablas.exportacion import exportar
from senda.tablas.peticiones import Circunstancias, detectar, identificar
from tests.unidad.tablas.perfiles import IDENTIFICADAS

#: Cómo se llama en las pérdidas cada campo del hecho.
LISTAS = {"modalidades": "modalidad", "medios": "medio-de-control", "captacion": "captacion", "duracion": "duracion"}
DE_PERFIL = {"genero": "genero", "grupo_etario": "grupo-etario"}
NADA = {None, "", "no-consta", "und", "ZZ", "ZZZ", ()}


def de_vuelta(suyo, celdas):
    """El hecho que causaría importar esa fila, y lo que se perdió al leerla."""
    fila = dict(zip((c.nombre for c in suyo.llevadas), celdas, strict=True))
    leida = leer(suyo, fila, "GTM" if suyo.formato == "ctdc" else "ZZZ")
    peticion = identificar(leida, Circunstancias(pais="gt"), UUID(int=2))
    return VictimaIdentificada(**asdict(peticion)), leida.perdidas


@pytest.mark.parametrize("nombre", formatos())
@given(identificada=IDENTIFICADAS)
def test_exportar_importar_y_exportar_da_la_misma_fila(nombre, identificada):
    suyo = formato(nombre)
    una = escribir(suyo, identificada)

    vuelta, _ = de_vuelta(suyo, una.celdas)

    assert escribir(suyo, vuelta).celdas == una.celdas


@pytest.mark.parametrize("nombre", formatos())
@given(identificada=IDENTIFICADAS)
def test_nada_se_pierde_sin_declararlo(nombre, identificada):
    suyo = formato(nombre)
    una = escribir(suyo, identificada)
    columnas = {c.nombre: str(c.lleva) for c in suyo.llevadas}

    vuelta, al_leer = de_vuelta(suyo, una.celdas)

    declaradas = {p.donde for p in una.perdidas} | {columnas.get(p.donde, p.donde) for p in al_leer}
    for campo, antes in llano(identificada).items():
        if conjunto(antes) - conjunto(llano(vuelta)[campo]):
            assert declaradas & {campo, f"perfil.{campo.replace('-', '_')}"}, campo


def llano(hecho):
    """Cada campo con el nombre que lleva en las pérdidas."""
    campos = asdict(hecho)
    perfil = asdict(campos.pop("perfil"))
    campos = {LISTAS.get(c, c): v for c, v in campos.items()}
    return campos | {DE_PERFIL.get(c, f"perfil.{c}"): v for c, v in perfil.items()}


def conjunto(valor):
    return set(valor if isinstance(valor, tuple) else [valor]) - NADA - {SiNo.NO_CONSTA}


def test_una_tabla_entera_va_y_vuelve_aunque_se_baraje():
    suyo = formato("ctdc")
    filas = [("2", "1", *("10" * 8)[:8], "1", "0", *"0010", "0", "1", "0")] * 3
    filas += [("0", "0", *("01" * 8)[:8], "0", "1", *"1000", "1", "0", "1")] * 2
    hechos = [de_vuelta(suyo, f)[0] for f in filas]

    tabla = exportar(suyo, hechos, AzarSembrado(1), None)

    assert sorted(tabla.filas) == sorted(filas)
    assert tabla.filas != exportar(suyo, hechos, AzarSembrado(2), None).filas


def test_lo_que_la_fila_no_dice_no_consta():
    suyo = formato("ctdc")
    leida = leer(suyo, {c.nombre: "0" for c in suyo.llevadas})

    peticion = detectar(leida, Circunstancias(pais="gt"))

    assert (peticion.nna, peticion.extranjera, peticion.idioma) == ("no-consta", "no-consta", "und")
    assert peticion.perfil == PerfilDesagregado()
    assert leida.ficha.modalidades == ()


def test_la_ciudadania_sin_pais_se_declara_perdida_y_con_pais_se_lleva():
    suyo = formato("ctdc")
    fila = {c.nombre: "0" for c in suyo.llevadas} | {"Is Citizen of Country": "1"}

    sin, con = leer(suyo, fila), leer(suyo, fila, "GTM")

    assert [p.donde for p in sin.perdidas] == ["Is Citizen of Country"]
    assert con.ficha.nacionalidades == ("GTM",)
    assert detectar(con, Circunstancias(pais="gt")).extranjera is SiNo.NO


def test_una_edad_en_otro_tramo_sale_en_el_que_la_contiene():
    suyo = formato("ctdc")
    for tramo, sale in (("12-14", "2"), ("60+", "9"), ("0-17", "0"), ("18-29", "0")):
        escrita = escribir(suyo, con_tramo(tramo))
        assert escrita.celdas[0] == sale
        assert "grupo-etario" in {p.donde for p in escrita.perdidas}


def con_tramo(tramo):
    perfil = PerfilDesagregado(grupo_etario=tramo)
    return VictimaIdentificada(ruta=UUID(int=1), nna=SiNo.NO_CONSTA, extranjera=SiNo.NO_CONSTA, perfil=perfil)


def test_el_orden_en_que_se_dijo_no_distingue_dos_filas():
    suyo = formato("htcds")
    ida = {"vic_MethodsOfControl": "DebtBondage;PhysicalThreats", "vic_TraffickingStatus": "ActualVictimOfTrafficking"}
    celdas = tuple(ida.get(c.nombre, c.vacio) for c in suyo.llevadas)

    vuelta, _ = de_vuelta(suyo, celdas)

    assert "PhysicalThreats;DebtBondage" in escribir(suyo, vuelta).celdas
