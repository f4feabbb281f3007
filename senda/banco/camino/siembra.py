"""Sembrar un despliegue del banco con hechos de verdad ya contados: encadenados, en el libro y con su árbol.

Por COPY, sin pasar por los servicios. De lo que una solicitud deja además (lo firmado y su acuse) se repite uno: ocupa
lo mismo y nadie lo lee.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine

from eventos.deteccion import AlertaRecibida
from eventos.listas import CanalAlerta
from eventos.sobre import Anotado, codificar
from eventos.tipos import Urgencia
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.seguridad.cadena import CERO, Eslabon, encadenar
from senda.banco.camino.plano import ORIGEN, Plano
from senda.cliente import Compuesta
from servicios.auditoria.arbol import Frontera

_TRAMO: Final = 20_000
_EVENTOS: Final = {"posicion": "int8", "agregado": "uuid", "version": "int4", "tipo": "text", "cuerpo": "bytea",
                   "anterior": "bytea", "hoja": "bytea"}  # fmt: skip
_SOLICITUDES: Final = {"institucion": "text", "id": "text", "huella": "text", "cuerpo": "bytea", "firma": "text",
                       "resultado": "text", "acuse": "bytea", "firma_acuse": "text",
                       "atendida": "timestamptz"}  # fmt: skip
_PARTICIPACIONES: Final = {"ruta": "uuid", "institucion": "text", "via": "text"}
_ENTRADA: Final = {"origen": "text", "posicion": "int8", "anterior": "bytea", "hoja": "bytea", "cuerpo": "bytea",
                   "recibido": "timestamptz"}  # fmt: skip
_LIBRO: Final = {"indice": "int8", "origen": "text", "posicion": "int8", "anterior": "bytea", "cuerpo": "bytea",
                 "hoja": "bytea"}  # fmt: skip
_SUJETOS: Final = {"sujeto": "text", "indice": "int8"}
_NODOS: Final = {"nivel": "int4", "indice": "int8", "hash": "bytea"}


def sembrar(plano: Plano, hechos: int, muestra: Compuesta) -> None:
    """``hechos`` más en unas tablas vacías, con sus servicios parados. ``muestra``: una solicitud de las del banco."""
    deteccion, auditoria = (abrir_motor(plano.base, plano.esquema(n)) for n in ("deteccion", "auditoria"))
    arbol, anterior, posicion = Frontera(), CERO, 0
    for anotados in _tramos(hechos, plano.institucion):
        cuerpos = [codificar(a, None) for a in anotados]
        eslabones = encadenar(ORIGEN, posicion + 1, anterior, cuerpos)
        _en_deteccion(deteccion, anotados, cuerpos, eslabones, muestra)
        nodos = arbol.agregar([e.hoja for e in eslabones])
        _en_el_libro(auditoria, anotados, cuerpos, eslabones, nodos)
        posicion, anterior = eslabones[-1].posicion, eslabones[-1].hoja
    _poner_al_dia(deteccion, "UPDATE cabecera SET posicion = :p, hoja = :h", p=posicion, h=anterior)
    _poner_al_dia(deteccion, "UPDATE marcas SET posicion = :p WHERE destino = 'eventos'", p=posicion)
    _poner_al_dia(
        auditoria,
        "INSERT INTO avances (origen, aplicada, hoja, anunciada, pedidos) VALUES (:o, :p, :h, 0, 0) "
        "ON CONFLICT (origen) DO UPDATE SET aplicada = :p, hoja = :h",
        o=ORIGEN, p=posicion, h=anterior,
    )  # fmt: skip
    _poner_al_dia(
        auditoria, "INSERT INTO frontera (id, tamano, nodos) VALUES (1, :t, :n)", t=arbol.tamano, n=arbol.serializada()
    )  # fmt: skip
    for motor in (deteccion, auditoria):
        with motor.connect().execution_options(isolation_level="AUTOCOMMIT") as conexion:
            conexion.execute(sa.text("VACUUM ANALYZE"))
        motor.dispose()


def _tramos(hechos: int, institucion: str) -> Iterator[list[Anotado]]:
    azar, ahora = AzarReal(), datetime.now(UTC)
    for desde in range(0, hechos, _TRAMO):
        yield [
            _anotado(azar.uuid4(), azar.uuid7(ahora), institucion, ahora) for _ in range(min(_TRAMO, hechos - desde))
        ]


def _anotado(ruta: UUID, id_hecho: UUID, institucion: str, ahora: datetime) -> Anotado:
    huella = id_hecho.hex * 2
    return Anotado(
        id=id_hecho, origen=ORIGEN, institucion=institucion, agente="ag-0123abcd", ocurrido=ahora, registrado=ahora,
        hecho=AlertaRecibida(ruta=ruta, canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA), causa=huella,
        correlacion=huella, agregado=ruta, version=1, solicitud=huella,
    )  # fmt: skip


def _en_deteccion(
    motor: Engine, anotados: Sequence[Anotado], cuerpos: Sequence[bytes], eslabones: Sequence[Eslabon],
    muestra: Compuesta,
) -> None:  # fmt: skip
    _copiar(
        motor, "eventos", _EVENTOS,
        ((e.posicion, a.agregado, 1, a.hecho.tipo, c, e.anterior, e.hoja)
         for a, c, e in zip(anotados, cuerpos, eslabones, strict=True)),
    )  # fmt: skip
    _copiar(
        motor, "solicitudes", _SOLICITUDES,
        ((a.institucion, str(a.id), a.solicitud, muestra.cuerpo, muestra.firma, "aceptada", c, muestra.firma,
          a.registrado) for a, c in zip(anotados, cuerpos, strict=True)),
    )  # fmt: skip
    _copiar(motor, "participaciones", _PARTICIPACIONES, ((a.agregado, a.institucion, "deteccion") for a in anotados))


def _en_el_libro(
    motor: Engine, anotados: Sequence[Anotado], cuerpos: Sequence[bytes], eslabones: Sequence[Eslabon],
    nodos: Sequence[Any],
) -> None:  # fmt: skip
    _copiar(
        motor, "entrada", _ENTRADA,
        ((ORIGEN, e.posicion, e.anterior, e.hoja, c, a.registrado)
         for a, c, e in zip(anotados, cuerpos, eslabones, strict=True)),
    )  # fmt: skip
    _copiar(
        motor, "libro", _LIBRO,
        ((e.posicion - 1, ORIGEN, e.posicion, e.anterior, c, e.hoja)
         for c, e in zip(cuerpos, eslabones, strict=True)),
    )  # fmt: skip
    _copiar(
        motor, "sujetos", _SUJETOS,
        ((str(a.agregado), e.posicion - 1) for a, e in zip(anotados, eslabones, strict=True)),
    )  # fmt: skip
    _copiar(motor, "nodos", _NODOS, (tuple(nodo) for nodo in nodos))


def _copiar(motor: Engine, tabla: str, columnas: dict[str, str], filas: Iterator[tuple[Any, ...]]) -> None:
    with closing(motor.raw_connection()) as cruda:
        cursor: Any = cruda.cursor()
        with cursor.copy(f"COPY {tabla} ({', '.join(columnas)}) FROM STDIN (FORMAT BINARY)") as copia:
            copia.set_types(list(columnas.values()))
            for fila in filas:
                copia.write_row(fila)
        cruda.commit()


def _poner_al_dia(motor: Engine, orden: str, **valores: Any) -> None:
    with motor.begin() as conexion:
        conexion.execute(sa.text(orden), valores)


__all__ = ["sembrar"]
