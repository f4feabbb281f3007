"""Constancia de actos: una tabla a la que solo se añade, encadenada por hash, que se escribe antes de entregar nada.

La usan la bóveda y el registro único, cada uno en su base. Va fuera del libro, como los accesos de auditoría: si cada
lectura fuera un hecho, leer crearía más que leer. Ningún campo admite texto libre ni huellas de identidad.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, Table, Text, Uuid

from infra.almacen.esquema import Entero, Instante
from infra.almacen.solo_anexar import claves_de, solo_anexar

_CERO = bytes(32)


class Acto(NamedTuple):
    """Quién hizo qué y sobre quién. ``acto`` y ``detalle`` son códigos de lista; ``instante``, en UTC."""

    ruta: UUID
    institucion: str
    agente: str
    acto: str
    detalle: str
    instante: datetime


class Asiento(NamedTuple):
    """Un acto con su número (desde 1)."""

    numero: int
    acto: Acto


class Constancia:
    """Las constancias de una base, en la tabla ``nombre`` de ``metadatos``."""

    def __init__(self, nombre: str, metadatos: MetaData) -> None:
        self.tabla = Table(
            nombre,
            metadatos,
            Column("numero", Entero, primary_key=True, autoincrement=False),
            Column("ruta", Uuid, nullable=False, index=True),
            Column("institucion", Text, nullable=False),
            Column("agente", Text, nullable=False),
            Column("acto", Text, nullable=False),
            Column("detalle", Text, nullable=False),
            Column("instante", Instante, nullable=False),
            Column("hoja", LargeBinary(32), nullable=False),
        )

    def proteger(self, motor: Engine) -> None:
        """Pone los disparadores que impiden tocar lo anotado. Repetirlo da lo mismo."""
        with motor.begin() as conexion:
            for sentencia in solo_anexar(self.tabla.name, motor.dialect.name, claves_de(self.tabla)):
                conexion.execute(sa.text(sentencia))

    def anotar(self, conexion: Connection, acto: Acto) -> int:
        """Anota un acto y devuelve su número. Quien llama tiene el turno de escritura de esa base."""
        columnas = self.tabla.c
        ultimo = conexion.execute(
            sa.select(columnas.numero, columnas.hoja).order_by(columnas.numero.desc()).limit(1)
        ).first()
        numero, anterior = (int(ultimo.numero) + 1, bytes(ultimo.hoja)) if ultimo else (1, _CERO)
        hoja = _hoja(anterior, numero, acto)
        conexion.execute(sa.insert(self.tabla).values(numero=numero, hoja=hoja, **acto._asdict()))
        return numero

    def leer(self, conexion: Connection, ruta: UUID | None = None) -> list[Asiento]:
        """Lo anotado, en orden; de una ruta o de todas."""
        consulta = sa.select(self.tabla).order_by(self.tabla.c.numero)
        if ruta is not None:
            consulta = consulta.where(self.tabla.c.ruta == ruta)
        return [Asiento(int(f.numero), _acto(f)) for f in conexion.execute(consulta)]

    def comprobar(self, conexion: Connection) -> int | None:
        """El número del primer acto cuya cadena no casa, o None si casa entera. Un recorte del final no se nota."""
        anterior, esperado = _CERO, 1
        for fila in conexion.execute(sa.select(self.tabla).order_by(self.tabla.c.numero)):
            if fila.numero != esperado or fila.hoja != _hoja(anterior, esperado, _acto(fila)):
                return esperado
            anterior, esperado = fila.hoja, esperado + 1
        return None


def _acto(fila: sa.Row[tuple[object, ...]]) -> Acto:
    return Acto(*(getattr(fila, campo) for campo in Acto._fields))


def _hoja(anterior: bytes, numero: int, acto: Acto) -> bytes:
    campos = (anterior.hex(), str(numero), str(acto.ruta), *acto[1:5], acto.instante.astimezone(UTC).isoformat())
    return sha256("\n".join(campos).encode()).digest()


__all__ = ["Acto", "Asiento", "Constancia"]
