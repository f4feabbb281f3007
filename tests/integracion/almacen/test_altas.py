"""Las altas: lo que nace en varias tablas y lo que se mueve con ello, junto o nada; en PostgreSQL, de un viaje."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import cabecera, eventos, marcas, salida
from infra.almacen.insertar import Altas
from tests.integracion.almacen.relatos import AUTORIA, LECTURAS, deteccion
from tests.integracion.pilas import INICIO, Pila

MOVER = sa.update(cabecera).values(posicion=sa.bindparam("hasta"))


@pytest.fixture
def almacen(pila: Pila) -> Almacen:
    return pila.almacen("deteccion", LECTURAS)


def por_salir(clave: str) -> dict[str, Any]:
    return {"intercambio": "acuses", "clave": clave, "tipo": "acuse", "id": clave, "cuerpo": b"\x00\xff",
            "creado": INICIO, "proximo": INICIO}  # fmt: skip


def marca(destino: str, posicion: int = 0) -> dict[str, Any]:
    return {"destino": destino, "posicion": posicion}


def escrito(conexion: Connection) -> tuple[list[tuple[str, int]], list[str], int]:
    destinos = conexion.execute(sa.select(marcas.c.destino, marcas.c.posicion).order_by(marcas.c.destino)).all()
    claves = conexion.scalars(sa.select(salida.c.clave).order_by(salida.c.clave)).all()
    return [(d, p) for d, p in destinos], list(claves), conexion.scalar(sa.select(cabecera.c.posicion)) or 0


def test_varias_tablas_y_lo_que_se_mueve_quedan_escritos(almacen: Almacen):
    with almacen.motor.begin() as conexion:
        altas = Altas(conexion)
        altas.anadir(salida, [por_salir("una"), por_salir("otra")])
        altas.anadir(marcas, [marca("eventos")])
        altas.mover(MOVER, {"hasta": 7})
        altas.escribir()
        assert escrito(conexion) == ([("eventos", 0)], ["otra", "una"], 7)
        # Los valores que la tabla pone por su cuenta, también.
        assert conexion.scalars(sa.select(salida.c.intentos)).all() == [0, 0]


def test_lo_que_se_va_se_va_con_lo_que_nace_y_lo_que_se_mueve(almacen: Almacen):
    with almacen.motor.begin() as conexion:
        altas = Altas(conexion)
        altas.anadir(salida, [por_salir(clave) for clave in ("a", "b", "c", "d")])
        altas.escribir()
        numeros = {fila.clave: fila.numero for fila in conexion.execute(sa.select(salida))}
        altas.quitar(salida.c.numero, [numeros["a"], numeros["c"]])
        altas.quitar(salida.c.numero, [numeros["d"]])
        altas.quitar(salida.c.numero, [])
        altas.anadir(marcas, [marca("eventos")])
        altas.mover(MOVER, {"hasta": 7})
        altas.escribir()
        assert escrito(conexion) == ([("eventos", 0)], ["b"], 7)
        altas.quitar(salida.c.numero, [numeros["b"]])
        assert escrito(altas.conexion)[1] == []


def test_la_que_ya_esta_queda_como_estaba_si_se_pide_asi_y_si_no_falla(almacen: Almacen):
    with almacen.motor.begin() as conexion:
        altas = Altas(conexion)
        altas.anadir(marcas, [marca("eventos", 3)])
        altas.escribir()
        altas.agregar(marcas, **marca("eventos", 9))
        altas.anadir(marcas, [marca("eventos", 9), marca("otro", 1)], si_falta=True)
        altas.escribir()
        assert escrito(conexion)[0] == [("eventos", 3), ("otro", 1)]
    with almacen.motor.connect() as conexion:
        altas = Altas(conexion)
        altas.anadir(salida, [por_salir("una")])
        altas.anadir(marcas, [marca("eventos", 9)])
        with pytest.raises(sa.exc.IntegrityError):
            altas.escribir()
    with almacen.motor.connect() as conexion:
        assert escrito(conexion) == ([("eventos", 3), ("otro", 1)], [], 0)


def test_pedir_la_conexion_escribe_antes_y_una_sola_vez(almacen: Almacen):
    with almacen.motor.begin() as conexion:
        altas = Altas(conexion)
        altas.anadir(salida, [por_salir("una")])
        assert escrito(altas.conexion)[1] == ["una"]
        assert escrito(altas.conexion)[1] == ["una"]


@pytest.mark.real
@pytest.mark.parametrize("cambio", [{"posicion": None}, {"de_mas": 1}], ids=["falta", "sobra"])
def test_todas_las_filas_llevan_las_columnas_de_la_primera(pila_real: Pila, cambio: dict[str, Any]):
    """En PostgreSQL van por columnas: lo que a una le falta o le sobra no ha de perderse ni rellenarse."""
    otra = marca("otro") | cambio
    if otra["posicion"] is None:
        del otra["posicion"]
    with pila_real.almacen("deteccion", LECTURAS).motor.connect() as conexion:
        altas = Altas(conexion)
        altas.anadir(marcas, [marca("eventos"), otra])
        with pytest.raises(ValueError, match="columnas distintas"):
            altas.escribir()


def test_una_tanda_ve_lo_suyo_aunque_aun_no_lo_haya_escrito(almacen: Almacen):
    ruta = uuid4()
    contados: list[UUID] = []
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta)], AUTORIA)
        tanda.altas.anadir(marcas, [marca("eventos", 5)])
        assert [f.posicion for f in tanda.leer(sa.select(marcas.c.posicion))] == [5]
        # A quien se cuenta lo propio al volcar, también.
        tanda.al_volcar(
            lambda _, suya: contados.extend(f.agregado for f in suya.leer_lo_escrito(sa.select(eventos.c.agregado)))
        )
    assert contados == [ruta]


@pytest.mark.real
def test_lo_de_una_tanda_es_una_sola_sentencia(pila_real: Pila):
    almacen = pila_real.almacen("deteccion", LECTURAS)
    ordenes: list[str] = []
    sa.event.listen(almacen.motor, "before_cursor_execute", lambda *a: ordenes.append(a[2]))
    ruta = uuid4()
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta)], AUTORIA)
        tanda.altas.anadir(marcas, [marca("eventos", 5)])
        tanda.enviar(intercambio="acuses", clave="GT-PGN", tipo="acuse", cuerpo=b"acuse")
    # Lo respondido, el hecho, su lectura y lo que sale por el bus.
    assert [orden.count("INSERT INTO") for orden in ordenes if "INSERT" in orden] == [4]
