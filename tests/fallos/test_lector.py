"""El banco puede fallar: cada salvaguarda del lector, ante una base (o unos acuses) estropeados a propósito."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.fallos.lector import LecturaReal, en_reposo, filas_de
from tests.fallos.plantilla import Estreno, Plantilla
from tests.fallos.servidores import Cluster
from tests.fallos.tanda import carpeta_nueva
from tests.servidores_propios import binario_postgres
from tests.simulacion.peticiones import SECRETOS
from tests.simulacion.plantilla import PROTOCOLO

pytestmark = pytest.mark.skipif(not binario_postgres("initdb"), reason="sin PostgreSQL instalado no hay clúster propio")


@dataclass
class Estropeado:
    """Un sistema en reposo, a punto de que alguien lo estropee."""

    estreno: Estreno
    conexion: psycopg.Connection[Any]
    acuses: list[tuple[str, bytes]]

    def leer(self) -> LecturaReal:
        enviados = [(usuario, c.servicio, c.cuerpo) for usuario, c in self.estreno.historia]
        return LecturaReal(
            enviados=enviados, acuses=self.acuses, avisos=[], protocolo=PROTOCOLO,
            ahora=datetime.now(UTC), secretos=SECRETOS, filas=partial(filas_de, self.conexion),
        )  # fmt: skip

    def soltar(self) -> None:
        self.conexion.close()
        self.estreno.soltar()

    def uno(self, consulta: str) -> Any:
        return self.conexion.execute(consulta).fetchone()

    def hacer(self, sentencia: str, *valores: object) -> None:
        assert self.conexion.execute(sentencia, valores).rowcount == 1

    def cambiar_acuse(self, cambios: dict[str, Any], *, otro: bool = False) -> None:
        """Cambia el primero que aceptó algo, o añade ``otro`` así."""
        indice = next(i for i, (_, c) in enumerate(self.acuses) if json.loads(c).get("eventos"))
        quien, cuerpo = self.acuses[indice]
        nuevo = (quien, json.dumps(json.loads(cuerpo) | cambios).encode())
        self.acuses[indice : indice + (not otro)] = [nuevo]


def efecto_doblado(s: Estropeado) -> None:
    """El último hecho que pidió alguien, otra vez y bien encadenado: solo el acuse sabe que sobra."""
    d = "senda_deteccion"
    posicion, anterior = s.uno(f"SELECT posicion, hoja FROM {d}.cabecera")
    tipo, cuerpo = s.uno(f"SELECT tipo, cuerpo FROM {d}.eventos ORDER BY posicion DESC LIMIT 1")
    cuerpo = json.dumps(json.loads(cuerpo) | {"id": str(uuid4())}).encode()
    entrada = f"/gt/deteccion\n{posicion + 1}\n{anterior.hex()}\n".encode() + cuerpo
    hoja = sha256(b"\0" + entrada).digest()
    s.hacer(
        f"INSERT INTO {d}.eventos (posicion, agregado, version, tipo, cuerpo, anterior, hoja)"
        " VALUES (%s, %s, 1, %s, %s, %s, %s)",
        posicion + 1, uuid4(), tipo, cuerpo, anterior, hoja,
    )  # fmt: skip


ULTIMO = "posicion = (SELECT max(posicion) FROM senda_{s}.eventos)"
PROTEGIDAS = ("senda_deteccion.eventos", "senda_auditoria.libro", "senda_deteccion.solicitudes")
C, D, A = "senda_coordinacion", "senda_deteccion", "senda_atencion"


def sql(sentencia: str) -> Callable[[Estropeado], None]:
    return lambda s: s.hacer(sentencia)


#: Qué se estropea, cómo, y qué ha de decir el lector.
DANOS: dict[str, tuple[Callable[[Estropeado], None], str]] = {
    "un efecto doblado": (efecto_doblado, "el acuse no dice lo que hay en el almacén"),
    "falta el último hecho": (sql(f"DELETE FROM {D}.eventos WHERE {ULTIMO.format(s='deteccion')}"), "libro: sobra"),
    "falta uno de en medio": (sql(f"DELETE FROM {D}.eventos WHERE posicion = 1"), "tras la posición 0"),
    "un hecho cambiado": (sql(f"UPDATE {D}.eventos SET cuerpo = cuerpo || ' ' WHERE posicion = 1"), "se rompe en 1"),
    "el libro no lo tiene": (
        sql("DELETE FROM senda_auditoria.libro WHERE indice = (SELECT max(indice) FROM senda_auditoria.libro)"),
        "libro: falta",
    ),
    "un rechazo con efecto": (lambda s: s.cambiar_acuse({"resultado": "rechazada", "eventos": []}), "nadie la aceptó"),
    "un acuse que promete lo que no hay": (lambda s: s.cambiar_acuse({"eventos": []}), "el acuse no dice lo que hay"),
    "sin acuse": (lambda s: s.acuses.clear(), "se quedó sin acuse"),
    "dos acuses distintos": (lambda s: s.cambiar_acuse({"posicion": 1}, otro=True), "acuses distintos"),
    "otro recibió otra cosa": (
        sql(f"UPDATE {A}.entrada SET cuerpo = cuerpo || ' ' WHERE origen = '/gt/deteccion' AND posicion = 1"),
        "atencion: no guarda de deteccion lo que deteccion contó",
    ),
    "otro recibió de menos": (
        sql(f"DELETE FROM {A}.entrada WHERE origen = '/gt/deteccion' AND posicion = 1"),
        "atencion: no guarda de deteccion lo que deteccion contó",
    ),
    "otro aplicó de menos": (
        sql(f"UPDATE {A}.avances SET aplicada = aplicada - 1 WHERE origen = '/gt/deteccion'"),
        "atencion: de /gt/deteccion",
    ),
    "en alto": (sql(f"UPDATE {A}.avances SET alto = 'x' WHERE origen = '/gt/deteccion'"), "en alto por /gt/deteccion"),
    "sin publicar": (
        sql(f"UPDATE {D}.marcas SET posicion = posicion - 1 WHERE destino = 'eventos'"), "dice haber publicado",
    ),
    "un apartado": (
        sql(f"INSERT INTO {A}.apartados VALUES ('/gt/deteccion', 1, 'x', 'y', now())"), "filas en apartados",
    ),
    "falta un encargo en las lecturas": (
        sql(
            f"DELETE FROM {C}.derivaciones WHERE derivacion ="
            f" (SELECT min(derivacion::text)::uuid FROM {C}.derivaciones)"
        ),
        "sus lecturas tienen",
    ),
    "falta una ruta en las lecturas": (
        sql(f"DELETE FROM {C}.estado_rutas WHERE ruta = (SELECT min(ruta::text)::uuid FROM {C}.estado_rutas)"),
        "no tienen las rutas que se abrieron",
    ),
    "un acuse guardado que no es el mandado": (
        sql(
            f"UPDATE {D}.solicitudes SET acuse = acuse || ' ' WHERE huella ="
            f" (SELECT min(huella) FROM {D}.solicitudes WHERE resultado = 'aceptada')"
        ),
        "el acuse guardado no es",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def plantilla() -> Iterator[Plantilla]:
    carpeta = carpeta_nueva()
    cluster = Cluster.arrancar(carpeta / "base")
    try:
        yield Plantilla.preparar(carpeta / "plantilla", cluster)
    finally:
        cluster.apagar()
        shutil.rmtree(carpeta, ignore_errors=True)


_estrenos = count(1)


def estrenar(plantilla: Plantilla) -> Estropeado:
    nombre = f"danos_{next(_estrenos)}"
    estreno = plantilla.estrenar(plantilla.carpeta / nombre, nombre, "amqp://", "", 1)
    conexion = plantilla.cluster.conectar(nombre)
    for tabla in PROTEGIDAS:  # quien estropea lo puede todo
        conexion.execute(f"ALTER TABLE {tabla} DISABLE TRIGGER USER")
    return Estropeado(estreno, conexion, list(plantilla.acuses))


@pytest.mark.timeout(600)
def test_cada_dano_se_nota_y_lo_sano_no(plantilla: Plantilla):
    """En una sola prueba: el clúster es uno, y repartirla entre trabajadores lo arrancaría varias veces."""
    sano = estrenar(plantilla)
    assert en_reposo(sano.conexion)[0] == ""
    assert sano.leer().faltas() == []
    sano.soltar()
    callados = []
    for nombre, (estropear, dice) in DANOS.items():
        suyo = estrenar(plantilla)
        estropear(suyo)
        faltas = suyo.leer().faltas()
        suyo.soltar()
        if not any(dice in falta for falta in faltas):
            callados.append((nombre, dice, faltas[:3]))
    assert not callados


@pytest.mark.timeout(600)
def test_lo_que_aun_se_mueve_no_esta_en_reposo_y_las_cuentas_cuentan(plantilla: Plantilla):
    for sentencia in (
        f"UPDATE {D}.marcas SET posicion = posicion - 1 WHERE destino = 'eventos'",
        f"UPDATE {A}.avances SET aplicada = aplicada - 1 WHERE origen = '/gt/deteccion'",
        "DELETE FROM senda_auditoria.libro WHERE indice = 0",
        f"INSERT INTO {A}.apartados VALUES ('/gt/deteccion', 1, 'x', 'y', now())",
    ):
        suyo = estrenar(plantilla)
        suyo.hacer(sentencia)
        assert en_reposo(suyo.conexion)[0]
        suyo.soltar()
    doblado, perdido = estrenar(plantilla), estrenar(plantilla)
    assert (doblado.leer().doblados(), doblado.leer().perdidos()) == (0, 0)
    efecto_doblado(doblado)
    assert doblado.leer().doblados() == 1
    perdido.hacer(f"DELETE FROM {D}.eventos WHERE {ULTIMO.format(s='deteccion')}")
    assert perdido.leer().perdidos() == 1
    perdido.acuses.clear()
    assert perdido.leer().perdidos() > 1
    for suyo in (doblado, perdido):
        suyo.soltar()
