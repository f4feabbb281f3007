"""Una historia por paquete: a quién llama, qué derechos exige y hasta cuándo, según la persona."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contratos.protocolos import cargar
from contratos.protocolos.lector import paises, ultimo
from eventos.listas import Derecho, ServicioPedido
from eventos.tipos import SiNo
from senda.protocolo.persona import suponer
from senda.protocolo.simulacion import Simulacion, simular
from servicios.coordinacion.dominio.derechos import Estado

#: Un lunes a las 14:00 UTC.
LUNES = datetime(2026, 5, 4, 14, tzinfo=UTC)
NACIONAL = {"gt": "GTM", "hn": "HND", "mx": "MEX", "pe": "PER", "sv": "SLV"}
PAISES = sorted(NACIONAL)


def contar(
    pais: str, edad: str | None, *nacionalidades: str, historia: str = "deteccion,identificacion", riesgo: str = "medio"
) -> Simulacion:
    persona = suponer(pais, edad=edad, sexo=None, nacionalidades=nacionalidades, riesgo=riesgo)
    return simular(ultimo(pais), persona, historia, LUNES)


def encargados(s: Simulacion, paso: int = 0) -> set[tuple[str, str]]:
    return {(e.derivacion.a, e.derivacion.servicio.value) for e in s.pasos[paso].encargos}


def servicios(s: Simulacion) -> set[ServicioPedido]:
    return {e.derivacion.servicio for paso in s.pasos for e in paso.encargos}


def test_hay_una_historia_por_paquete():
    assert paises() == PAISES


@pytest.mark.parametrize("pais", PAISES)
def test_nna_extranjera(pais: str):
    s = contar(pais, "15", "COL")
    assert s.perfil.nna
    assert {
        ServicioPedido.PROTECCION_NNA,
        ServicioPedido.ATENCION_INMEDIATA,
        ServicioPedido.REGULARIZACION,
    } <= servicios(s)
    assert {Derecho.EDUCACION, Derecho.CONDICION_MIGRATORIA, Derecho.RETORNO} <= set(s.derechos)
    assert Derecho.TRABAJO not in s.derechos


@pytest.mark.parametrize("pais", PAISES)
def test_adulta_nacional(pais: str):
    s = contar(pais, "34", NACIONAL[pais])
    assert s.persona.extranjera is SiNo.NO
    assert ServicioPedido.ATENCION_INMEDIATA in servicios(s)
    assert servicios(s).isdisjoint({ServicioPedido.PROTECCION_NNA, ServicioPedido.REGULARIZACION})
    assert Derecho.TRABAJO in s.derechos
    assert Derecho.CONDICION_MIGRATORIA not in s.derechos


@pytest.mark.parametrize("pais", PAISES)
def test_adulta_extranjera(pais: str):
    s = contar(pais, "34", "COL")
    assert {ServicioPedido.REGULARIZACION, ServicioPedido.ASISTENCIA_CONSULAR} <= servicios(s)
    assert ServicioPedido.PROTECCION_NNA not in servicios(s)
    assert {Derecho.TRABAJO, Derecho.CONDICION_MIGRATORIA} <= set(s.derechos)


@pytest.mark.parametrize("pais", PAISES)
def test_sin_edad_ni_nacionalidad_se_la_protege_y_no_se_le_niega_nada(pais: str):
    s = contar(pais, None)
    assert s.perfil.nna
    assert s.perfil.extranjera is SiNo.NO_CONSTA
    assert ServicioPedido.PROTECCION_NNA in servicios(s)
    assert Derecho.CONDICION_MIGRATORIA in s.derechos


@pytest.mark.parametrize("pais", PAISES)
def test_la_atencion_llega_antes_que_la_identificacion_y_nada_se_encarga_dos_veces(pais: str):
    s = contar(pais, "15", "COL", historia="deteccion,identificacion,peligro,ingreso,medida,retorno,se-queda")
    assert "atencion-inmediata" in {servicio for _, servicio in encargados(s)}
    todos = [(e.derivacion.regla, e.derivacion.a) for paso in s.pasos for e in paso.encargos]
    assert len(todos) == len(set(todos))


@pytest.mark.parametrize("pais", PAISES)
def test_todo_encargo_va_a_una_institucion_del_paquete_y_dice_su_fuente(pais: str):
    s = contar(
        pais, None, historia="deteccion,identificacion,peligro,necesidades,ingreso,medida,acusacion,retorno,se-queda"
    )
    codigos = {i.codigo for i in s.paquete.instituciones}
    for paso in s.pasos:
        for e in paso.encargos:
            assert e.derivacion.a in codigos
            assert e.fuente
            assert e.derivacion.vence_acuse is not None
            assert e.derivacion.vence_atencion is not None
            assert paso.instante < e.derivacion.vence_acuse


def test_guatemala_nna_extranjera_paso_a_paso():
    s = contar("gt", "15", "HND")
    assert encargados(s) == {
        ("GT-PGN", "proteccion-nna"),
        ("GT-SBS", "atencion-inmediata"),
        ("GT-MSPAS", "salud"),
        ("GT-MP", "identificacion"),
    }
    # La protección ya está encargada: identificarla no la repite.
    assert ("GT-PGN", "proteccion-nna") not in encargados(s, 1)
    assert {("GT-IGM", "regularizacion-migratoria"), ("GT-MINEX", "asistencia-consular")} <= encargados(s, 1)


def test_los_dias_habiles_son_los_del_calendario_del_pais():
    salud = next(
        e for e in contar("gt", "34", "GTM").pasos[0].encargos if e.derivacion.servicio is ServicioPedido.SALUD
    )
    # Cinco días hábiles desde el lunes 4 acaban al terminar el lunes 11, medianoche en Guatemala (UTC-6).
    assert salud.derivacion.vence_atencion == datetime(2026, 5, 12, 6, tzinfo=UTC)


def test_peru_presume_minoria_con_norma_y_la_upe_tiene_24_horas_que_no_acusan():
    s = contar("pe", None)
    upe = next(e for e in s.pasos[0].encargos if e.derivacion.a == "PE-MIMP-UPE")
    assert "4.2.e" in s.paquete.edad_desconocida.fuente
    assert upe.derivacion.vence_atencion == datetime(2026, 5, 5, 14, tzinfo=UTC)
    assert not upe.derivacion.plazo_legal
    assert "art. 19" in upe.terminos.fuente


def test_peru_el_ingreso_de_una_nna_va_al_juzgado_con_su_propio_plazo():
    s = contar("pe", "12", "PER", historia="deteccion,ingreso")
    juez = next(e for e in s.pasos[1].encargos if e.derivacion.a == "PE-PJ")
    assert (juez.terminos.atencion.cantidad, juez.terminos.atencion.unidad) == (11, "dias-habiles")
    assert encargados(contar("pe", "40", "PER", historia="deteccion,ingreso"), 1) == set()


def test_honduras_el_primer_contacto_llama_al_equipo_de_respuesta_inmediata():
    assert {a for a, servicio in encargados(contar("hn", "34", "HND")) if servicio == "identificacion"} == {
        "HN-CICESCT-ERI"
    }


def test_el_salvador_remite_a_policia_y_fiscalia_sin_que_la_atencion_las_espere():
    pasos = encargados(contar("sv", "15", "SLV"))
    assert {("SV-PNC", "identificacion"), ("SV-FGR", "identificacion"), ("SV-ISNA", "atencion-inmediata")} <= pasos


def test_mexico_lo_que_nadie_presta_va_a_la_rectora():
    assert ("MX-SEGOB", "salud") in encargados(contar("mx", "34", "PER"))


def test_un_derecho_vulnerado_otra_vez_llama_a_la_rectora():
    s = contar("gt", "34", "GTM", historia="deteccion,ingreso,peligro")
    assert s.derechos[Derecho.INTEGRIDAD] is Estado.VULNERADO
    assert ("GT-SVET", "coordinacion") in encargados(s, 2)


def test_la_simulacion_es_la_misma_cada_vez():
    assert contar("gt", "15", "HND") == contar("gt", "15", "HND")
    assert cargar("gt", "1.0") is ultimo("gt")
