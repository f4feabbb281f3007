"""El archivo de claves: cada error dice su línea y por qué, y no repite lo que había en ella."""

from __future__ import annotations

import pytest

from senda_verificar import confianza
from senda_verificar.confianza import ConfianzaInvalida
from tests.unidad.verificador.piezas import DETECCION, LIBRO, PNC, claves, vkey

LOG = f"log {vkey(LIBRO, LIBRO)}"
T1, T2, T3 = (f"witness t{i} {vkey(f't{i}', f't{i}', 4)}" for i in (1, 2, 3))


def test_lo_que_dice():
    leida = confianza.leer(claves())
    assert [c.nombre for c in leida.libros] == [LIBRO]
    assert set(leida.testigos) == {"defensoria", "corte", "universidad"}
    assert leida.quorum == "varios"


@pytest.mark.parametrize(
    "texto",
    [vkey(LIBRO, LIBRO), f"\t{LOG}\r\n", f"# nada\n\n  {LOG}  https://ejemplo/donde\n#", f"{LOG}\nquorum none"],
)
def test_basta_la_clave_del_libro(texto):
    leida = confianza.leer(texto)
    assert leida.cumple([])


@pytest.mark.parametrize(
    ("lineas", "numero", "por_que"),
    [
        ([LOG, LOG], 2, "repite la clave de un libro"),
        ([LOG, "MARIA hola"], 2, "no empieza por"),
        (["MARIA"], 1, "nombre de una clave|vkey"),
        (["log"], 1, "le falta la clave"),
        ([f"{LOG} a b"], 1, "sobran palabras"),
        ([f"log {vkey(LIBRO, LIBRO, 4)}"], 1, "de firma"),
        ([f"log {vkey(LIBRO, LIBRO)[:-4]}AAA="], 1, "huella|vkey"),
        ([LOG, f"witness t1 {vkey('t1', 't1', 1)}"], 2, "de refrendo"),
        ([LOG, T1, T1], 3, "repite la clave de un testigo"),
        ([LOG, T1, f"witness t1 {vkey('t2', 't2', 4)}"], 3, "ya está dicho"),
        ([LOG, f"witness none {vkey('t1', 't1', 4)}"], 2, "no se puede usar"),
        ([LOG, T1, "group g 1"], 3, "miembros sin repetir"),
        ([LOG, T1, "group g 1 t1 t1"], 3, "miembros sin repetir"),
        ([LOG, T1, "group g 2 t1"], 3, "umbral"),
        ([LOG, T1, "group g 0 t1"], 3, "umbral"),
        ([LOG, T1, "group g -1 t1"], 3, "umbral"),
        ([LOG, T1, "group g MARIA t1"], 3, "umbral"),
        ([LOG, T1, "group g ١ t1"], 3, "umbral"),
        ([LOG, T1, f"group g {'9' * 5000} t1"], 3, "umbral"),
        ([LOG, "group g 1 MARIA"], 2, "no se ha dicho antes"),
        ([LOG, T1, "group t1 1 t1"], 3, "ya está dicho"),
        ([LOG, T1, "group g 1 t1", "group h 1 t1"], 4, "solo puede estar en un grupo"),
        ([LOG, "group g 1 g"], 2, "no se ha dicho antes"),
        ([LOG, "quorum"], 2, "un testigo, un grupo o none"),
        ([LOG, "quorum MARIA"], 2, "no se ha dicho antes"),
        ([LOG, *[f"origen {vkey(DETECCION, DETECCION)}"] * 2], 3, "repite un origen"),
        ([LOG, "origen MARIA"], 2, ""),
        ([LOG, "institucion MARIA++"], 2, ""),
    ],
)
def test_cada_error_dice_su_linea_y_no_la_repite(lineas, numero, por_que):
    with pytest.raises(ConfianzaInvalida, match=por_que or None) as error:
        confianza.leer("\n".join(["# comentario", *lineas]))
    assert str(error.value).startswith(f"línea {numero + 1}: ")
    assert "MARIA" not in str(error.value)
    assert "999" not in str(error.value)


@pytest.mark.parametrize(
    ("texto", "por_que"),
    [
        ("", "ningún libro"),
        ("# solo esto", "ningún libro"),
        (f"institucion {vkey(PNC, PNC)}", "ningún libro"),
        (f"{LOG}\n{T1}\nquorum t1\nquorum none", "más de un quórum"),
        ("#" * 300_000, "demasiado grande"),
    ],
)
def test_un_archivo_que_no_basta(texto, por_que):
    with pytest.raises(ConfianzaInvalida, match=por_que):
        confianza.leer(texto)


@pytest.mark.parametrize(
    ("refrendan", "basta"),
    [("", False), ("t1", False), ("t3", False), ("t1 t2", False), ("t1 t3", True), ("t2 t3", True), ("t1 t2 t3", True)],
)
def test_grupos_anidados(refrendan, basta):
    grupos = "group ong any t1 t2\ngroup todos all ong t3\nquorum todos"
    leida = confianza.leer(f"{LOG}\n{T1}\n{T2}\n{T3}\n{grupos}")
    assert leida.cumple(refrendan.split()) is basta


def test_un_testigo_solo_como_quorum():
    leida = confianza.leer(f"{LOG}\n{T1}\n{T2}\nquorum t2")
    assert not leida.cumple(["t1"])
    assert leida.cumple(["t2"])


def test_miles_de_grupos_anidados_no_agotan_la_pila():
    cadena = [f"group g{i} 1 g{i - 1}" for i in range(1, 5000)]
    leida = confianza.leer("\n".join([LOG, T1, "group g0 1 t1", *cadena, "quorum g4999"]))
    assert leida.cumple(["t1"])
    assert not leida.cumple([])
