"""Si el libro de ahora cumple lo que prometió en un punto de control que otro guardó."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from senda.auditoria.verificacion import vkey_del_libro
from senda.despliegue import Despliegue
from senda.restauracion.hallazgos import Codigo, Hallazgo, PuntoComprobado
from senda_verificar import nota
from senda_verificar.nota import PuntoDeControl
from servicios.auditoria.accesos import accesos
from servicios.auditoria.arbol import raiz_de
from servicios.auditoria.libro import raiz_y_tamano
from servicios.auditoria.teselas import TeselasDelLibro


class PuntoIlegible(Exception):
    """El archivo no es un punto de control."""

    def __init__(self, archivo: Path) -> None:
        super().__init__(archivo)
        self.archivo = archivo

    def __str__(self) -> str:
        return f"{self.archivo} no es un punto de control: ha de ser el archivo «checkpoint» de una exportación"


def comprobar_puntos(
    conexion: Connection, despliegue: Despliegue, archivos: Iterable[Path]
) -> tuple[list[PuntoComprobado], list[Hallazgo]]:
    """Cada punto frente al libro de ``conexion``. Errores: `PuntoIlegible`; los de la base."""
    clave = nota.leer_vkey(vkey_del_libro(despliegue))
    comprobados, hallazgos = [], []
    for archivo in archivos:
        punto = leer_punto(archivo)
        hallados = list(_contra(conexion, clave, punto, archivo.name))
        refrendos = tuple(f.nombre for f in punto.firmas if f.nombre != clave.nombre)
        comprobados.append(
            PuntoComprobado(archivo=archivo.name, tamano=punto.tamano, refrendos=refrendos, continua=not hallados)
        )
        hallazgos += hallados
    return comprobados, hallazgos


def leer_punto(archivo: Path) -> PuntoDeControl:
    """Errores: `PuntoIlegible`."""
    try:
        return nota.leer(archivo.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # `PuntoInvalido` y los de UTF-8 son ValueError
        raise PuntoIlegible(archivo) from None


def _contra(conexion: Connection, clave: nota.Vkey, punto: PuntoDeControl, donde: str) -> Iterator[Hallazgo]:
    try:
        nota.exigir_firma(punto, clave)
    except nota.PuntoInvalido:
        yield Hallazgo(codigo=Codigo.PUNTO_AJENO, donde=donde, que="no lleva la firma de este libro")
        return
    _, tamano = raiz_y_tamano(conexion)
    if punto.tamano > tamano:
        faltan = punto.tamano - tamano
        que = f"prometió {punto.tamano} entradas y tiene {tamano}"
        yield Hallazgo(codigo=Codigo.LIBRO_CORTO, donde=donde, que=que, faltan=faltan)
    elif raiz_de(TeselasDelLibro(conexion), punto.tamano) != punto.raiz:
        que = f"sus {punto.tamano} primeras entradas no dan la raíz prometida"
        yield Hallazgo(codigo=Codigo.LIBRO_BIFURCADO, donde=donde, que=que)
    yield from _accesos(conexion, punto, donde)


def _accesos(conexion: Connection, punto: PuntoDeControl, donde: str) -> Iterator[Hallazgo]:
    contados = nota.accesos_de(punto)
    if contados is None or not contados[0]:
        return
    numero, hoja = contados
    suya = conexion.scalar(sa.select(accesos.c.hoja).where(accesos.c.numero == numero))
    if suya is None:
        tiene = conexion.scalar(sa.select(sa.func.max(accesos.c.numero))) or 0
        que = f"prometió {numero} lecturas anotadas y constan {tiene}"
        yield Hallazgo(codigo=Codigo.ACCESOS_CORTOS, donde=donde, que=que, faltan=numero - tiene)
    elif suya != hoja:
        yield Hallazgo(codigo=Codigo.ACCESOS_DISTINTOS, donde=donde, que=f"la lectura {numero} no es la prometida")


__all__ = ["PuntoIlegible", "comprobar_puntos", "leer_punto"]
