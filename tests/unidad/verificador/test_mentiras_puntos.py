"""Los puntos de control, su cadena, lo que alguien guardó fuera y los testigos: cada mentira, con su código y sitio."""

from __future__ import annotations

import pytest

from tests.unidad.verificador.juicio import SIN_TESTIGOS, faltas, juzgar, tamano_de, verificar
from tests.unidad.verificador.mundo import Escribano, cerrar, empezado, sano
from tests.unidad.verificador.piezas import (
    LIBRO,
    TESTIGOS,
    b64,
    claves,
    poner,
    punto,
    raiz,
    refrendar,
    vkey,
)


@pytest.fixture
def libro() -> Escribano:
    return empezado(270)


# --- el punto que se entrega


def test_un_punto_sin_firma_nuestra(libro, tmp_path):
    cerrar(libro)
    libro.punto = libro.puntos[-1] = libro.puntos[-1].replace("— ", "— otro.", 1)
    informe = verificar(libro.escribir(tmp_path), SIN_TESTIGOS)
    assert faltas(informe) == [("punto-sin-firma", "punto", LIBRO, 270)] * 2  # el entregado, y el mismo en la cadena
    assert informe.firmado_hasta == tamano_de(libro.puntos[-2])


@pytest.mark.parametrize(
    "falso",
    [
        lambda n, r, e: punto(n, r, e, de="otra clave"),
        lambda n, r, e: punto(n, r, e, nombre="otro.example/libro"),
        lambda n, r, e: punto(n, r, e).replace(f"\n{n}\n", f"\n{n - 1}\n"),
        lambda n, r, e: punto(n, r, e).replace(b64(r), b64(bytes(32))),
    ],
    ids=["otra clave", "otro libro", "otro tamaño", "otra raíz"],
)
def test_un_punto_que_no_firmo_este_libro(libro, tmp_path, falso):
    extensiones = cerrar(libro).punto.split("\n")[3:6]
    libro.punto = falso(270, raiz(libro.hojas), extensiones)
    codigos = {c for c, donde, *_ in juzgar(libro.escribir(tmp_path), SIN_TESTIGOS) if donde == "punto"}
    assert "punto-sin-firma" in codigos


def test_un_punto_bien_firmado_de_otra_raiz(libro, tmp_path):
    libro.sellar(raiz_=b"\x07" * 32)
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("raiz-distinta", "punto", LIBRO, 270)]


@pytest.mark.parametrize("texto", [b"", b"hola", b"\xff\xfe", b"a\n1\nb\n\n\xe2\x80\x94 a b\n", b"x" * 200_000])
def test_un_punto_ilegible(libro, tmp_path, texto):
    carpeta = cerrar(libro).escribir(tmp_path)
    poner(carpeta, "checkpoint", texto)
    assert ("punto-ilegible", "punto", "", 0) in juzgar(carpeta)


def test_sin_punto(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    (carpeta / "checkpoint").unlink()
    informe = verificar(carpeta)
    assert ("archivo-ausente", "nadie firma este libro") in {(str(f.codigo), f.que[-22:]) for f in informe.faltas}


# --- la cadena de puntos


def puntos_de(libro: Escribano, *textos: str) -> None:
    libro.puntos[:] = textos


def test_falta_un_punto(libro, tmp_path):
    cerrar(libro)
    quitado = len(libro.puntos) // 2
    siguiente = tamano_de(libro.puntos[quitado + 1])
    del libro.puntos[quitado]
    assert juzgar(libro.escribir(tmp_path)) == [("puntos-desencadenados", "punto", LIBRO, siguiente)]


@pytest.mark.parametrize("cual", [0, -1])
def test_falta_el_primer_punto_o_el_ultimo(libro, tmp_path, cual):
    cerrar(libro)
    del libro.puntos[cual]
    senalado = tamano_de(libro.puntos[0]) if cual == 0 else 270
    assert juzgar(libro.escribir(tmp_path)) == [("puntos-desencadenados", "punto", LIBRO, senalado)]


def test_falta_la_cadena_entera(libro, tmp_path):
    cerrar(libro).puntos.clear()
    assert juzgar(libro.escribir(tmp_path)) == [("archivo-ausente", "punto", LIBRO, 270)]


def test_sobra_un_punto(libro, tmp_path):
    cerrar(libro)
    libro.puntos.insert(2, punto(200, raiz(libro.hojas[:200])))
    assert ("puntos-desencadenados", "punto", LIBRO, 200) in juzgar(libro.escribir(tmp_path))


def test_dos_puntos_reordenados(libro, tmp_path):
    cerrar(libro)
    libro.puntos[1], libro.puntos[2] = libro.puntos[2], libro.puntos[1]
    halladas = juzgar(libro.escribir(tmp_path))
    assert {h[:3] for h in halladas} == {("puntos-desencadenados", "punto", LIBRO)}


@pytest.mark.parametrize("cual", [0, 1, -1])
def test_un_punto_de_la_cadena_tocado_es_una_falta(libro, tmp_path, cual):
    cerrar(libro)
    tamano = tamano_de(libro.puntos[cual])
    libro.puntos[cual] = libro.puntos[cual].replace("\naccesos ", "\naccesos 1")
    assert juzgar(libro.escribir(tmp_path)) == [("punto-sin-firma", "punto", LIBRO, tamano)]


def test_un_punto_con_el_anterior_falso(libro, tmp_path):
    libro.sellar(anterior=b64(b"\x01" * 32))
    assert juzgar(cerrar(libro).escribir(tmp_path)) == [("puntos-desencadenados", "punto", LIBRO, 270)]


@pytest.mark.parametrize(
    "instante", ["2026-05-03T11:00:00.000000Z", "2026-05-03T12:50:00", "mañana", "9999-99-99T99:99:99.999999Z"]
)
def test_un_punto_cuyo_instante_retrocede_o_no_se_lee(libro, tmp_path, instante):
    libro.sellar(instante=instante)
    halladas = juzgar(cerrar(libro).escribir(tmp_path))
    assert halladas == [("puntos-desencadenados", "punto", LIBRO, 270)]


@pytest.mark.parametrize(
    "accesos", ["0 " + b64(bytes(32)), "muchos", "9" * 5000 + " " + b64(bytes(32)), "-1 x", "1", "² " + b64(bytes(32))]
)
def test_un_punto_cuyos_accesos_bajan_o_no_se_leen(libro, tmp_path, accesos):
    libro.sellar(accesos=accesos)
    halladas = juzgar(cerrar(libro).escribir(tmp_path))
    assert halladas == [("puntos-desencadenados", "punto", LIBRO, 270)]


def test_un_punto_que_no_crece(libro, tmp_path):
    cerrar(libro).sellar()
    assert juzgar(libro.escribir(tmp_path)) == [("puntos-desencadenados", "punto", LIBRO, 270)]


def sin_extensiones(libro: Escribano, *quedan: str) -> None:
    """El único punto del libro, firmado otra vez con esas extensiones y ninguna más."""
    cerrar(libro)
    dichas = [linea for linea in libro.punto.split("\n")[3:6] if linea.startswith(quedan)]
    libro.punto = punto(len(libro.entradas), raiz(libro.hojas), dichas)
    libro.puntos[-1:] = [libro.punto]


@pytest.mark.parametrize("publico", [True, False])
@pytest.mark.parametrize("quedan", [(), ("anterior",), ("instante", "accesos"), ("anterior", "accesos")])
def test_un_punto_vuelto_a_firmar_sin_extensiones(tmp_path, quedan, publico):
    libro = empezado(3)
    libro.hecho("/gt/deteccion")
    libro.puntos.clear()
    libro.sellar()
    sin_extensiones(libro, *quedan)
    assert ("puntos-desencadenados", "punto", LIBRO, 4) in juzgar(
        libro.escribir(tmp_path, publico=publico), SIN_TESTIGOS
    )


def test_sin_la_cadena_de_puntos_no_vale_el_que_no_dice_a_cual_sigue(libro, tmp_path):
    sin_extensiones(libro)
    carpeta = libro.escribir(tmp_path)
    (carpeta / "puntos.jsonl").unlink()
    assert ("archivo-ausente", "punto", LIBRO, 270) in juzgar(carpeta, SIN_TESTIGOS)


def test_un_punto_que_no_cuenta_los_accesos_que_otro_contaba(tmp_path):
    libro = empezado(9)
    libro.puntos.clear()
    libro.hecho("/gt/deteccion")
    guardado = libro.sellar()
    sin_extensiones(libro, "instante", "anterior")
    carpeta = libro.escribir(tmp_path, publico=True)
    assert juzgar(carpeta, SIN_TESTIGOS) == []  # lo público no trae el registro, y nadie lo contaba
    dichas = juzgar(carpeta, SIN_TESTIGOS, retenidos=[guardado])
    assert ("puntos-desencadenados", "punto", LIBRO, 10) in dichas


def test_la_misma_cuenta_de_accesos_con_otra_hoja(libro, tmp_path):
    libro.sellar(accesos=f"{len(libro.accesos)} {b64(b'otra hoja'.ljust(32))}")
    halladas = juzgar(cerrar(libro).escribir(tmp_path))
    assert halladas == [
        ("accesos-alterados", "accesos", "", len(libro.accesos) - 1),
        ("puntos-desencadenados", "punto", LIBRO, 270),
    ]


def test_se_entrega_un_punto_viejo_y_la_cadena_dice_mas(libro, tmp_path):
    """Repetir un punto viejo, con las firmas verdaderas: la cadena de puntos y las cabeceras lo delatan."""
    carpeta = cerrar(libro).escribir(tmp_path)
    viejo = libro.puntos[-2]
    poner(carpeta, "checkpoint", viejo.encode())
    halladas = juzgar(carpeta, SIN_TESTIGOS)
    assert ("puntos-desencadenados", "punto", LIBRO, tamano_de(viejo)) in halladas
    assert ("truncado", "punto", LIBRO, 270) in halladas


# --- lo que alguien guardó fuera


def test_el_libro_retrocede(libro, tmp_path):
    cerrar(libro)
    mayor = sano(300)
    assert juzgar(libro.escribir(tmp_path), retenidos=[mayor.punto]) == [
        ("accesos-alterados", "accesos", "", len(libro.accesos)),
        ("libro-retrocede", "punto", LIBRO, 300),
    ]


def test_el_libro_se_bifurco(libro, tmp_path):
    otra = sano(270, "otra historia")
    assert juzgar(cerrar(libro).escribir(tmp_path), retenidos=[otra.punto]) == [
        ("libro-bifurcado", "punto", LIBRO, 270)
    ]


def test_la_historia_se_reescribio_entera_con_las_claves_verdaderas(libro, tmp_path):
    reescrita = sano(600, "otra historia").escribir(tmp_path)
    assert juzgar(reescrita) == []  # sin un ancla de fuera, nada lo delata
    assert juzgar(reescrita, retenidos=[cerrar(libro).punto]) == [("historia-reescrita", "punto", LIBRO, 270)]


def test_un_punto_guardado_que_no_vale_no_acusa_a_nadie(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    falso = punto(270, bytes(32), de="otra clave")
    assert juzgar(carpeta, retenidos=[falso]) == [("punto-sin-firma", "punto", LIBRO, 270)]
    assert juzgar(carpeta, retenidos=["", "hola"]) == [("punto-ilegible", "punto", "", 0)] * 2


def test_un_punto_guardado_de_otro_libro_en_que_tambien_se_confia(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    otro = "otro.example/libro"
    de_los_dos = f"{claves()}log {vkey(otro, otro)}\n"
    ajeno = punto(900, bytes(32), nombre=otro, de=otro)
    assert juzgar(carpeta, de_los_dos, retenidos=[ajeno]) == [("punto-sin-firma", "punto", otro, 900)]


# --- testigos


@pytest.mark.parametrize(("firman", "umbral", "basta"), [(3, 3, True), (2, 3, False), (2, 2, True), (1, 2, False)])
def test_k_de_n_testigos(libro, tmp_path, firman, umbral, basta):
    libro.sellar(testigos=TESTIGOS[:firman])
    informe = verificar(cerrar(libro).escribir(tmp_path), claves(umbral=umbral))
    assert informe.testigos == TESTIGOS[:firman]
    assert [str(f.codigo) for f in informe.faltas] == ([] if basta else ["sin-quorum"])


def test_un_refrendo_de_otro_texto(libro, tmp_path):
    cerrar(libro)
    libro.punto = refrendar(libro.puntos[-1], TESTIGOS[0], de_otro=libro.puntos[-2])
    assert juzgar(libro.escribir(tmp_path), claves(umbral=1)) == [
        ("refrendo-falso", "testigo", LIBRO, 270),
        ("sin-quorum", "testigo", LIBRO, 270),
    ]


def test_un_refrendo_falso_no_resta_a_los_que_valen(libro, tmp_path):
    cerrar(libro)
    libro.punto = refrendar(refrendar(libro.puntos[-1], TESTIGOS[0]), TESTIGOS[1], de="clave ajena")
    informe = verificar(libro.escribir(tmp_path), claves(umbral=1))
    assert [str(f.codigo) for f in informe.faltas] == ["refrendo-falso"]
    assert informe.testigos == TESTIGOS[:1]


def test_un_testigo_que_nadie_conoce_no_cuenta(libro, tmp_path):
    cerrar(libro)
    libro.punto = refrendar(libro.puntos[-1], "fiscal")
    assert juzgar(libro.escribir(tmp_path), claves(umbral=1)) == [("sin-quorum", "testigo", LIBRO, 270)]


def test_el_libro_no_puede_hacer_de_su_propio_testigo(libro, tmp_path):
    cerrar(libro)
    libro.punto = refrendar(libro.puntos[-1], TESTIGOS[0], de=LIBRO)
    assert ("sin-quorum", "testigo", LIBRO, 270) in juzgar(libro.escribir(tmp_path), claves(umbral=1))
