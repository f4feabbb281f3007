"""Continuar el libro restaurado hasta el punto que se prometió: las mismas entradas, en el mismo orden, la misma raíz.

El orden entre orígenes no está en ningún almacén: sale de las hojas de una exportación, aunque sea solo la pública. Los
bytes, de sus entradas si las trae o de las bases de los orígenes, que los guardan. Nada se confirma si la raíz no es
la firmada.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import avances, entrada, eventos
from infra.almacen.insertar import Altas, insertar_si_falta
from infra.almacen.motor import leyendo
from infra.seguridad.cadena import hoja as hoja_de
from senda.auditoria.verificacion import vkey_del_libro
from senda.restauracion.bases import Bases
from senda.restauracion.constancias import reponer_accesos, reponer_cabeceras
from senda.restauracion.puntos import leer_punto
from senda_verificar import nota
from senda_verificar.archivos import lineas
from senda_verificar.nota import PuntoDeControl
from senda_verificar.teselas import (
    ANCHO,
    ArchivoAusente,
    ArchivoIlegible,
    hashes,
    hay_entradas,
    leer_paquete,
    leer_tesela,
    partir,
)
from servicios.auditoria.arbol import raiz_de
from servicios.auditoria.exportacion import PUNTO, PUNTOS
from servicios.auditoria.lecturas import indizar
from servicios.auditoria.libro import crecer, libro, puntos, raiz_y_tamano
from servicios.auditoria.refrendos import anotar_refrendo
from servicios.auditoria.teselas import TeselasDelLibro

_LARGO_FIRMA: Final = 64


class LibroAjeno(Exception):
    """Lo exportado no lo firmó este libro, o cuenta otra historia: no se repuso nada."""

    def __str__(self) -> str:
        return (
            "ese libro exportado no es la continuación de este: no se repuso nada. Guárdalo y avisa a quien supervisa"
        )


class FaltanHechos(Exception):
    """Hay hojas de las que ni la exportación ni ninguna base guarda los bytes: no se repuso nada."""

    def __init__(self, cuantos: int) -> None:
        super().__init__(cuantos)
        self.cuantos = cuantos

    def __str__(self) -> str:
        return (
            f"de {self.cuantos} entradas solo se conoce el hash: no se repuso nada. Trae una exportación con entradas "
            "(--con-entradas), o recupera antes los orígenes"
        )


class _Entrada(NamedTuple):
    origen: str
    posicion: int
    anterior: bytes
    cuerpo: bytes
    hoja: bytes


def continuar(bases: Bases, exportado: Path, ahora: datetime) -> int:
    """Añade al libro lo que le falta hasta el punto de ``exportado``; devuelve cuántas entradas. Todo o nada.

    También repone los puntos intermedios, los refrendos del último, las cabeceras y el registro de lecturas, si los
    trae. ``ahora`` en UTC. Errores: `LibroAjeno`, `FaltanHechos`, `PuntoIlegible`, `ArchivoAusente`,
    `ArchivoIlegible`; los de la base.
    """
    punto = leer_punto(exportado / PUNTO)
    clave = nota.leer_vkey(vkey_del_libro(bases.despliegue))
    _exigir_firma(punto, clave)
    with bases.del_libro.begin() as conexion:
        raiz, tenia = raiz_y_tamano(conexion)
        if punto.tamano <= tenia and raiz_de(TeselasDelLibro(conexion), punto.tamano) != punto.raiz:
            raise LibroAjeno
        if punto.tamano > tenia:
            firmados = _firmados(exportado, clave, tenia, punto.tamano)
            if punto.tamano not in firmados:
                raise LibroAjeno
            entradas = _entradas(bases, exportado, tenia, punto.tamano)
            desde = tenia
            for tamano in sorted(firmados):
                if tamano > desde:
                    _anadir(conexion, entradas[desde - tenia : tamano - tenia], desde, ahora)
                    raiz, desde = raiz_y_tamano(conexion)
                if raiz != firmados[tamano].raiz:
                    raise LibroAjeno
                _guardar_punto(conexion, firmados[tamano], ahora)
        _refrendos(conexion, punto, clave, ahora)
        reponer_cabeceras(conexion, exportado, bases.despliegue.claves_de_origen)
        if not reponer_accesos(conexion, exportado, punto):
            raise LibroAjeno
    return max(0, punto.tamano - tenia)


def _exigir_firma(punto: PuntoDeControl, clave: nota.Vkey) -> None:
    try:
        nota.exigir_firma(punto, clave)
    except nota.PuntoInvalido:
        raise LibroAjeno from None


def _firmados(exportado: Path, clave: nota.Vkey, tras: int, hasta: int) -> dict[int, PuntoDeControl]:
    """Los puntos que faltan, por tamaño. El último que se tiene puede ir por detrás del libro: también los de antes."""
    firmados = {}
    for linea in lineas(exportado / PUNTOS):
        try:
            punto = nota.leer(msgspec.json.decode(linea, type=str))
        except (ValueError, msgspec.MsgspecError):
            raise LibroAjeno from None
        if tras < punto.tamano <= hasta:
            _exigir_firma(punto, clave)
            firmados[punto.tamano] = punto
    return firmados


def _guardar_punto(conexion: Connection, punto: PuntoDeControl, ahora: datetime) -> None:
    (firma,) = punto.firmas
    texto = f"{punto.firmado.decode()}\n{nota.escribir_firma(*firma)}"
    instante = nota.instante_de(punto) or ahora
    insertar_si_falta(conexion, puntos, [{"tamano": punto.tamano, "texto": texto, "instante": instante}])


def _refrendos(conexion: Connection, punto: PuntoDeControl, clave: nota.Vkey, ahora: datetime) -> None:
    """Los del punto entregado. Solo valen comprobados con la clave de cada testigo, y eso lo hace quien verifica."""
    for firma in punto.firmas:
        if (firma.nombre, firma.huella) != (clave.nombre, clave.huella) and len(firma.firma) > _LARGO_FIRMA:
            testigo = f"{firma.nombre}+{firma.huella.hex()}"
            anotar_refrendo(conexion, punto.tamano, testigo, nota.escribir_firma(*firma), ahora)


def _entradas(bases: Bases, exportado: Path, desde: int, hasta: int) -> list[_Entrada]:
    """Las que faltan, en su orden y con su hoja comprobada."""
    hojas = list(_hojas(exportado, desde, hasta))
    if hay_entradas(exportado):
        conocidas: Mapping[bytes, _Entrada] = {e.hoja: e for e in _de_paquetes(exportado, desde, hasta)}
    else:
        conocidas = {e.hoja: e for e in _de_las_bases(bases)}
    faltan = sum(hoja not in conocidas for hoja in hojas)
    if faltan:
        raise FaltanHechos(faltan)
    return [conocidas[hoja] for hoja in hojas]


def _hojas(exportado: Path, desde: int, hasta: int) -> Iterator[bytes]:
    for indice in range(desde // ANCHO, -(-hasta // ANCHO)):
        ancho = min(ANCHO, hasta - indice * ANCHO)
        tesela = hashes(leer_tesela(exportado, 0, indice, ancho))
        yield from tesela[max(0, desde - indice * ANCHO) :]


def _de_paquetes(exportado: Path, desde: int, hasta: int) -> Iterator[_Entrada]:
    for indice in range(desde // ANCHO, -(-hasta // ANCHO)):
        for leida in map(partir, leer_paquete(exportado, indice, min(ANCHO, hasta - indice * ANCHO))):
            if leida is None:
                raise LibroAjeno
            yield _Entrada(*leida, hoja_de(*leida))


def _de_las_bases(bases: Bases) -> Iterator[_Entrada]:
    """Lo que cada origen tiene y el libro no, con la hoja que le toca a sus bytes."""
    for servicio, motor in bases.motores.items():
        origen = bases.despliegue.origenes[servicio]
        with leyendo(bases.del_libro) as conexion:
            van = conexion.scalar(sa.select(sa.func.max(libro.c.posicion)).where(libro.c.origen == origen)) or 0
        consulta = sa.select(eventos.c.posicion, eventos.c.anterior, eventos.c.cuerpo).where(eventos.c.posicion > van)
        with leyendo(motor) as conexion:
            for f in conexion.execute(consulta):
                hoja = hoja_de(origen, f.posicion, f.anterior, f.cuerpo)
                yield _Entrada(origen, f.posicion, f.anterior, f.cuerpo, hoja)


def _anadir(conexion: Connection, entradas: Sequence[_Entrada], desde: int, ahora: datetime) -> None:
    """Al libro, y a lo que auditoría da por recibido y anotado: si llegan otra vez son repetidas."""
    altas = Altas(conexion)
    crecer(altas, entradas)
    indizar(altas, desde, [e.cuerpo for e in entradas])
    altas.anadir(entrada, [{**e._asdict(), "recibido": ahora} for e in entradas], si_falta=True)
    altas.escribir()
    ultimas = {e.origen: e for e in entradas}
    for origen, e in ultimas.items():
        adelante = sa.update(avances).where(avances.c.origen == origen, avances.c.aplicada < e.posicion)
        conexion.execute(adelante.values(aplicada=e.posicion, hoja=e.hoja))


__all__ = ["ArchivoAusente", "ArchivoIlegible", "FaltanHechos", "LibroAjeno", "continuar"]
