"""Lo que un órgano de control y una institución guardaron antes: claves, puntos refrendados y recibos."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import sqlalchemy as sa

from eventos.sobre import abrir_sobre
from infra.almacen.esquema import solicitudes
from infra.almacen.motor import leyendo
from infra.azar import Azar
from infra.reloj import RelojReal
from senda import testigo as testigos
from senda.auditoria.exportacion import claves_publicas
from senda.auditoria.refrendo import anotar, juzgar, preparar
from senda.auditoria.verificacion import vkey_del_libro
from senda.consulta import base_abierta
from senda.despliegue import Despliegue, leer
from servicios.auditoria.libro import libro, puntos
from servicios.auditoria.refrendos import punto_refrendado
from servicios.testigo.testigo import Testigo

TESTIGO: Final = "procuraduria.example/testigo"
_TESTIGO: Final = "testigo"
_INSTITUCION: Final = "institucion"
DETECTADA: Final = "senda.deteccion.presunta-victima-detectada.v1"


@dataclass(frozen=True)
class Guardado:
    """Archivos que el operador no puede tocar. ``institucion``: de quién son los recibos.

    ``claves``: solo las del libro y los orígenes. ``con_rectora`` fija además la de la rectora; ``con_testigo`` exige
    además su refrendo. ``puntos``: uno de en medio y el último, refrendados. ``testigo``: carpeta de quien refrenda.
    """

    institucion: str
    claves: Path
    con_rectora: Path
    con_testigo: Path
    puntos: tuple[Path, ...]
    recibos: Path
    testigo: Path

    @classmethod
    def en(cls, carpeta: Path) -> Self:
        """Lo que `guardar` dejó en una carpeta."""
        return cls(
            (carpeta / _INSTITUCION).read_text(encoding="utf-8"),
            claves=carpeta / "claves",
            con_rectora=carpeta / "claves-con-rectora",
            con_testigo=carpeta / "claves-con-testigo",
            puntos=(carpeta / "punto-0", carpeta / "punto-1"),
            recibos=carpeta / "recibos.jsonl",
            testigo=carpeta / _TESTIGO,
        )


def guardar(carpeta: Path, destino: Path, azar: Azar) -> Guardado:
    """Un testigo refrenda dos puntos del despliegue de ``carpeta``; en ``destino``, lo que hará falta después."""
    despliegue = leer(carpeta)
    destino.mkdir()
    institucion = _quien_detecta(despliegue)
    vkey = testigos.instalar(destino / _TESTIGO, TESTIGO, vkey_del_libro(despliegue), RelojReal(), azar)
    with testigos.abierto(destino / _TESTIGO, RelojReal()) as testigo:
        textos = _refrendar(despliegue, testigo)
    sueltas = [linea for linea in claves_publicas(carpeta).splitlines() if not linea.startswith("institucion ")]
    politica = [f"witness procuraduria {vkey}", "quorum procuraduria"]
    for nombre, texto in {
        _INSTITUCION: institucion,
        "claves": "\n".join([*sueltas, ""]),
        "claves-con-rectora": claves_publicas(carpeta),
        "claves-con-testigo": "\n".join([*sueltas, *politica, ""]),
        "recibos.jsonl": "".join(_recibos(despliegue, institucion)),
        **{f"punto-{i}": texto for i, texto in enumerate(textos)},
    }.items():
        (destino / nombre).write_text(texto, encoding="utf-8")
    return Guardado.en(destino)


def _refrendar(despliegue: Despliegue, testigo: Testigo) -> list[str]:
    """El punto de en medio y el último, con su refrendo."""
    with base_abierta(despliegue.bases["auditoria"]) as motor, motor.begin() as conexion:
        tamanos = list(conexion.scalars(sa.select(puntos.c.tamano).order_by(puntos.c.tamano)))
        desde, textos = 0, []
        for tamano in (tamanos[len(tamanos) // 2], tamanos[-1]):
            peticion = preparar(conexion, desde, tamano)
            refrendo = juzgar(peticion, testigo.refrendar(peticion.cuerpo), testigo.vkey)
            anotar(conexion, refrendo, testigo.reloj.ahora())
            textos.append(punto_refrendado(conexion, tamano) or "")
            desde = tamano
        return textos


def _quien_detecta(despliegue: Despliegue) -> str:
    """La institución de la primera persona detectada."""
    with base_abierta(despliegue.bases["auditoria"]) as motor, leyendo(motor) as conexion:
        for cuerpo in conexion.scalars(sa.select(libro.c.cuerpo).order_by(libro.c.indice)):
            sobre = abrir_sobre(cuerpo)
            if sobre.type == DETECTADA:
                return sobre.institucion
    raise LookupError("la demostración no detectó a nadie")


def _recibos(despliegue: Despliegue, institucion: str) -> list[str]:
    """Los acuses que esa institución recibió en su día, de todos los servicios."""
    consulta = sa.select(solicitudes.c.acuse, solicitudes.c.firma_acuse).where(
        solicitudes.c.institucion == institucion, solicitudes.c.resultado == "aceptada"
    )
    recibos = []
    for nombre in despliegue.origenes:
        with base_abierta(despliegue.bases[nombre]) as motor, leyendo(motor) as conexion:
            for fila in conexion.execute(consulta):
                recibo = {"acuse": b64encode(fila.acuse).decode(), "firma_acuse": fila.firma_acuse}
                recibos.append(json.dumps(recibo) + "\n")
    return recibos


__all__ = ["DETECTADA", "TESTIGO", "Guardado", "guardar"]
