"""Cada daño se nombra con su origen y posición, y lo que está bien no se señala."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import senda_verificar
from senda_verificar import nota
from senda_verificar.copias import Cabecera, verificar
from senda_verificar.faltas import Codigo, Donde, Informe
from servicios.auditoria import punto_de_control
from tests.unidad.auditoria.mundo import (
    CLAVE,
    NOMBRE,
    ORIGENES,
    POR_ORIGEN,
    VKEY,
    FilaMutable,
    Mundo,
    cadena,
    cuerpo_de,
    hoja,
    id_evento,
    sano,
)

TODAS = [(o, p) for o in ORIGENES for p in range(1, POR_ORIGEN + 1)]
A, B, _ = ORIGENES


def faltas(informe: Informe, *, raiz: bool = False) -> list[tuple[str, str, str, int]]:
    """Lo hallado, sin las raíces que no cuadran: esas se comprueban aparte con ``raiz``."""
    aparte = [f for f in informe.faltas if f.codigo is Codigo.RAIZ_DISTINTA]
    assert bool(aparte) == raiz
    assert len(aparte) <= 1
    return [(f.codigo, f.donde, f.origen, f.posicion) for f in informe.faltas if f not in aparte]


def test_lo_sano_no_tiene_faltas() -> None:
    mundo = sano()
    informe = mundo.verificar()
    assert informe.correcto
    assert informe.faltas == ()
    assert (informe.tamano, informe.firmado_hasta, informe.omitidas) == (24, 24, 0)
    assert informe.hechos == dict.fromkeys(ORIGENES, POR_ORIGEN)
    assert informe.raiz == nota.leer(mundo.puntos[-1]).raiz
    assert informe.sin_contrastar == ()


def test_lo_sano_sin_almacenes_dice_que_no_los_contrasto() -> None:
    informe = sano().verificar(con_almacenes=False)
    assert informe.correcto
    assert set(informe.sin_contrastar) == set(ORIGENES)


def test_vacio() -> None:
    informe = verificar([], {A: []}, [Cabecera(A, 0, bytes(32))], [])
    assert informe.correcto
    assert informe.tamano == 0
    assert informe.raiz.hex().startswith("e3b0c442")


@pytest.mark.parametrize("con_almacenes", [True, False])
@pytest.mark.parametrize("donde", ["origen", "posicion", "anterior", "cuerpo", "hoja"])
def test_cada_columna_de_cada_fila_del_libro(donde: str, con_almacenes: bool) -> None:  # noqa: FBT001
    codigos = {
        "origen": "origen-alterado",
        "posicion": "posicion-alterada",
        "anterior": "anterior-alterado",
        "cuerpo": "cuerpo-alterado",
        "hoja": "hoja-alterada",
    }
    for origen, posicion in TODAS:
        mundo = sano()
        fila = mundo.fila(origen, posicion)
        nuevo = {
            "origen": "/gt/otro",
            "posicion": posicion + 40,
            "anterior": b"\x01" * 32,
            "cuerpo": cuerpo_de(origen, posicion, "alterado"),
            "hoja": b"\x02" * 32,
        }[donde]
        setattr(fila, donde, nuevo)
        informe = mundo.verificar(con_almacenes=con_almacenes)
        esperado = codigos[donde]
        if donde == "hoja" and posicion == POR_ORIGEN and not con_almacenes:
            # Sin otra copia ni fila siguiente no se puede saber si cambió la hoja o el cuerpo.
            esperado = "cuerpo-alterado"
        assert faltas(informe, raiz=donde != "hoja") == [(esperado, "libro", origen, posicion)]
        assert id_evento(origen, posicion) in {f.id_evento for f in informe.faltas}


@pytest.mark.parametrize("donde", ["posicion", "anterior", "cuerpo", "hoja"])
def test_cada_columna_de_cada_fila_de_un_almacen(donde: str) -> None:
    for origen, posicion in TODAS:
        mundo = sano()
        fila = mundo.suya(origen, posicion)
        cambios = {"posicion": 99, "anterior": b"\x01" * 32, "cuerpo": b"{}", "hoja": b"\x02" * 32}
        setattr(fila, donde, cambios[donde])
        mundo.almacenes[origen].sort(key=lambda f: f.posicion)  # type: ignore[arg-type, return-value]
        informe = mundo.verificar()
        codigo = {"posicion": "posicion-alterada"}.get(donde, f"{donde}-alterad{'a' if donde == 'hoja' else 'o'}")
        assert faltas(informe) == [(codigo, "almacen", origen, posicion)]
        assert informe.faltas[0].id_evento == id_evento(origen, posicion)


@pytest.mark.parametrize("con_almacenes", [True, False])
@pytest.mark.parametrize("indice", [0, 1, 2])
def test_un_byte_de_cuerpo(indice: int, con_almacenes: bool) -> None:  # noqa: FBT001
    mundo = sano()
    fila = mundo.fila(A, 4)
    crudo = bytearray(cuerpo_de(A, 4))
    crudo[-3 + indice] ^= 1
    fila.cuerpo = bytes(crudo)
    assert faltas(mundo.verificar(con_almacenes=con_almacenes), raiz=True) == [("cuerpo-alterado", "libro", A, 4)]


@pytest.mark.parametrize("valor", [None, "texto donde había bytes", 7, 1.5, b""])
@pytest.mark.parametrize("columna", ["origen", "posicion", "anterior", "cuerpo", "hoja"])
def test_valores_de_otro_tipo_se_nombran_sin_romper(columna: str, valor: object) -> None:
    mundo = sano()
    setattr(mundo.fila(B, 5), columna, valor)
    informe = mundo.verificar()
    assert [(f.origen, f.posicion) for f in informe.faltas if f.codigo is not Codigo.RAIZ_DISTINTA] == [(B, 5)]


def test_fila_sin_remedio() -> None:
    mundo = sano()
    fila = mundo.fila(B, 5)
    fila.posicion, fila.cuerpo = None, b"otro"
    assert faltas(mundo.verificar()) == [("fila-ilegible", "libro", "", 0), ("hueco", "libro", B, 5)]


def test_quitar_una_de_en_medio() -> None:
    for origen, posicion in TODAS:
        if posicion == POR_ORIGEN:
            continue
        mundo = sano()
        mundo.libro.remove(mundo.fila(origen, posicion))
        informe = mundo.verificar()
        (hueco,) = (f for f in informe.faltas if f.codigo is Codigo.HUECO)
        firmado = [f for f in informe.faltas if f is not hueco]
        # El libro queda además más corto de lo que se firmó y, si lo quitado no es lo último, con otra raíz.
        assert {f.codigo for f in firmado} <= {Codigo.TRUNCADO, Codigo.RAIZ_DISTINTA}
        assert {f.donde for f in firmado} == {Donde.PUNTO}
        assert (hueco.codigo, hueco.origen, hueco.posicion) == (Codigo.HUECO, origen, posicion)
        assert hueco.id_evento == id_evento(origen, posicion)


def test_quitar_varias_es_un_solo_tramo() -> None:
    mundo = sano()
    mundo.puntos.clear()
    for posicion in (3, 4, 5):
        mundo.libro.remove(mundo.fila(A, posicion))
    (falta,) = mundo.verificar().faltas
    assert (falta.codigo, falta.origen, falta.posicion) == (Codigo.HUECO, A, 3)
    assert "las posiciones 3 a 5" in falta.que


@pytest.mark.parametrize("quien", ["almacen", "cabecera", "ambos"])
def test_truncar_el_libro(quien: str) -> None:
    mundo = sano()
    mundo.puntos.clear()
    if quien == "almacen":
        mundo.cabeceras.clear()
    for posicion in (7, 8):
        mundo.libro.remove(mundo.fila(B, posicion))
    informe = mundo.verificar(con_almacenes=quien != "cabecera")
    assert faltas(informe) == [("truncado", "libro", B, 7)]
    assert "las posiciones 7 a 8" in informe.faltas[0].que
    assert informe.faltas[0].id_evento == (None if quien == "cabecera" else id_evento(B, 7))


def test_truncar_el_libro_y_todos_los_almacenes_lo_delata_el_punto() -> None:
    mundo = sano()
    mundo.cabeceras.clear()
    for origen in ORIGENES:
        mundo.almacenes[origen].pop()
        mundo.libro.remove(mundo.fila(origen, POR_ORIGEN))
    assert faltas(mundo.verificar()) == [("truncado", "punto", NOMBRE, 24)]


def test_un_origen_entero_que_nunca_llego() -> None:
    mundo = sano()
    mundo.puntos.clear()
    mundo.libro = [f for f in mundo.libro if f.origen != A]
    assert faltas(mundo.verificar()) == [("truncado", "libro", A, 1)]


def test_un_almacen_que_perdio_lo_suyo() -> None:
    mundo = sano()
    del mundo.almacenes[A][6:]
    informe = mundo.verificar()
    assert faltas(informe) == [("sobrante", "libro", A, 7)]
    assert informe.faltas[0].id_evento == id_evento(A, 7)
    mundo = sano()
    del mundo.almacenes[A][2]
    informe = mundo.verificar()
    assert faltas(informe) == [("hueco", "almacen", A, 3)]
    assert informe.faltas[0].id_evento == id_evento(A, 3)


@pytest.mark.parametrize("con_almacenes", [True, False])
def test_reordenar_dentro_de_un_origen(con_almacenes: bool) -> None:  # noqa: FBT001
    for posicion in range(1, POR_ORIGEN):
        mundo = sano()
        i, j = mundo.indice(A, posicion), mundo.indice(A, posicion + 1)
        mundo.libro[i], mundo.libro[j] = mundo.libro[j], mundo.libro[i]
        informe = mundo.verificar(con_almacenes=con_almacenes)
        assert faltas(informe, raiz=True) == [("orden", "libro", A, posicion)]
        assert id_evento(A, posicion) in {f.id_evento for f in informe.faltas}


def test_llevar_una_fila_al_final() -> None:
    mundo = sano()
    mundo.libro.append(mundo.libro.pop(mundo.indice(A, 2)))
    assert faltas(mundo.verificar(), raiz=True) == [("orden", "libro", A, 2)]


def test_reordenar_entre_origenes_solo_lo_delata_la_raiz() -> None:
    mundo = sano()
    mundo.libro[9], mundo.libro[10] = mundo.libro[10], mundo.libro[9]
    informe = mundo.verificar()
    assert faltas(informe, raiz=True) == []
    assert informe.faltas[0].posicion == 24
    assert informe.firmado_hasta == 8


def test_duplicar() -> None:
    for posicion in (1, 4, POR_ORIGEN):
        mundo = sano()
        mundo.puntos.clear()
        mundo.libro.insert(mundo.indice(A, posicion) + 1, mundo.fila(A, posicion).copia())
        assert faltas(mundo.verificar()) == [("repetido", "libro", A, posicion)]
    mundo = sano()
    mundo.almacenes[A].insert(4, mundo.almacenes[A][3].copia())
    assert faltas(mundo.verificar()) == [("repetido", "almacen", A, 4)]


def reescrita(mundo: Mundo, origen: str, posicion: int) -> None:
    """Cambia el contenido de una fila del libro y su hoja: sola se sostiene."""
    fila = mundo.fila(origen, posicion)
    fila.cuerpo = cuerpo_de(origen, posicion, "otra historia")
    fila.hoja = hoja(origen, posicion, fila.anterior, fila.cuerpo)  # type: ignore[arg-type]


def test_reescribir_una_fila_con_su_hoja() -> None:
    mundo = sano()
    reescrita(mundo, A, 4)
    assert faltas(mundo.verificar(), raiz=True) == [("contenido-distinto", "libro", A, 4)]
    assert faltas(mundo.verificar(con_almacenes=False), raiz=True) == [("cadena-rota", "libro", A, 5)]


def reescribir_desde(filas: list[FilaMutable], origen: str, posicion: int) -> None:
    """Cambia una fila y rehace la cadena hasta el final, como haría quien manda en la base."""
    cuerpos = [cuerpo_de(origen, posicion, "otra historia"), *(f.cuerpo for f in filas[posicion:])]
    previa = filas[posicion - 2].hoja if posicion > 1 else bytes(32)
    for fila, nueva in zip(filas[posicion - 1 :], cadena(origen, posicion, previa, cuerpos), strict=True):  # type: ignore[arg-type]
        fila.anterior, fila.cuerpo, fila.hoja = nueva.anterior, nueva.cuerpo, nueva.hoja


def test_reescribir_coherentemente_el_libro() -> None:
    for posicion in range(1, POR_ORIGEN + 1):
        mundo = sano()
        reescribir_desde([f for f in mundo.libro if f.origen == A], A, posicion)
        assert faltas(mundo.verificar(), raiz=True) == [
            ("contenido-distinto", "libro", A, posicion),
            ("cabecera-distinta", "cabecera", A, POR_ORIGEN),
        ]


def test_reescribir_coherentemente_el_almacen() -> None:
    mundo = sano()
    reescribir_desde(mundo.almacenes[A], A, 3)
    assert faltas(mundo.verificar()) == [("contenido-distinto", "libro", A, 3)]


def test_reescribirlo_todo_coherentemente_lo_delata_lo_que_otro_guardo() -> None:
    mundo = sano()
    reescribir_desde([f for f in mundo.libro if f.origen == A], A, 3)
    reescribir_desde(mundo.almacenes[A], A, 3)
    assert faltas(mundo.verificar(), raiz=True) == [("cabecera-distinta", "cabecera", A, POR_ORIGEN)]


def test_dos_alteraciones_son_dos_faltas() -> None:
    mundo = sano()
    mundo.fila(A, 2).cuerpo = b"x"
    mundo.fila(A, 6).hoja = b"y" * 32
    reescrita(mundo, B, 5)
    mundo.suya(B, 2).cuerpo = b"z"
    assert sorted(faltas(mundo.verificar(), raiz=True)) == [
        ("contenido-distinto", "libro", B, 5),
        ("cuerpo-alterado", "almacen", B, 2),
        ("cuerpo-alterado", "libro", A, 2),
        ("hoja-alterada", "libro", A, 6),
    ]


def test_una_fila_inventada_entre_dos() -> None:
    mundo = sano()
    mundo.puntos.clear()
    previa = mundo.fila(A, POR_ORIGEN)
    inventada = cadena(A, POR_ORIGEN + 1, previa.hoja, [cuerpo_de(A, 99)])  # type: ignore[arg-type]
    mundo.libro += inventada
    assert faltas(mundo.verificar()) == [("sobrante", "libro", A, POR_ORIGEN + 1)]


@pytest.mark.parametrize(
    ("estropear", "codigo"),
    [
        (lambda t: t.replace("\n24\n", "\n23\n"), Codigo.PUNTO_SIN_FIRMA),
        (lambda t: t.replace(NOMBRE, "otro.example/libro"), Codigo.PUNTO_SIN_FIRMA),
        (lambda _: "hola", Codigo.PUNTO_ILEGIBLE),
    ],
)
def test_un_punto_de_control_tocado(estropear: Callable[[str], str], codigo: Codigo) -> None:
    mundo = sano()
    mundo.puntos[-1] = estropear(mundo.puntos[-1])
    informe = mundo.verificar()
    assert [f.codigo for f in informe.faltas] == [codigo]
    assert informe.firmado_hasta == 8


def test_un_punto_de_otra_clave_o_de_otra_historia() -> None:
    mundo = sano()
    assert {f.codigo for f in mundo.verificar(vkeys=()).faltas} == {Codigo.PUNTO_SIN_FIRMA}
    mundo.puntos.insert(0, punto_de_control.firmar(NOMBRE, CLAVE, 12, b"\x09" * 32))
    informe = mundo.verificar()
    assert faltas(informe, raiz=True) == []
    assert informe.faltas[0].posicion == 12
    assert informe.firmado_hasta == 24


def test_una_cabecera_que_promete_otra_cosa() -> None:
    mundo = sano()
    mundo.cabeceras.append(Cabecera(A, 3, b"\x01" * 32))
    assert faltas(mundo.verificar()) == [("cabecera-distinta", "cabecera", A, 3)]


def test_las_faltas_que_no_caben_se_cuentan() -> None:
    mundo = sano()
    filas = ((f.origen, f.posicion, f.anterior, b"x", f.hoja) for f in mundo.libro)
    informe = verificar(filas, maximo_faltas=5)
    assert (len(informe.faltas), informe.omitidas, informe.correcto) == (5, 19, False)


def test_ninguna_falta_repite_contenido() -> None:
    mundo = sano()
    mundo.fila(A, 3).cuerpo = b'{"id": "MARIA", "nombre": "MARIA"}'
    mundo.almacenes[A] = []
    assert "MARIA" not in repr(mundo.verificar().faltas)


def test_lee_en_flujo() -> None:
    """Nunca pide una fila del almacén mucho antes que la del libro: no acumula."""
    leidas = {"libro": 0, "almacen": 0}
    filas = cadena(A, 1, bytes(32), [cuerpo_de(A, p) for p in range(1, 5001)])

    def libro() -> Iterator[tuple[object, ...]]:
        for f in filas:
            leidas["libro"] += 1
            yield f.origen, f.posicion, f.anterior, f.cuerpo, f.hoja

    def almacen() -> Iterator[tuple[object, ...]]:
        for f in filas:
            leidas["almacen"] += 1
            assert leidas["almacen"] - leidas["libro"] <= 1
            yield f.posicion, f.anterior, f.cuerpo, f.hoja

    assert verificar(libro(), {A: almacen()}).correcto


def test_el_verificador_solo_usa_la_biblioteca_estandar_y_cryptography() -> None:
    modulos = list(Path(str(senda_verificar.__file__)).parent.rglob("*.py"))
    assert len(modulos) > 5
    for modulo in modulos:
        for nodo in ast.walk(ast.parse(modulo.read_text())):
            nombres = [nodo.module or ""] if isinstance(nodo, ast.ImportFrom) else []
            nombres += [a.name for a in nodo.names] if isinstance(nodo, ast.Import) else []
            for nombre in nombres:
                raiz = nombre.partition(".")[0]
                assert raiz in {"senda_verificar", "cryptography"} or raiz in sys.stdlib_module_names


def test_donde_y_codigo_son_texto_estable() -> None:
    sitios = {"libro", "almacen", "cabecera", "punto", "testigo", "tesela", "solicitud", "recibo", "accesos", "prueba"}
    assert {str(d) for d in Donde} == sitios
    estables = {"hoja-alterada", "cuerpo-alterado", "anterior-alterado", "hueco", "orden", "truncado"}
    assert estables <= {str(c) for c in Codigo}
    assert VKEY.startswith(NOMBRE)
