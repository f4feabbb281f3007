"""Cada respuesta de C2SP tlog-witness, y que ningún cuerpo hostil arranque otra cosa."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senda_verificar import nota
from servicios.testigo.dominio import (
    MAXIMO_CUERPO,
    NADA,
    NEGATIVAS,
    TAMANO,
    Negativa,
    Peticion,
    Ultimo,
    acusacion,
    decidir,
    examinar,
    texto_de,
)
from tests.unidad.testigo.libreta import AJENA, CLAVE, NOMBRE, Libreta

LIBRO = Libreta()
FALSO = LIBRO.bifurcada(3)
#: El ejemplo de https://c2sp.org/tlog-witness, entero.
EJEMPLO = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa \
opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()


def ultimo(tamano: int) -> Ultimo:
    return Ultimo(tamano, LIBRO.raiz(tamano))


def negativa(cuerpo: bytes, recordado: Ultimo = NADA, libro: Libreta = LIBRO) -> Negativa:
    with pytest.raises(Negativa) as hallada:
        decidir(examinar(cuerpo, libro.libros), recordado)
    return hallada.value


def test_refrenda_el_primero_y_cada_uno_que_solo_anada() -> None:
    for menor in range(18):
        for mayor in range(menor, 18):
            decidir(examinar(LIBRO.peticion(menor, mayor), LIBRO.libros), ultimo(menor))


def test_ninguno_que_no_empiece_por_lo_refrendado() -> None:
    for menor in range(4, 12):
        for mayor in range(menor + 1, 14):
            dicha = negativa(FALSO.peticion(menor, mayor), ultimo(menor))
            assert (dicha.codigo, dicha.estado) == ("sin-consistencia", 422)


def test_el_ejemplo_de_la_especificacion() -> None:
    assert negativa(EJEMPLO).codigo == "libro-desconocido"
    # La especificación no publica la clave: con otra del mismo nombre se llega hasta la firma.
    assert negativa(EJEMPLO, libro=Libreta("example.com/behind-the-sofa")).codigo == "firma-ajena"


def test_libro_desconocido() -> None:
    dicha = negativa(Libreta("senda.example/hn/libro").peticion(0, 5))
    assert (dicha.codigo, dicha.respuesta.estado) == ("libro-desconocido", 404)


def test_clave_ajena_con_el_nombre_del_libro() -> None:
    dicha = negativa(Libreta(clave=AJENA).peticion(0, 5))
    assert (dicha.codigo, dicha.respuesta.estado) == ("firma-ajena", 403)


def test_firma_de_otro_texto() -> None:
    cambiado = LIBRO.punto(5).replace("\n5\n", "\n6\n")
    assert negativa(LIBRO.peticion(0, 5, punto=cambiado)).codigo == "firma-ajena"


def test_basta_una_clave_conocida_y_las_demas_firmas_no_se_conservan() -> None:
    otra = nota.escribir_firma(NOMBRE, b"\x01\x02\x03\x04", bytes(64))
    peticion = examinar(LIBRO.peticion(0, 5, punto=LIBRO.punto(5) + otra), LIBRO.libros)
    assert texto_de(peticion.punto) == LIBRO.punto(5)
    dos = {NOMBRE: [nota.leer_vkey(Libreta(clave=AJENA).vkey), *LIBRO.libros[NOMBRE]]}
    assert texto_de(examinar(LIBRO.peticion(0, 5), dos).punto) == LIBRO.punto(5)


def test_anterior_mayor_que_el_punto() -> None:
    dicha = negativa(LIBRO.peticion(6, 5), ultimo(6))
    assert (dicha.codigo, dicha.respuesta.estado) == ("anterior-imposible", 400)


@pytest.mark.parametrize(("anterior", "tamano"), [(0, 5), (3, 9), (9, 9)])
def test_anterior_que_no_es_el_ultimo_dice_cual(anterior: int, tamano: int) -> None:
    respuesta = negativa(LIBRO.peticion(anterior, tamano), ultimo(7)).respuesta
    assert respuesta == (409, TAMANO, b"7\n", "otro-tamano")


def test_nunca_refrendo_nada_y_dice_cero() -> None:
    assert negativa(LIBRO.peticion(3, 5)).respuesta == (409, TAMANO, b"0\n", "otro-tamano")


def test_mismo_tamano_y_otra_raiz() -> None:
    respuesta = negativa(FALSO.peticion(7, 7), ultimo(7)).respuesta
    assert (respuesta.estado, respuesta.codigo) == (409, "bifurcacion")
    assert respuesta.tipo != TAMANO


@pytest.mark.parametrize(
    ("anterior", "tamano", "prueba"),
    [
        (0, 5, [bytes(32)]),
        (5, 5, [bytes(32)]),
        (4, 7, []),
        (4, 7, [bytes(32)]),
        (4, 7, [*LIBRO.prueba(4, 7), bytes(32)]),
    ],
)
def test_prueba_que_no_verifica(anterior: int, tamano: int, prueba: list[bytes]) -> None:
    dicha = negativa(LIBRO.peticion(anterior, tamano, prueba=prueba), ultimo(anterior))
    assert (dicha.codigo, dicha.respuesta.estado) == ("sin-consistencia", 422)


@pytest.mark.parametrize(
    "cuerpo",
    [
        b"",
        b"\n\n",
        b"old 0\n",
        b"old 0\n\n",
        LIBRO.punto(5).encode(),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old  0"),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old 00"),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old -1"),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old +0"),
        LIBRO.peticion(0, 5).replace(b"old 0", "old ٣".encode()),
        LIBRO.peticion(0, 5).replace(b"old 0", b"OLD 0"),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old 99999999999999999999"),
        LIBRO.peticion(0, 5).replace(b"old 0", b"old 0\r"),
        LIBRO.peticion(0, 5).replace(b"old 0\n", b""),
        LIBRO.peticion(0, 5)[:-1],
        LIBRO.peticion(0, 5) + b"\xff",
        LIBRO.peticion(0, 5) + b"\n",
        LIBRO.peticion(4, 7).replace(b"=\n", b"\n", 1),
        LIBRO.peticion(4, 7, prueba=[bytes(31)]),
        LIBRO.peticion(4, 7, prueba=[b""]),
        LIBRO.peticion(4, 7, prueba=[bytes(32)] * 64),
    ],
)
def test_forma_mala(cuerpo: bytes) -> None:
    dicha = negativa(cuerpo, ultimo(4))
    assert (dicha.codigo, dicha.respuesta.estado) == ("peticion-malformada", 400)


def test_sesenta_y_tres_lineas_de_prueba_tienen_forma() -> None:
    dicha = negativa(LIBRO.peticion(4, 7, prueba=[bytes(32)] * 63), ultimo(4))
    assert dicha.codigo == "sin-consistencia"


def test_un_tamano_que_no_cabe_en_la_base() -> None:
    texto = f"{NOMBRE}\n{2**63}\n{b64encode(bytes(32)).decode()}\n"
    clave = LIBRO.libros[NOMBRE][0]
    punto = texto + "\n" + nota.escribir_firma(NOMBRE, clave.huella, CLAVE.sign(texto.encode()))
    assert negativa(f"old 0\n\n{punto}".encode()).codigo == "peticion-malformada"


def test_cuerpo_excesivo() -> None:
    dicha = negativa(LIBRO.peticion(0, 5) + b"a" * MAXIMO_CUERPO)
    assert (dicha.codigo, dicha.respuesta.estado) == ("peticion-excesiva", 413)


@given(st.binary(max_size=400))
def test_bytes_al_azar_solo_dan_negativas(cuerpo: bytes) -> None:
    assert negativa(cuerpo).codigo == "peticion-malformada"


@given(st.data())
def test_un_cuerpo_danado_no_hace_decir_otra_cosa(datos: st.DataObject) -> None:
    """Cambiar, quitar o meter bytes: o se niega, o se refrenda exactamente lo que el libro firmó."""
    bueno = LIBRO.peticion(4, 7)
    donde = datos.draw(st.integers(0, len(bueno) - 1))
    largo = datos.draw(st.integers(0, 40))
    danado = bueno[:donde] + datos.draw(st.binary(max_size=8)) + bueno[donde + largo :]
    try:
        peticion = examinar(danado, LIBRO.libros)
        decidir(peticion, ultimo(4))
    except Negativa as dicha:
        codigo = dicha.codigo
    else:
        codigo = ""
        assert texto_de(peticion.punto) == LIBRO.punto(7)
    assert codigo in {"", *NEGATIVAS}


@pytest.mark.parametrize(
    ("anterior", "refrendada", "codigo", "motivo"),
    [
        (7, LIBRO.raiz(9), "otro-tamano", "bifurcacion"),
        (9, LIBRO.raiz(9), "bifurcacion", "bifurcacion"),
        (7, LIBRO.raiz(9), "sin-consistencia", "bifurcacion"),
        (7, None, "sin-consistencia", "sin-consistencia"),
        (7, None, "otro-tamano", None),
        (0, None, "sin-consistencia", None),
        (7, FALSO.raiz(9), "otro-tamano", None),
        (9, FALSO.raiz(9), "sin-consistencia", None),
    ],
)
def test_que_se_guarda_como_evidencia(anterior: int, refrendada: bytes | None, codigo: str, motivo: str | None) -> None:
    peticion: Peticion = examinar(FALSO.peticion(anterior, 9), FALSO.libros)
    assert acusacion(peticion, refrendada, Negativa(codigo)) == motivo


def test_cada_codigo_esta_en_la_guia() -> None:
    guia = Path("docs/testigos.md").read_text(encoding="utf-8")
    assert [c for c, (estado, _) in NEGATIVAS.items() if f"| {estado} | `{c}` |" not in guia] == []
