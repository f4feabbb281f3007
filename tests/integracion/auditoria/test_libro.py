"""El libro en SQLite y PostgreSQL: crece por lotes, sella, y la base no deja cambiarlo."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from infra.almacen.solo_anexar import claves_de, solo_anexar
from infra.seguridad.cadena import CERO, encadenar
from senda_verificar import arbol
from senda_verificar.nota import escribir_vkey, verificar
from servicios.auditoria import libro
from servicios.auditoria.cabeceras import cabeceras
from servicios.auditoria.refrendos import refrendos
from tests.integracion.auditoria.escribir_libro import anotar, sellar

CLAVE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
NOMBRE = "senda.example/gt/libro"
AHORA = datetime(2026, 5, 3, 12, tzinfo=UTC)


class Entrada(NamedTuple):
    origen: str
    posicion: int
    anterior: bytes
    cuerpo: bytes
    hoja: bytes


def entradas(origen: str, cuerpos: list[bytes]) -> list[Entrada]:
    eslabones = encadenar(origen, 1, CERO, cuerpos)
    return [Entrada(origen, e.posicion, e.anterior, c, e.hoja) for e, c in zip(eslabones, cuerpos, strict=True)]


A = entradas("/gt/deteccion", [b'{"a":%d}' % i for i in range(20)])
B = entradas("/gt/justicia", [b"\xff\x00 no es JSON", b""])


def test_lo_migrado_es_lo_declarado_y_cada_clave_esta_protegida(abierto: Engine) -> None:
    inspeccion = sa.inspect(abierto)
    for tabla in (libro.libro, libro.frontera, libro.nodos, libro.puntos, cabeceras, refrendos):
        columnas = inspeccion.get_columns(tabla.name)
        assert [(c["name"], c["nullable"]) for c in columnas] == [(c.name, c.nullable) for c in tabla.columns]
        unicas = {tuple(u["column_names"]) for u in inspeccion.get_unique_constraints(tabla.name)}
        primaria = tuple(inspeccion.get_pk_constraint(tabla.name)["constrained_columns"])
        assert {primaria, *unicas} == set(claves_de(tabla))
    if abierto.dialect.name == "sqlite":
        with abierto.begin() as conexion:
            puestos = set(conexion.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")))
        for tabla in (libro.libro, libro.puntos, cabeceras, refrendos):
            esperados = solo_anexar(tabla.name, "sqlite", claves_de(tabla))
            assert {s.replace("IF NOT EXISTS ", "") for s in esperados} <= puestos


def test_vacio(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        assert anotar(conexion, []) == 0
        assert libro.raiz_y_tamano(conexion) == (arbol.RAIZ_VACIA, 0)
        assert sellar(conexion, NOMBRE, CLAVE, AHORA) is None


def test_crece_por_lotes_y_guarda_los_bytes_tal_cual(abierto: Engine) -> None:
    orden = [*A[:3], *B, *A[3:]]
    for desde, hasta in ((0, 4), (4, 5), (5, 22)):
        with abierto.begin() as conexion:
            assert anotar(conexion, orden[desde:hasta]) == hasta
        with abierto.begin() as conexion:
            assert libro.raiz_y_tamano(conexion) == (arbol.raiz(e.hoja for e in orden[:hasta]), hasta)
    with abierto.begin() as conexion:
        filas = conexion.execute(sa.select(libro.libro).order_by(libro.libro.c.indice)).all()
    assert [(f.indice, Entrada(f.origen, f.posicion, f.anterior, f.cuerpo, f.hoja)) for f in filas] == [
        *enumerate(orden)
    ]


def test_sella_solo_cuando_crecio(abierto: Engine) -> None:
    publica = escribir_vkey(NOMBRE, CLAVE.public_key())
    with abierto.begin() as conexion:
        anotar(conexion, A[:7])
        texto = sellar(conexion, NOMBRE, CLAVE, AHORA)
        assert texto is not None
        assert sellar(conexion, NOMBRE, CLAVE, AHORA) is None
        anotar(conexion, A[7:8])
        assert sellar(conexion, NOMBRE, CLAVE, AHORA) is not None
    punto = verificar(texto, publica)
    assert (punto.tamano, punto.raiz) == (7, arbol.raiz(e.hoja for e in A[:7]))
    with abierto.begin() as conexion:
        guardados = conexion.execute(sa.select(libro.puntos).order_by(libro.puntos.c.tamano)).all()
    assert [(p.tamano, p.instante) for p in guardados] == [(7, AHORA), (8, AHORA)]
    assert guardados[0].texto == texto


def test_lo_revertido_no_deja_rastro(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, A[:5])
    with abierto.connect() as conexion, conexion.begin() as transaccion:
        anotar(conexion, A[5:9])
        transaccion.rollback()
    with abierto.begin() as conexion:
        assert anotar(conexion, A[5:]) == len(A)
        assert libro.raiz_y_tamano(conexion)[0] == arbol.raiz(e.hoja for e in A)


def test_un_repetido_no_entra_y_no_mueve_nada(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, A[:5])
    with pytest.raises(IntegrityError), abierto.begin() as conexion:
        anotar(conexion, [A[5], A[4]])
    with abierto.begin() as conexion:
        assert libro.raiz_y_tamano(conexion) == (arbol.raiz(e.hoja for e in A[:5]), 5)


@pytest.mark.parametrize("mala", [A[1]._replace(cuerpo=b"otro"), A[1]._replace(hoja=b"\x00" * 32)])
def test_no_anota_lo_que_despues_no_podria_verificar(abierto: Engine, mala: Entrada) -> None:
    with pytest.raises(libro.EntradaIncoherente), abierto.begin() as conexion:
        anotar(conexion, [A[0], mala])
    with abierto.begin() as conexion:
        assert libro.raiz_y_tamano(conexion)[1] == 0


@pytest.mark.parametrize(
    "sentencia",
    [
        "UPDATE libro SET cuerpo = 'x' WHERE indice = 2",
        "UPDATE libro SET indice = 99 WHERE indice = 2",
        "DELETE FROM libro WHERE indice = 4",
        "UPDATE puntos SET texto = 'x'",
        "DELETE FROM puntos",
    ],
)
def test_la_base_no_deja_cambiarlo(abierto: Engine, sentencia: str) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, A[:5])
        sellar(conexion, NOMBRE, CLAVE, AHORA)
    with pytest.raises(IntegrityError), abierto.begin() as conexion:
        conexion.execute(sa.text(sentencia))


def test_la_frontera_se_rehace_desde_el_libro(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, A)
        esperado = libro.raiz_y_tamano(conexion)
        conexion.execute(sa.update(libro.frontera).values(tamano=3, nodos=b"x" * 64))
        assert libro.recontar(conexion) == len(A)
        assert libro.raiz_y_tamano(conexion) == esperado


def test_dos_que_anotan_a_la_vez_no_se_pisan(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, B[:1])

    def de_a_una(origen: str) -> None:
        for e in entradas(origen, [b"%d" % i for i in range(15)]):
            with abierto.begin() as conexion:
                anotar(conexion, [e])

    hilos = [threading.Thread(target=de_a_una, args=(o,)) for o in ("/gt/a", "/gt/b", "/gt/c")]
    for hilo in hilos:
        hilo.start()
    for hilo in hilos:
        hilo.join()
    with abierto.begin() as conexion:
        hojas = conexion.scalars(sa.select(libro.libro.c.hoja).order_by(libro.libro.c.indice)).all()
        assert libro.raiz_y_tamano(conexion) == (arbol.raiz(hojas), 46)
