"""Los instrumentos se leen, cada indicador dice de dónde sale y una errata se nota al cargar."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contratos import instrumentos
from contratos.instrumentos import InstrumentoDesconocido, InstrumentoInvalido, VersionDesconocida, lector
from eventos.deteccion import Aplicador, Peligro

ORIGINAL = Path(lector.__file__).parent
#: Lo que pide la política pública (S000): un instrumento por cada función que puede ver a una víctima.
PEDIDOS = {
    "frontera", "consular", "salud", "educacion", "inspeccion-laboral", "policia", "linea-de-ayuda", "comunidad",
}  # fmt: skip
TODOS = [instrumentos.cargar(c, v) for c in instrumentos.codigos() for v in instrumentos.versiones(c)]
PUBLICADOS = {i.codigo: i for i in lector.leer_listas(ORIGINAL / "indicadores").values()}


@pytest.fixture
def copia(tmp_path: Path) -> Path:
    destino = tmp_path / "instrumentos"
    shutil.copytree(ORIGINAL, destino, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return destino


def cambiar(archivo: Path, de: str, a: str) -> None:
    texto = archivo.read_text(encoding="utf-8")
    assert de in texto
    archivo.write_text(texto.replace(de, a, 1), encoding="utf-8")


def leer(copia: Path, codigo: str = "salud") -> instrumentos.Instrumento:
    return lector.leer(copia / codigo / "1.0.toml", lector.leer_listas(copia / "indicadores"))


def test_hay_uno_por_cada_funcion_que_detecta():
    assert set(instrumentos.codigos()) == PEDIDOS


def test_toda_funcion_tiene_un_instrumento_que_aplicar():
    assert {a for i in TODOS for a in i.aplicadores} == set(Aplicador)


def test_todo_indicador_publicado_lo_pregunta_alguien():
    assert {c for i in TODOS for c in i.indicadores} == set(PUBLICADOS)


def test_las_listas_tienen_lo_que_su_fuente_y_nada_mas():
    prefijos = [c.split("-")[0] for c in PUBLICADOS]
    cuantos = {p: prefijos.count(p) for p in set(prefijos)}
    assert cuantos == {"oit": 11, "unodc": 14, "cdhec": 7, "laboral": 11, "sexual": 11, "domestica": 5, "reta": 43}
    assert sum(c.startswith("reta-conducta-") for c in PUBLICADOS) == 18


@pytest.mark.parametrize("instrumento", TODOS, ids=lambda i: f"{i.instrumento}-{i.version}")
def test_cada_indicador_tiene_fuente_y_lo_que_es_del_proyecto_lo_dice(instrumento):
    for indicador in instrumento.indicadores.values():
        assert indicador.fuente.startswith("https://")
        if indicador.peligro is not None:
            assert "del proyecto" in indicador.fuente_peligro
    assert "del proyecto" in instrumento.seleccion
    assert "No hay puntuación ni umbral" in instrumento.regla.texto
    assert "https://" in instrumento.regla.fuente


@pytest.mark.parametrize("instrumento", TODOS, ids=lambda i: f"{i.instrumento}-{i.version}")
def test_todo_instrumento_pregunta_por_algun_peligro_de_ahora(instrumento):
    assert {i.peligro for i in instrumento.indicadores.values()} & set(Peligro)


def test_la_vigente_es_la_ultima_version(copia, monkeypatch):
    for version in ("1.9", "1.10"):
        texto = (copia / "salud" / "1.0.toml").read_text(encoding="utf-8")
        (copia / "salud" / f"{version}.toml").write_text(texto.replace('"1.0"', f'"{version}"'), encoding="utf-8")
    monkeypatch.setattr(lector, "_CARPETA", copia)
    assert instrumentos.versiones("salud") == ("1.0", "1.9", "1.10")
    assert instrumentos.vigente("salud").version == "1.10"


@pytest.mark.parametrize("codigo", ["guia-eri", "indicadores", "../protocolos", "", "."])
def test_un_instrumento_que_no_existe_se_dice(codigo):
    with pytest.raises(InstrumentoDesconocido):
        instrumentos.cargar(codigo, "1.0")


@pytest.mark.parametrize("version", ["9.9", "../../salud/1.0", "", "1.0.toml"])
def test_una_version_que_no_existe_se_dice(version):
    with pytest.raises(VersionDesconocida):
        instrumentos.cargar("salud", version)


@pytest.mark.parametrize(
    ("archivo", "de", "a", "dice"),
    [
        ("salud/1.0.toml", '"unodc-lesiones-del-trabajo"', '"unodc-lesion"', "unodc-lesion no está en ninguna lista"),
        ("salud/1.0.toml", '"unodc-lesiones-del-trabajo"', '"unodc-miedo-o-ansiedad"', "está 2 veces"),
        ("salud/1.0.toml", 'version = "1.0"', 'version = "2.0"', "dice ser salud 2.0"),
        ("salud/1.0.toml", '"psicologia"', '"astrologia"', "aplicadores"),
        ("salud/1.0.toml", '"psicologia"', '"salud"', "aplicador salud está 2 veces"),
        ("salud/1.0.toml", 'nombre = "', 'umbral = 3\nnombre = "', "umbral"),
        ("salud/1.0.toml", "[regla]", "[regla", "1.0.toml"),
        ("indicadores/oit.toml", 'texto = "Le retienen el salario"', 'texto = "x"\npuntos = 3', "puntos"),
        ("indicadores/oit.toml", '"amenaza-actual"', '"peligrosisimo"', "peligro"),
        ("indicadores/oit.toml", "fuente_peligro =", "# fuente_peligro =", "fuente_peligro"),
        ("indicadores/oit.toml", '"oit-engano"', '"unodc-miedo-o-ansiedad"', "está 2 veces"),
    ],
)
def test_una_errata_se_nota_y_dice_donde(copia, archivo, de, a, dice):
    cambiar(copia / archivo, de, a)
    with pytest.raises(InstrumentoInvalido, match=dice):
        leer(copia)
