"""La prueba de una ruta: lo que muestra, lo que delata y lo que aguanta."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from senda_verificar import confianza, prueba
from senda_verificar.faltas import Informe
from senda_verificar.prueba import PruebaIlegible
from tests.unidad.verificador.juicio import Sitio, faltas
from tests.unidad.verificador.mundo import Escribano, empacar, prueba_de, sano
from tests.unidad.verificador.piezas import DETECCION, LIBRO, PNC, RECTORA, TESTIGOS, b64, claves, punto


def libro_de(variante: str = "", cuantos: int = 3) -> Escribano:
    libro = Escribano(variante)
    libro.inscribir_por_el_sistema(RECTORA)
    libro.inscribir(PNC)
    libro.sellar()
    for _ in range(cuantos):
        libro.pedir(DETECCION, PNC)
        libro.hecho("/gt/justicia", sujeto="otra ruta")
    libro.sellar()
    return libro


@pytest.fixture
def libro() -> Escribano:
    return libro_de()


def verificar(archivo: Path, de_quien: str | None = None, retenidos: tuple[str, ...] = ()) -> Informe:
    return prueba.verificar(archivo, confianza.leer(de_quien or claves()), retenidos=retenidos)


def juzgar(archivo: Path, *mas: object) -> list[Sitio]:
    return faltas(verificar(archivo, *mas))  # type: ignore[arg-type]


def test_una_prueba_sana(libro, tmp_path):
    informe = verificar(empacar(tmp_path / "p.zip", prueba_de(libro)))
    assert informe.faltas == ()
    assert informe.hechos == {DETECCION: 3}
    assert informe.testigos == TESTIGOS
    assert "hablan de 1 ruta" in informe.comprobado[0]
    assert informe.sin_comprobar == ("que no falten los últimos hechos de la ruta: eso solo lo dice el libro entero",)


def test_de_un_libro_grande(libro_sano, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro_sano, refrendados=[3, 256]))
    assert juzgar(archivo, None, (libro_sano.puntos[0],)) == []


def test_lo_que_falta_para_estar_seguro_se_dice(libro, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro))
    dicho = " · ".join(verificar(archivo, claves(testigos=(), instituciones=())).sin_comprobar)
    assert "hace falta un testigo o un punto guardado fuera" in dicho
    assert "fija la de la rectora" in dicho
    otro = libro_de(cuantos=9)
    sin_ver = verificar(archivo, None, (otro.punto, libro.puntos[0]))
    assert sin_ver.correcto
    assert any(que.startswith("2 puntos guardados fuera") for que in sin_ver.sin_comprobar)


def test_un_hecho_de_en_medio_que_falta(libro, tmp_path):
    miembros = prueba_de(libro)
    indice = [n for n in miembros if n.startswith("entradas/")][-2].partition("/")[2]
    del miembros[f"entradas/{indice}"], miembros[f"pruebas/{indice}.tlog-proof"]
    assert [s[:3] for s in juzgar(empacar(tmp_path / "p.zip", miembros))] == [("version-salteada", "prueba", DETECCION)]


def test_un_hecho_de_un_origen_inventado(libro, tmp_path):
    libro.pedir("/xx/deteccion", PNC, hechos=2)
    libro.sellar()
    assert juzgar(empacar(tmp_path / "p.zip", prueba_de(libro))) == [("origen-alterado", "prueba", "/xx/deteccion", 1)]


def test_de_unos_bytes_dudosos_no_sale_mas_que_un_uuid(libro, tmp_path):
    libro.hecho(DETECCION, id="\x1b[2Jesto no es un id", version=9)
    libro.sellar()
    informe = verificar(empacar(tmp_path / "p.zip", prueba_de(libro)))
    assert [f.id_evento for f in informe.faltas if f.codigo == "version-salteada"] == [None]


def test_una_entrada_con_la_prueba_de_otra(libro, tmp_path):
    miembros = prueba_de(libro)
    una, otra = [n for n in miembros if n.startswith("pruebas/")][-2:]
    miembros[una], miembros[otra] = miembros[otra], miembros[una]
    codigos = [s[0] for s in juzgar(empacar(tmp_path / "p.zip", miembros))]
    assert codigos.count("prueba-invalida") == 2


def test_un_hecho_que_no_esta_en_el_libro(libro, tmp_path):
    miembros, otro = prueba_de(libro), prueba_de(libro_de("otra historia"))
    ultima = [n for n in miembros if n.startswith("entradas/")][-1]
    informe = verificar(empacar(tmp_path / "p.zip", miembros | {ultima: otro[ultima]}))
    assert [(str(f.codigo), f.origen, f.posicion) for f in informe.faltas] == [("prueba-invalida", DETECCION, 3)]


@pytest.mark.parametrize(
    "texto",
    [
        "",
        "hola",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 5\n\n",
        "c2sp.org/tlog-proof@v1\nindex 5\n" + f"{b64(bytes(32))}\n" * 64 + "\n",
        "c2sp.org/tlog-proof@v1\nindex 5\n" + f"{b64(bytes(31))}\n\n",
        "c2sp.org/tlog-proof@v1\nindex 05\n\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\n",
        "c2sp.org/tlog-proof@v2\nindex 5\n\n",
        "x" * 100_000,
    ],
)
@pytest.mark.parametrize("con_punto", [True, False])
def test_una_prueba_de_inclusion_que_no_lo_es(libro, tmp_path, texto, con_punto):
    miembros = prueba_de(libro)
    ultima = [n for n in miembros if n.startswith("pruebas/")][-1]
    indice = ultima.removeprefix("pruebas/").removesuffix(".tlog-proof")
    texto = texto.replace("index 5", f"index {indice}") + (libro.punto if con_punto else "")
    codigos = [s[0] for s in juzgar(empacar(tmp_path / "p.zip", miembros | {ultima: texto.encode()}))]
    assert codigos == ["prueba-invalida"]


@pytest.mark.parametrize("quitado", ["punto", "solicitudes.jsonl"])
def test_sin_un_miembro_necesario(libro, tmp_path, quitado):
    miembros = prueba_de(libro)
    del miembros[quitado]
    esperado = {"archivo-ausente"} if quitado == "punto" else {"solicitud-ausente"}
    assert {s[0] for s in juzgar(empacar(tmp_path / "p.zip", miembros))} == esperado


def test_sin_entradas(libro, tmp_path):
    solo_el_punto = {"punto": libro.punto.encode()}
    assert juzgar(empacar(tmp_path / "p.zip", solo_el_punto)) == [("archivo-ausente", "prueba", "", 0)]


def test_un_punto_de_tamano_desmesurado(libro, tmp_path):
    miembros = prueba_de(libro) | {"punto": punto(10**18, bytes(32)).encode()}
    assert "prueba-invalida" in {s[0] for s in juzgar(empacar(tmp_path / "p.zip", miembros))}


# --- el punto guardado fuera


def test_dos_raices_del_mismo_tamano(libro, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro))
    otro = libro_de("otra historia")
    assert juzgar(archivo, None, (otro.punto,)) == [("libro-bifurcado", "punto", LIBRO, 8)]


def test_la_historia_se_reescribio(libro, tmp_path):
    otro = libro_de("otra historia")
    otro.puntos.clear()
    archivo = empacar(tmp_path / "p.zip", prueba_de(sano(40), refrendados=[8]))
    assert ("historia-reescrita", "punto", LIBRO, 8) in juzgar(archivo, None, (libro.punto,))


def test_un_punto_guardado_que_no_firmo_el_libro_no_acusa(libro, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro))
    falso = punto(8, bytes(32), de="otra clave")
    assert juzgar(archivo, None, (falso,)) == [("punto-sin-firma", "punto", LIBRO, 8)]


# --- zips hostiles


@pytest.mark.parametrize("datos", [b"", b"PK", b"no es un zip", b"PK\x05\x06" + b"\xff" * 18])
def test_lo_que_no_es_un_zip(tmp_path, datos):
    archivo = tmp_path / "p.zip"
    archivo.write_bytes(datos)
    with pytest.raises(PruebaIlegible, match=r"^no es un zip que se pueda leer$"):
        verificar(archivo)


def test_un_zip_vacio(tmp_path):
    assert [s[0] for s in juzgar(empacar(tmp_path / "p.zip", {}))] == ["archivo-ausente"]


@pytest.mark.parametrize("metodo", [ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_un_zip_con_cualquier_byte_roto_nunca_acaba_en_traza(libro, tmp_path, metodo):
    archivo, miembros = tmp_path / "p.zip", prueba_de(libro)
    with ZipFile(archivo, "w", metodo) as zip_:
        for nombre, datos in miembros.items():
            zip_.writestr(nombre, datos)
    sano_, confiadas = archivo.read_bytes(), claves()
    # Repartidos por los datos, y seguidos por el directorio del final, que es lo que se interpreta.
    for i in (*range(0, len(sano_), 97), *range(len(sano_) - 120, len(sano_))):
        roto = bytearray(sano_)
        roto[i] ^= (0x01, 0x80, 0xFF)[i % 3]
        archivo.write_bytes(roto)
        try:
            verificar(archivo, confiadas)
        except PruebaIlegible:
            continue
    for corte in range(0, len(sano_), 497):
        archivo.write_bytes(sano_[:corte])
        with pytest.raises(PruebaIlegible):
            verificar(archivo, confiadas)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_dos_miembros_con_el_mismo_nombre(libro, tmp_path):
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro))
    with ZipFile(archivo, "a") as zip_:
        zip_.writestr("punto", "otro")
    with pytest.raises(PruebaIlegible, match="mismo nombre"):
        verificar(archivo)


def test_nombres_raros_no_se_miran(libro, tmp_path):
    raros = [
        "../../etc/passwd",
        "/punto",
        "entradas/-1",
        "entradas/01",
        "entradas/" + "9" * 40,
        "entradas/٣",
        "a" * 5000,
    ]
    archivo = empacar(tmp_path / "p.zip", prueba_de(libro) | dict.fromkeys(raros, b"x"))
    assert verificar(archivo).correcto
    assert [a.name for a in tmp_path.iterdir()] == ["p.zip"]


def test_un_miembro_que_se_hincha(libro, tmp_path, monkeypatch):
    archivo = tmp_path / "p.zip"
    with ZipFile(archivo, "w", ZIP_DEFLATED) as zip_:
        for nombre, datos in prueba_de(libro).items():
            zip_.writestr(nombre, bytes(80_000_000) if nombre == "entradas/0" else datos)
    assert archivo.stat().st_size < 200_000
    assert ("prueba-invalida", "prueba", "", 0) in juzgar(archivo)

    monkeypatch.setattr(prueba, "_MAXIMO_TOTAL", 50_000)
    with pytest.raises(PruebaIlegible, match="demasiado grande"):
        verificar(empacar(tmp_path / "q.zip", prueba_de(libro) | {"solicitudes.jsonl": bytes(60_000)}))
