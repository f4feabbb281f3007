"""Lo que el libro guarda para probar sin recorrerlo: nodos del árbol, puntos encadenados, cabeceras y refrendos."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import dumps
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from infra.almacen.insertar import Altas
from infra.almacen.migrar import _MIGRACIONES, instalar
from infra.mensajeria.puertos import HechoCrudo, Latido
from infra.seguridad.cadena import CERO, encadenar
from senda_verificar import arbol as juez
from senda_verificar.nota import leer
from servicios.auditoria import arbol, libro
from servicios.auditoria.cabeceras import cabeceras, conservar, en_flujo
from servicios.auditoria.contexto import CONTEXTO
from servicios.auditoria.lecturas import indizar, sujetos
from servicios.auditoria.punto_de_control import Accesos
from servicios.auditoria.refrendos import anotar_refrendo, punto_refrendado, refrendos, ultimo_refrendado
from servicios.auditoria.teselas import TeselasDelLibro
from tests.integracion.auditoria.escribir_libro import anotar, sellar

CLAVE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
NOMBRE = "senda.example/gt/libro"
AHORA = datetime(2026, 5, 3, 12, tzinfo=UTC)
SEGUNDO = timedelta(seconds=1)
ORIGEN = "/gt/justicia"


def hechos(cuantos: int) -> list[HechoCrudo]:
    cuerpos = [b"%d" % i for i in range(cuantos)]
    eslabones = encadenar(ORIGEN, 1, CERO, cuerpos)
    return [HechoCrudo(ORIGEN, e.posicion, e.anterior, e.hoja, c) for e, c in zip(eslabones, cuerpos, strict=True)]


HECHOS = hechos(700)
HOJAS = [h.hoja for h in HECHOS]


def crecer(conexion: Connection, hasta: int, lote: int = 100) -> None:
    for desde in range(0, hasta, lote):
        anotar(conexion, HECHOS[desde : min(desde + lote, hasta)])


@pytest.mark.parametrize("lote", [1, 100, 700])
def test_las_pruebas_salen_de_lo_guardado(abierto: Engine, lote: int) -> None:
    with abierto.begin() as conexion:
        crecer(conexion, 700, lote)
        teselas = TeselasDelLibro(conexion)
        assert arbol.raiz_de(teselas, 700) == libro.raiz_y_tamano(conexion)[0] == juez.raiz(HOJAS)
        for indice, tamano in ((0, 1), (255, 256), (256, 257), (511, 700), (699, 700), (3, 512)):
            prueba = arbol.prueba_inclusion(teselas, indice, tamano)
            assert juez.verificar_inclusion(HOJAS[indice], indice, tamano, prueba, juez.raiz(HOJAS[:tamano]))
        for menor, mayor in ((1, 700), (256, 700), (255, 257), (512, 513)):
            prueba = arbol.prueba_consistencia(teselas, menor, mayor)
            raices = juez.raiz(HOJAS[:menor]), juez.raiz(HOJAS[:mayor])
            assert juez.verificar_consistencia(menor, raices[0], mayor, raices[1], prueba)


def test_los_nodos_se_rehacen_desde_el_libro(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        crecer(conexion, 700)
        esperados = conexion.execute(sa.select(libro.nodos).order_by(libro.nodos.c.indice)).all()
        assert len(esperados) == 2
        conexion.execute(sa.update(libro.nodos).values(hash=b"x" * 32))
        libro.recontar(conexion)
        assert conexion.execute(sa.select(libro.nodos).order_by(libro.nodos.c.indice)).all() == esperados


def test_un_libro_de_antes_gana_sus_nodos_al_migrar(motor: Engine) -> None:
    ajustes = Config()
    ajustes.set_main_option("script_location", str(_MIGRACIONES))
    ajustes.set_main_option("path_separator", "newline")
    carpetas = (_MIGRACIONES / "versions", *CONTEXTO.migraciones)
    ajustes.set_main_option("version_locations", "\n".join(map(str, carpetas)))
    with motor.begin() as conexion:
        ajustes.attributes["connection"] = conexion
        command.upgrade(ajustes, "a01")
        filas = [
            {"indice": i, "origen": h.origen, "posicion": h.posicion, "anterior": h.anterior, "cuerpo": h.cuerpo,
             "hoja": h.hoja}
            for i, h in enumerate(HECHOS)
        ]  # fmt: skip
        conexion.execute(sa.insert(libro.libro), filas)
        frontera = arbol.Frontera.de(HOJAS)
        conexion.execute(sa.insert(libro.frontera).values(id=1, tamano=frontera.tamano, nodos=frontera.serializada()))
        command.upgrade(ajustes, "heads")
        assert arbol.raiz_de(TeselasDelLibro(conexion), 700) == juez.raiz(HOJAS)
        prueba = arbol.prueba_inclusion(TeselasDelLibro(conexion), 5, 700)
        assert juez.verificar_inclusion(HOJAS[5], 5, 700, prueba, juez.raiz(HOJAS))


def test_cada_punto_lleva_el_hash_del_anterior_y_los_accesos(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, HECHOS[:3])
        uno = sellar(conexion, NOMBRE, CLAVE, AHORA, Accesos(0, bytes(32)))
        anotar(conexion, HECHOS[3:9])
        otro = sellar(conexion, NOMBRE, CLAVE, AHORA + SEGUNDO, Accesos(2, b"\x05" * 32))
    assert uno is not None
    assert otro is not None
    assert leer(uno).extensiones == {
        "instante": "2026-05-03T12:00:00.000000Z",
        "anterior": b64encode(bytes(32)).decode(),
        "accesos": f"0 {b64encode(bytes(32)).decode()}",
    }
    assert leer(otro).extensiones == {
        "instante": "2026-05-03T12:00:01.000000Z",
        "anterior": b64encode(sha256(leer(uno).firmado).digest()).decode(),
        "accesos": "2 " + b64encode(b"\x05" * 32).decode(),
    }


def test_los_puntos_no_retroceden_aunque_los_relojes_de_dos_replicas_no_casen(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        anotar(conexion, HECHOS[:3])
        sellar(conexion, NOMBRE, CLAVE, AHORA)
        anotar(conexion, HECHOS[3:9])
        otro = sellar(conexion, NOMBRE, CLAVE, AHORA - SEGUNDO)
    assert otro is not None
    assert leer(otro).extensiones["instante"] == "2026-05-03T12:00:00.000000Z"


def test_un_sujeto_que_la_base_no_guarda_no_para_el_libro(motor: Engine) -> None:
    instalar(motor, CONTEXTO.instalacion)
    claves = dict.fromkeys(("source", "dataschema", "agente", "institucion", "causaid", "correlacionid"), "x")
    fechas = dict.fromkeys(("time", "registrado"), "2026-05-03T12:00:00Z")
    ids = dict.fromkeys(("id", "agregado"), str(UUID(int=1)))
    sobre = {"specversion": "1.0", "type": "t", "subject": "a\u0000b", "data": {}, "version": 1}
    sobre |= claves | fechas | ids
    with motor.begin() as conexion:
        altas = Altas(conexion)
        indizar(altas, 0, [dumps(sobre).encode(), dumps(sobre | {"subject": "ruta"}).encode()])
        altas.escribir()
        assert conexion.scalars(sa.select(sujetos.c.indice)).all() == [1]


def latido(posicion: int, cuando: int, hoja: bytes = b"\x07" * 32) -> Latido:
    instante = AHORA + cuando * SEGUNDO
    return Latido(ORIGEN, posicion, hoja, instante, b"%d-%d" % (posicion, cuando))


def test_se_conserva_una_cabecera_por_posicion_y_hoja(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        for uno in (latido(3, 0), latido(3, 15), latido(3, 15), latido(8, 30), latido(3, 0)):
            assert conservar(conexion, uno) is None
        assert [f.cuerpo for f in en_flujo(conexion)] == [b"3-0", b"8-30"]
        # Otra hoja para la misma posición es la prueba de que se contradijo.
        assert conservar(conexion, latido(8, 45, b"\x08" * 32)) is None
        assert [f.cuerpo for f in en_flujo(conexion)] == [b"3-0", b"8-30", b"8-45"]


def test_un_origen_que_dice_llegar_menos_lejos_se_contradice(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        conservar(conexion, latido(8, 0))
        assert conservar(conexion, latido(3, -5)) is None  # uno viejo que llega tarde no es un retroceso
        contradiccion = conservar(conexion, latido(3, 10))
        assert contradiccion is not None
        crudo, conocida = contradiccion
        assert (crudo.origen, crudo.posicion, crudo.hoja, conocida) == (ORIGEN, 8, CERO, b"\x07" * 32)
        assert conservar(conexion, latido(3, 25)) is not None
        # La prueba queda, y repetirla no la multiplica.
        assert [f.cuerpo for f in en_flujo(conexion)] == [b"3--5", b"3-10", b"8-0"]


def test_el_punto_lleva_las_lineas_de_sus_testigos(abierto: Engine) -> None:
    with abierto.begin() as conexion:
        assert punto_refrendado(conexion) is None
        crecer(conexion, 5)
        texto = sellar(conexion, NOMBRE, CLAVE, AHORA)
        assert punto_refrendado(conexion) == texto
        for quien in ("b", "a", "b"):
            anotar_refrendo(conexion, 5, quien, f"— {quien} x\n", AHORA)
        assert punto_refrendado(conexion) == f"{texto}— a x\n— b x\n"
        assert (ultimo_refrendado(conexion, "a"), ultimo_refrendado(conexion, "otro")) == (5, 0)
        anotar(conexion, HECHOS[5:6])
        nuevo = sellar(conexion, NOMBRE, CLAVE, AHORA)
        assert punto_refrendado(conexion) == nuevo
        assert punto_refrendado(conexion, 5) == f"{texto}— a x\n— b x\n"
        assert punto_refrendado(conexion, 4) is None


@pytest.mark.parametrize("tabla", [cabeceras, refrendos])
def test_la_base_no_deja_cambiar_lo_prometido(abierto: Engine, tabla: sa.Table) -> None:
    with abierto.begin() as conexion:
        conservar(conexion, latido(3, 0))
        anotar_refrendo(conexion, 5, "a", "— a x\n", AHORA)
    for sentencia in (sa.delete(tabla), sa.update(tabla).values(instante=AHORA)):
        with pytest.raises(IntegrityError), abierto.begin() as conexion:
            conexion.execute(sentencia)
