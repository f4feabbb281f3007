"""Cada paquete carga, toda pieza dice de dónde sale y lo que no está completo lo dice."""

from __future__ import annotations

from pathlib import Path

import pytest

from contratos.protocolos import (
    Protocolo,
    ProtocoloDesconocido,
    ProtocoloEnBorrador,
    ProtocoloInvalido,
    lector,
    vigente,
)
from contratos.protocolos.fuentes import POR_DEFECTO, es_por_defecto, fuentes, recuento, se_puede_leer
from contratos.protocolos.paquete import EstadoPaquete
from eventos.paises import ALFA3, ALFA3_ASIGNADOS
from eventos.tipos import SiNo

PAISES = ["gt", "hn", "mx", "pe", "sv"]
COMPLETOS = ["gt", "pe"]
BORRADORES = ["hn", "mx", "sv"]


@pytest.fixture(params=PAISES)
def paquete(request: pytest.FixtureRequest) -> Protocolo:
    return lector.ultimo(request.param)


def sueltos(tmp_path: Path, pais: str = "gt") -> Path:
    """Una copia del paquete que se puede estropear."""
    destino = tmp_path / pais
    destino.mkdir()
    for archivo in lector.carpeta_de(pais, "1.0").glob("*.toml"):
        (destino / archivo.name).write_text(archivo.read_text(encoding="utf-8"), encoding="utf-8")
    return destino


def cambiar(carpeta: Path, archivo: str, de: str, a: str) -> None:
    texto = (carpeta / archivo).read_text(encoding="utf-8")
    assert de in texto
    (carpeta / archivo).write_text(texto.replace(de, a, 1), encoding="utf-8")


def test_estan_los_cinco_paises():
    assert lector.paises() == PAISES


def test_toda_pieza_dice_donde_leerla_o_que_es_del_proyecto(paquete: Protocolo):
    assert [p for p, f in fuentes(paquete) if not (es_por_defecto(f) or se_puede_leer(f))] == []


def test_los_borradores_estan_marcados_y_los_completos_tienen_quien_los_reviso():
    estados = {pais: lector.ultimo(pais).estado for pais in PAISES}
    assert estados == dict.fromkeys(COMPLETOS, EstadoPaquete.COMPLETO) | dict.fromkeys(
        BORRADORES, EstadoPaquete.BORRADOR
    )
    assert all("nadie" in lector.ultimo(pais).revisor for pais in BORRADORES)


@pytest.mark.parametrize("pais", BORRADORES)
def test_un_borrador_no_es_vigente_aunque_se_pueda_leer(pais: str):
    assert lector.ultimo(pais).protocolo == pais
    with pytest.raises(ProtocoloEnBorrador):
        vigente(pais)


def test_la_base_no_es_un_protocolo():
    for pedir in (vigente, lector.ultimo, lambda n: lector.cargar(n, "1.0")):
        with pytest.raises(ProtocoloDesconocido):
            pedir("comun")


def test_los_codigos_empiezan_por_su_pais(paquete: Protocolo):
    assert all(i.codigo.startswith(f"{paquete.pais.upper()}-") for i in paquete.instituciones)


def test_la_edad_que_no_consta_protege_y_solo_peru_lo_tiene_en_una_norma(paquete: Protocolo):
    assert paquete.es_nna(SiNo.NO_CONSTA)
    assert es_por_defecto(paquete.edad_desconocida.fuente) is (paquete.pais != "pe")


def test_ningun_plazo_acusa_sin_norma(paquete: Protocolo):
    terminos = [*paquete.plazos, *paquete.por_regla.values()]
    assert not any(t.legal and es_por_defecto(t.fuente) for t in terminos)


def test_peru_lleva_mas_con_fuente_que_sin_ella():
    reglas = recuento(lector.ultimo("pe"))
    assert reglas.con_fuente > reglas.por_defecto
    assert recuento(lector.ultimo("pe"), "").por_defecto > 0


@pytest.mark.parametrize(
    ("archivo", "de", "a", "dice"),
    [
        ("protocolo.toml", 'version = "1.0" }', 'version = "9.0" }', "no hay un paquete base comun en versión 9.0"),
        ("protocolo.toml", 'paquete = "comun"', 'paquete = "gt"', "no hay un paquete base gt"),
        ("protocolo.toml", 'estado = "completo"', 'estado = "listo"', "«listo» no está en la lista"),
        ("protocolo.toml", '"12-25"', '"02-31"', "02-31 no es un día del año"),
        ("derechos.toml", "fuente = ", "# fuente = ", "no dice su fuente"),
        ("derivaciones.toml", 'fuente = "directriz OEA 33 (S004)"', 'fuente = "una norma"', "no dice dónde leerla"),
        (
            "derivaciones.toml",
            "perfil = { nna = false, extranjera",
            "perfil = { nna = true, extranjera",
            "atención inmed",
        ),
        (
            "derivaciones.toml",
            'id = "proteccion-de-ninez"',
            'id = "proteccion-de-ninez"\nurgencia = "ordinaria"',
            "regla 2",
        ),
        ("derivaciones.toml", 'id = "asistencia-legal"', 'id = "educacion-de-ninez"', "más de una vez"),
        (
            "derivaciones.toml",
            'id = "atencion-en-salud"',
            'id = "atencion-en-salud"\ncuando = [{ tipo = "senda.justicia.denuncia-presentada.v1" }]',
            "hace depender la atención de un acto de justicia",
        ),
        ("instituciones.toml", 'codigo = "GT-RENAP"', 'codigo = "PE-RENAP"', "no empieza por GT-"),
    ],
)
def test_lo_que_un_paquete_no_puede_decir(tmp_path: Path, archivo: str, de: str, a: str, dice: str):
    carpeta = sueltos(tmp_path)
    cambiar(carpeta, archivo, de, a)
    with pytest.raises(ProtocoloInvalido, match=dice):
        lector.leer(carpeta)


def test_un_plazo_por_defecto_no_puede_llamarse_legal(tmp_path: Path):
    carpeta = sueltos(tmp_path, "pe")
    cambiar(carpeta, "derivaciones.toml", "legal = false", "legal = true")
    assert lector.leer(carpeta).por_regla["proteccion-de-ninez"].legal
    cambiar(carpeta, "derivaciones.toml", 'legal = true\nfuente = "DLeg', f'legal = true\nfuente = "{POR_DEFECTO} DLeg')
    with pytest.raises(ProtocoloInvalido, match="dicen ser legales"):
        lector.leer(carpeta)


def test_se_dicen_todos_los_errores_y_no_solo_el_primero(tmp_path: Path):
    carpeta = sueltos(tmp_path)
    cambiar(carpeta, "protocolo.toml", "silencio_tras = 3", "silencio = 3")
    cambiar(carpeta, "instituciones.toml", 'mandatos = ["rectoria"]', 'mandatos = ["mandar"]')
    cambiar(carpeta, "derivaciones.toml", "presunta-victima-detectada.v1", "presunta-victima-vista.v1")
    (carpeta / "roto.toml").write_text("a = ", encoding="utf-8")
    errores = lector.examinar(carpeta).errores
    for dice in (
        "roto.toml",
        "falta silencio_tras",
        "no existe el campo silencio",
        "instituciones GT-SVET: «mandar»",
        "presunta-victima-vista.v1 no está en el catálogo",
    ):
        assert any(dice in error for error in errores), dice
    assert not any("Expected" in error or "Object" in error for error in errores)


@pytest.mark.parametrize(
    "disparate",
    [
        "reglas = 3",
        "reglas = [3]",
        "derechos = [{ derecho = [1], fuente = 'x' }]",
        "derechos = [{ derecho = { a = 1 } }]",
        "hereda = 3",
        "hereda = { paquete = '../gt', version = '1.0' }",
        "calendario = 'siempre'",
        "plazos = [{ urgencia = 'inmediata', fuente = 'x', legal = 'quizá' }]",
        "pais = 3",
    ],
)
def test_un_disparate_es_un_error_y_no_una_excepcion(tmp_path: Path, disparate: str):
    (tmp_path / "protocolo.toml").write_text(disparate, encoding="utf-8")
    examen = lector.examinar(tmp_path)
    assert examen.paquete is None
    assert any(disparate.split(" ", 1)[0] in error for error in examen.errores)


def test_lo_que_no_es_de_la_base_no_se_hereda():
    gt, hn = lector.ultimo("gt"), lector.ultimo("hn")
    assert {d.derecho for d in gt.derechos} == {d.derecho for d in hn.derechos}
    assert {i.codigo for i in gt.instituciones}.isdisjoint(i.codigo for i in hn.instituciones)
    de_gt = next(d for d in gt.derechos if d.derecho == "reparacion")
    de_hn = next(d for d in hn.derechos if d.derecho == "reparacion")
    assert de_gt.restituye == de_hn.restituye
    assert "9-2009" in de_gt.fuente
    assert es_por_defecto(de_hn.fuente)


def test_los_codigos_de_pais():
    assert ALFA3["GT"] == "GTM"
    assert len(ALFA3) == len(ALFA3_ASIGNADOS) == 249
    assert "ZZZ" not in ALFA3_ASIGNADOS
