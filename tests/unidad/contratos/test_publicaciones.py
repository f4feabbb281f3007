"""Lo publicado no se edita ni se rompe; cada versión de un hecho se sabe leer y dejar de admitir algo se anuncia."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contratos import publicaciones, retiradas
from contratos.base import PETICIONES
from contratos.comparacion import comparar
from contratos.esquemas import TIPO_DE_ACUSE
from contratos.publicaciones import PublicacionInvalida
from contratos.retiradas import Retirada, RetiradaInvalida
from eventos.catalogo import CATALOGO
from eventos.versiones import SUBIDAS
from senda import contratos_previos, publicados
from senda.asyncapi import documento
from senda.contratos_previos import SinContratos
from senda.orden import app
from tests.dorados.ejemplo import CARPETA as DORADOS

HOY = date(2027, 3, 1)
PEDIR = "senda.coordinacion.aceptar-derivacion.v1"
ARCHIVO = f"solicitudes/{PEDIR}.json"
EMITIDA = "senda.coordinacion.derivacion-emitida.v1"


@pytest.fixture
def carpeta(tmp_path: Path) -> Path:
    (tmp_path / "versiones.toml").write_text("# nada aún\n")
    return tmp_path


def test_lo_de_hoy_no_rompe_lo_ultimo_publicado():
    """Si falla: «senda contratos comparar» dice qué se rompe y qué hacer."""
    ultima = publicaciones.ultima()
    assert ultima is not None
    cambios = comparar(publicaciones.formas(ultima), publicados.formas(), HOY)
    assert [c for c in cambios if c.rompe] == []


def test_toda_copia_congelada_es_la_que_se_publico():
    publicadas = publicaciones.todas()
    assert publicadas
    assert all(publicaciones.formas(p).keys() == p.huellas.keys() for p in publicadas)


def test_publicar_congela_y_no_deja_romper_ni_repetir(carpeta: Path):
    primera = publicados.publicar("0.1.0", HOY, carpeta)
    assert publicaciones.todas(carpeta) == (primera,)
    assert publicaciones.formas(primera, carpeta) == publicados.formas()
    assert "openapi.json" in primera.huellas
    for mala in ("0.1.0", "0.0.9", "uno", "0.2"):
        with pytest.raises(PublicacionInvalida):
            publicados.publicar(mala, HOY, carpeta)
    assert publicados.publicar("0.10.0", HOY, carpeta) == publicaciones.ultima(carpeta)


def test_no_se_publica_lo_que_rompe_lo_anterior(carpeta: Path):
    formas = dict(publicados.formas())
    esquema = json.loads(json.dumps(formas[ARCHIVO]))
    esquema["properties"]["datos"]["properties"]["otro"] = {"type": "string"}
    publicaciones.anadir("0.1.0", HOY, formas | {ARCHIVO: esquema}, carpeta)
    with pytest.raises(PublicacionInvalida, match=re.escape("0.1.0")):
        publicados.publicar("0.2.0", HOY, carpeta)


@pytest.mark.parametrize("dano", ["tocada", "borrada", "ilegible"])
def test_una_copia_tocada_se_nota(carpeta: Path, dano: str):
    publicacion = publicados.publicar("0.1.0", HOY, carpeta)
    copia = carpeta / "congelados" / "0.1.0.jsonl"
    if dano == "tocada":
        copia.write_text(copia.read_text().replace('"maxLength":36', '"maxLength":37', 1))
    elif dano == "ilegible":
        copia.write_text("{")
    else:
        copia.unlink()
    with pytest.raises(PublicacionInvalida, match=re.escape("0.1.0.jsonl")):
        publicaciones.formas(publicacion, carpeta)


def test_la_orden_dice_por_que_no_publica_y_que_se_retira():
    antes = (publicaciones.CARPETA / "versiones.toml").read_bytes()
    dicho = CliRunner().invoke(app, ["contratos", "publicar", "0.0.1"])
    assert (dicho.exit_code, "ha de ser mayor" in dicho.stderr) == (2, True)
    assert (publicaciones.CARPETA / "versiones.toml").read_bytes() == antes
    dicho = CliRunner().invoke(app, ["contratos", "retiradas", "--json"])
    assert (dicho.exit_code, len(json.loads(dicho.stdout))) == (0, len(retiradas.declaradas()))


def test_comprobar_nota_una_referencia_que_no_es_la_de_hoy(tmp_path: Path):
    publicados.escribir(tmp_path)
    (tmp_path / "referencia.html").write_text("<p>otra</p>")
    (tmp_path / "vieja.html").write_text("<p>otra</p>")
    assert publicados.diferencias(tmp_path) == ["cambia referencia.html", "sobra vieja.html"]


def _version(tipo: str) -> tuple[str, int]:
    nombre, _, version = tipo.rpartition(".v")
    return nombre, int(version)


def sin_ascenso(tipos: set[str], subidas: dict[str, tuple[str, object]], dorados: set[str]) -> Iterator[str]:
    """Lo que le falta a cada versión N>1 de un hecho: el elevador desde N-1 y la muestra de cada una."""
    for nombre, version in map(_version, sorted(tipos)):
        for previa in range(1, version):
            desde, hasta = f"{nombre}.v{previa}", f"{nombre}.v{previa + 1}"
            if subidas.get(desde, ("",))[0] != hasta:
                yield f"elevador {desde}"
            if desde not in dorados:
                yield f"muestra {desde}"
        if f"{nombre}.v{version}" not in dorados:
            yield f"muestra {nombre}.v{version}"


def test_toda_version_tiene_su_elevador_y_sus_muestras():
    dorados = {archivo.stem for archivo in DORADOS.glob("*.json")}
    assert list(sin_ascenso(set(CATALOGO), dict(SUBIDAS), dorados)) == []
    # Y lo nota, cuando falta.
    assert list(sin_ascenso({"a.v2"}, {}, {"a.v2"})) == ["elevador a.v1", "muestra a.v1"]
    assert list(sin_ascenso({"a.v3"}, {"a.v1": ("a.v3", None)}, {"a.v1", "a.v2"})) == [
        "elevador a.v1", "elevador a.v2", "muestra a.v3",
    ]  # fmt: skip
    assert list(sin_ascenso({"a.v2"}, {"a.v1": ("a.v2", None)}, {"a.v1", "a.v2"})) == []


def test_comparar_con_una_carpeta_una_publicacion_y_un_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    antes = tmp_path / "contratos" / "publicados"
    publicados.escribir(antes)
    esquema = json.loads((antes / ARCHIVO).read_text())
    esquema["properties"]["datos"]["required"].remove("derivacion")
    (antes / ARCHIVO).write_text(json.dumps(esquema))
    for orden in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", *orden], cwd=tmp_path, check=True)
    subprocess.run(["git", "tag", "v1"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    assert contratos_previos.leer("v1") == contratos_previos.leer(str(tmp_path)) == contratos_previos.leer(str(antes))

    def correr(*opciones: str) -> tuple[int, dict]:
        dicho = CliRunner().invoke(app, ["contratos", "comparar", *opciones, "--json"])
        return dicho.exit_code, json.loads(dicho.stdout)

    salio, contado = correr("v1")
    assert (salio, contado["rompen"]) == (1, 1)
    (roto,) = contado["cambios"]
    assert (roto["archivo"], roto["campo"], roto["rompe"]) == (ARCHIVO, "datos.derivacion", True)
    assert "datos.derivacion" in CliRunner().invoke(app, ["contratos", "comparar", "v1"], terminal_width=200).stdout
    # Al revés, lo mismo es admitir más en lo que envía.
    assert correr(publicaciones.todas()[-1].version, "--con", str(antes))[0] == 0


@pytest.mark.parametrize("ref", ["no-existe", "--all", "vacia"])
def test_lo_que_no_existe_sale_con_2_y_lo_dice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str):
    (tmp_path / "vacia").mkdir()
    monkeypatch.chdir(tmp_path)
    dicho = CliRunner().invoke(app, ["contratos", "comparar", "--", ref])
    assert dicho.exit_code == 2
    assert ref in dicho.stderr
    with pytest.raises(SinContratos):
        contratos_previos.leer(ref)


def test_lo_obsoleto_se_dice_en_el_esquema_y_en_asyncapi():
    hay = {
        tipo: Retirada(tipo=tipo, desde=date(2027, 1, 1), retirada=date(2027, 9, 1), sustituto=sustituto)
        for tipo, sustituto in ((PEDIR, f"{PEDIR[:-1]}2"), (EMITIDA, ""), (TIPO_DE_ACUSE, ""))
    }
    esquemas = publicados.esquemas(hay)
    marcados = {ruta for ruta, esquema in esquemas.items() if esquema.get("deprecated")}
    assert marcados == {ARCHIVO, f"eventos/{EMITIDA}.json", f"avisos/{EMITIDA}.json", "acuse.v1.json"}
    assert esquemas[ARCHIVO]["x-retirada"] == {
        "desde": "2027-01-01", "retirada": "2027-09-01", "sustituto": f"{PEDIR[:-1]}2",
    }  # fmt: skip
    mensajes = documento(hay)["components"]["messages"]
    assert {n for n, m in mensajes.items() if "x-retirada" in m} == {PEDIR, f"aviso-{EMITIDA}", "acuse"}
    assert "2027-09-01" in mensajes[PEDIR]["summary"]


def test_las_retiradas_declaradas_tienen_sentido():
    vigentes = {*CATALOGO, *PETICIONES, TIPO_DE_ACUSE}
    publicados_alguna_vez = {Path(r).stem for p in publicaciones.todas() for r in p.huellas}
    declaradas = list(retiradas.declaradas().values())
    assert list(retiradas.sin_sentido(declaradas, vigentes, publicados_alguna_vez)) == []
    mala = Retirada(tipo="senda.x.nunca.v1", desde=HOY, retirada=date(2028, 1, 1), sustituto="senda.x.nada.v1")
    assert len(list(retiradas.sin_sentido([mala], vigentes, publicados_alguna_vez))) == 2


@pytest.mark.parametrize(
    ("texto", "dice"),
    [
        ('tipo = "a.v1"\ndesde = 2027-01-01\nretirada = 2027-03-01', "180 días"),
        ('tipo = "a.v1"\ndesde = 2027-01-01', "retirada"),
        ('tipo = "a.v1"\ndesde = 2027-01-01\nretirada = 2027-09-01\notro = 1', "otro"),
    ],
)
def test_una_retirada_sin_tiempo_o_mal_escrita_no_se_carga(tmp_path: Path, texto: str, dice: str):
    archivo = tmp_path / "retiradas.toml"
    archivo.write_text(f"[[retiradas]]\n{texto}\n")
    with pytest.raises(RetiradaInvalida, match=dice):
        retiradas.declaradas(archivo)
